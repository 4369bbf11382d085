package query

// Limits bounds what a query may ask. A field that is zero has its default.
type Limits struct {
	QueryBytes    int // of the raw query; default 65,536
	FilterNodes   int // comparisons and connectives together; default 200
	Depth         int // of connectives within each other; default 10
	InValues      int // in one list or array literal; default 1,000
	OrderTerms    int // default 16
	SelectColumns int // default 200
	MaxLimit      int // of limit=, rows of a page; a larger one is cut to it, as PostgREST does; default 1,000

	Embeds     int // relations embedded in a request; default 20
	EmbedDepth int // embeds within each other; default 5
	EmbedRows  int // rows of one embedded list, asked for or not; default MaxLimit
}

// WithDefaults returns l with every zero replaced by its default.
func (l Limits) WithDefaults() Limits {
	for _, limit := range []struct {
		field    *int
		standard int
	}{
		{&l.QueryBytes, 64 << 10},
		{&l.FilterNodes, 200},
		{&l.Depth, 10},
		{&l.InValues, 1000},
		{&l.OrderTerms, 16},
		{&l.SelectColumns, 200},
		{&l.MaxLimit, 1000},
		{&l.Embeds, 20},
		{&l.EmbedDepth, 5},
	} {
		if *limit.field == 0 {
			*limit.field = limit.standard
		}
	}
	if l.EmbedRows == 0 {
		l.EmbedRows = l.MaxLimit
	}
	return l
}
