package query_test

import (
	"testing"

	"github.com/larderhq/larder/internal/query"
)

// TestParseWhatClientsSend reads queries as @supabase/postgrest-js 2.109.0 and
// ra-data-postgrest 2.5.1 put them on the wire.
func TestParseWhatClientsSend(t *testing.T) {
	tests := []struct{ call, query, want string }{
		{"order and range", "select=id%2Cname&order=name.desc.nullsfirst&offset=0&limit=3", "everything"},
		{"in", "select=name&name=in.%28Hoth%2C%22a%2Cb%22%2Cc%22d%2C%22e%28f%29%22%29", `name in string:Hoth string:a,b string:c"d string:e(f)`},
		{"contains", "select=*&terrains=cs.%7Bdesert%2Crock+arches%7D", "terrains cs string:desert string:rock arches"},
		{"overlaps", "select=name&terrains=ov.%7Barid%2Cfrozen%7D", "terrains ov string:arid string:frozen"},
		{
			"or", "or=%28name.eq.Hoth%2Cand%28population.gt.1000%2Cnot.population.is.null%29%29",
			"or(name eq string:Hoth, and(population gt int64:1000, not population is string:null))",
		},
		{
			"or with lists", "or=%28name.in.%28%22Hoth%22%2C%22x%2Cy%22%29%2Cterrains.cs.%7Bvolcanoes%7D%29",
			"or(name in string:Hoth string:x,y, terrains cs string:volcanoes)",
		},
		{"not", "select=name&population=not.is.null", "not population is string:null"},
		{"like and ilike", "name=like.T%25&name=ilike.%25oo%25", "and(name like string:T%, name ilike string:%oo%)"},
		{"likeAnyOf", "name=like%28any%29.%7BHo%25%2CAl%25%7D", "name like(any) string:Ho% string:Al%"},
		{"match", "select=title%3Aname&name=eq.Hoth&population=eq.5&inhabited=is.true", "and(name eq string:Hoth, population eq int64:5, inhabited is string:true)"},
		{"isDistinct", "select=name&population=isdistinct.0", "population isdistinct int64:0"},
		{"insert", "columns=%22name%22%2C%22terrains%22%2C%22population%22", "everything"},
		{"upsert", "on_conflict=name&select=id%2Cname", "everything"},
		{"neq with what a URL reserves", "population=gt.0&name=neq.x+y%26z%3D1%2B2%25", "and(population gt int64:0, name neq string:x y&z=1+2%)"},
		{"a search for two words in react-admin", "offset=0&limit=10&order=id.asc&name%5B0%5D=ilike.*foo*&name%5B1%5D=ilike.*bar*", "and(name ilike string:%foo%, name ilike string:%bar%)"},
	}
	planet := planet(t)
	for _, test := range tests {
		t.Run(test.call, func(t *testing.T) {
			request, err := query.Parse(planet, 1, test.query, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := shown(request.Read.Filter); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.query, got, test.want)
			}
		})
	}
}
