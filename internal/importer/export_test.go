package importer

// MergeLists is mergeLists, for the tests beside the package.
var MergeLists = mergeLists

// KindNames are the names of the kinds of rows in a plan.
func KindNames() (names []string) {
	for _, k := range (&TypeReport{}).kinds() {
		names = append(names, k.name)
	}
	return names
}
