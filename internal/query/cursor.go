package query

// EncodeCursor turns the keyset position of a row (see Read.After) into the
// text of _after or _before. It is opaque to clients, names the order that it
// belongs to and keeps every value exactly. [Parse] reads it back.
func EncodeCursor(read Read, position []any) string { return "" }

// WithCursor returns the raw query with parameter ("_after" or "_before") set
// to cursor, everything else as it came and in its order, but for what a
// cursor replaces: offset, _after and _before.
func WithCursor(rawQuery, parameter, cursor string) string { return "" }
