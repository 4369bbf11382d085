package importer

// MergeLists is mergeLists, for the tests beside the package.
var MergeLists = mergeLists
