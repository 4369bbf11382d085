package query_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/query"
)

func TestParseFilters(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"no parameter asks for everything", "", "everything"},
		{"empty parameters do not count", "&&", "everything"},
		{"a value is of its field's type", "population=gte.1000000", "population gte int64:1000000"},
		{"a text is taken to its end", `name=eq.a,(b).c"d`, `name eq string:a,(b).c"d`},
		{"quotes outside of lists are part of the text", `name=eq."x"`, `name eq string:"x"`},
		{"an empty text is a text", "name=eq.", "name eq string:"},
		{"plus is a space and %2B a plus", "name=eq.a+b%2Bc", "name eq string:a b+c"},
		{"the text null is a text", "name=eq.null", "name eq string:null"},
		{"not negates", "name=not.eq.x", "not name eq string:x"},
		{"the name not is not the operator", "name=eq.not.x", "name eq string:not.x"},
		{"repeats are joined by and", "population=gt.1&population=lt.9", "and(population gt int64:1, population lt int64:9)"},
		{"a numbered name is a repeat", "name[0]=ilike.*a*&name[1]=ilike.*b*", "and(name ilike string:%a%, name ilike string:%b%)"},
		{"a numbered name may be escaped", "name%5B0%5D=eq.a", "name eq string:a"},
		{"a name may be quoted", `%22name%22=eq.a`, "name eq string:a"},
		{"floats", "diameter=lt.1.5e3", "diameter lt float64:1500"},
		{"booleans", "inhabited=eq.true", "inhabited eq bool:true"},
		{"words of an enum", "class=in.(M,K)", "class in string:M string:K"},
		{"a foreign key is an id", "starId=eq.7", "starId eq int64:7"},
		{"the id", "id=in.(1,2)", "id in int64:1 int64:2"},
		{"stars in a pattern are percent signs", "name=like.*a_b%25*", "name like string:%a_b%%"},
		{"an escaped backslash ends a pattern", `name=like.a\\`, `name like string:a\\`},
		{"alternatives of a pattern", "name=ilike(any).{*a*,b}", "name ilike(any) string:%a% string:b"},
		{"all of several bounds", "population=gt(all).{1,2}", "population gt(all) int64:1 int64:2"},
		{"any of none", "population=eq(any).{}", "population eq(any)"},
		{"a list", "name=in.(a,b c,)", "name in string:a string:b c string:"},
		{"a list with spaces around", "name=in.(+a+)+", "name in string:a "},
		{"a list of nothing", "name=in.()", "name in"},
		{"a list of an empty text", `name=in.("")`, "name in string:"},
		{"quoted elements", `name=in.("a,b","c)","d\"e","f\\g")`, `name in string:a,b string:c) string:d"e string:f\g`},
		{"a quote inside of an element is a character", `name=in.(c"d,"x"y)`, `name in string:c"d string:"x"y`},
		{"null", "population=is.null", "population is string:null"},
		{"not null, either way", "population=not.is.null&population=is.not_null", "and(not population is string:null, population is string:not_null)"},
		{"words of is in any case", "inhabited=is.TRUE", "inhabited is string:true"},
		{"unknown is for booleans", "inhabited=is.unknown", "inhabited is string:unknown"},
		{"distinct from", "population=isdistinct.5", "population isdistinct int64:5"},
		{"a list contains", "terrains=cs.{desert,jungle}", "terrains cs string:desert string:jungle"},
		{"a list contains nothing in particular", "terrains=cs.{}", "terrains cs"},
		{"a list is contained", `terrains=cd.{"a,b",c+d}`, "terrains cd string:a,b string:c d"},
		{"lists overlap", "moons=ov.{1,2}", "moons ov int64:1 int64:2"},
		{"an array may have spaces", "moons=ov.{+1+,+2+}", "moons ov int64:1 int64:2"},
		{"escapes in an array", `terrains=cs.{a\,b,"c\"d",\null}`, `terrains cs string:a,b string:c"d string:null`},
		{"an empty text in an array is quoted", `terrains=cs.{""}`, "terrains cs string:"},
		{"a whole list", "terrains=eq.{a,b}", "terrains eq string:a string:b"},
		{"a list can be null", "terrains=is.null", "terrains is string:null"},
		{
			"a tree", "or=(name.eq.a,and(population.gt.2,not.population.is.null))",
			"or(name eq string:a, and(population gt int64:2, not population is string:null))",
		},
		{"negated trees", "not.or=(name.eq.a,not.and(name.eq.b))", "not or(name eq string:a, not and(name eq string:b))"},
		{"not.and", "not.and=(name.eq.a)", "not and(name eq string:a)"},
		{"spaces around delimiters", "or=(+name.eq.a,+and+(id.eq.1+,+id.eq.2)+)", "or(name eq string:a, and(id eq int64:1, id eq int64:2))"},
		{"quotes in a tree hold delimiters", `and=(name.eq."a,b)",name.neq."c\"d")`, `and(name eq string:a,b), name neq string:c"d)`},
		{"a quote inside of a value in a tree is a character", `or=(name.eq.c"d,name.eq."x"y)`, `or(name eq string:c"d, name eq string:"x"y)`},
		{"lists in a tree", `or=(name.in.(a,"b,c"),id.in.())`, "or(name in string:a string:b,c, id in)"},
		{"arrays in a tree", `or=(terrains.cs.{a,"}"},terrains.ov."{b,c}")`, "or(terrains cs string:a string:}, terrains ov string:b string:c)"},
		{"alternatives in a tree", "or=(name.like(all).{a*,*b})", "or(name like(all) string:a% string:%b)"},
		{"a negated comparison in a tree", "or=(name.not.eq.a)", "or(not name eq string:a)"},
		{"a field with a parameter's name is reached in a tree", "and=(limit.gt.3)", "and(limit gt int64:3)"},
		{"what looks like SQL is a text", "name=eq.'; DROP TABLE planet; --", "name eq string:'; DROP TABLE planet; --"},
		{"a semicolon separates nothing", "name=eq.a;id=eq.1", "name eq string:a;id=eq.1"},
		{"several parameters keep their order", "id=gt.1&or=(id.eq.1)&name=eq.a", "and(id gt int64:1, or(id eq int64:1), name eq string:a)"},
	}
	planet := planet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := query.Parse(planet, 1, test.query, query.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", test.query, err)
			}
			if got := shown(request.Read.Filter); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.query, got, test.want)
			}
		})
	}
}

func TestParseValuesThatHaveSeveralForms(t *testing.T) {
	planet := planet(t)
	for _, pair := range [][2]string{
		{"gravity=eq.1.5", "gravity=eq.1.500"},
		{"seen=eq.2026-11-23T17:00:00Z", "seen=eq.2026-11-23T18:00:00%2B01:00"},
		{"day=eq.PT90M", "day=eq.PT1H30M"},
		{"code=eq.0193574E-0000-7000-8000-00000000000A", "code=eq.0193574e-0000-7000-8000-00000000000a"},
		{"population=eq.7", "population[3]=eq.7"},
	} {
		var filters [2]string
		for i, text := range pair {
			request, err := query.Parse(planet, 1, text, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			filters[i] = shown(request.Read.Filter)
		}
		if filters[0] != filters[1] {
			t.Errorf("%s is %s, but %s is %s", pair[0], filters[0], pair[1], filters[1])
		}
	}
}

func TestParseTheRestOfARequest(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"nothing asked", "", "columns all; order; limit -1 offset 0"},
		{"every column", "select=*", "columns all; order; limit -1 offset 0"},
		{"an empty select is every column", "select=", "columns all; order; limit -1 offset 0"},
		{"columns and aliases", "select=id,title:name", "columns id=id title=name; order; limit -1 offset 0"},
		{"spaces between columns", "select=id+,+title+:name", "columns id=id title=name; order; limit -1 offset 0"},
		{"the same column twice is one", "select=id,name,id", "columns id=id name=name; order; limit -1 offset 0"},
		{"quoted names", `select="a b":"name"`, "columns a b=name; order; limit -1 offset 0"},
		{"an order", "order=name", "columns all; order name asc last; limit -1 offset 0"},
		{"descending puts nulls first", "order=population.desc", "columns all; order population desc first; limit -1 offset 0"},
		{"nulls where they are asked", "order=population.desc.nullslast,name.nullsfirst,id.asc.nullsfirst", "columns all; order population desc last name asc first id asc first; limit -1 offset 0"},
		{"a field orders once", "order=name,name.desc", "columns all; order name asc last; limit -1 offset 0"},
		{"an empty order is none", "order=", "columns all; order; limit -1 offset 0"},
		{"a page", "limit=20&offset=40", "columns all; order; limit 20 offset 40"},
		{"a page of nothing", "limit=0", "columns all; order; limit 0 offset 0"},
		{"columns of a write", `columns="name","population"`, "columns all; order; limit -1 offset 0; writes name population"},
		{"an upsert", "on_conflict=name", "columns all; order; limit -1 offset 0; conflict name"},
		{"everything is meant", "_all=true", "columns all; order; limit -1 offset 0; all"},
		{"everything is not meant", "_all=false", "columns all; order; limit -1 offset 0"},
		{"a version", "version=2", "columns all; order; limit -1 offset 0"},
	}
	planet := planet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := query.Parse(planet, 1, test.query, query.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := shownRequest(request); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.query, got, test.want)
			}
		})
	}
}

// shownRequest writes all of a request but its filter.
func shownRequest(request query.Request) string {
	var text strings.Builder
	text.WriteString("columns")
	if request.Read.Columns == nil {
		text.WriteString(" all")
	}
	for _, column := range request.Read.Columns {
		fmt.Fprintf(&text, " %s=%s", column.Name, column.Field.JSONName())
	}
	text.WriteString("; order")
	for _, term := range request.Read.Order {
		direction, nulls := "asc", "last"
		if term.Descending {
			direction = "desc"
		}
		if term.NullsFirst {
			nulls = "first"
		}
		fmt.Fprintf(&text, " %s %s %s", term.Field.JSONName(), direction, nulls)
	}
	fmt.Fprintf(&text, "; limit %d offset %d", request.Read.Limit, request.Read.Offset)
	for i, field := range request.Columns {
		if i == 0 {
			text.WriteString("; writes")
		}
		text.WriteString(" " + field.JSONName())
	}
	for _, field := range request.OnConflict {
		text.WriteString("; conflict " + field.JSONName())
	}
	if request.All {
		text.WriteString("; all")
	}
	return text.String()
}

func TestParseSeesWhatTheVersionServes(t *testing.T) {
	planet := planet(t)
	if _, err := query.Parse(planet, 2, "albedo=gt.0.3", query.Limits{}); err != nil {
		t.Errorf("version 2 has albedo, but: %v", err)
	}
	request, err := query.Parse(planet, 1, "select=*,title:name", query.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	names := shownRequest(request)
	if !strings.Contains(names, "title=name") || strings.Contains(names, "albedo") || strings.Contains(names, "secret") {
		t.Errorf("* in version 1 selected %s", names)
	}
}

func TestParseRefusesWithAReason(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct{ name, query, code, says string }{
		{"a misspelt attribute", "naem=eq.x", query.CodeUnknownColumn, `Planet has no attribute "naem"`},
		{"an attribute with a letter missing", "populaton=eq.1", query.CodeUnknownColumn, `Planet has no attribute "populaton" (did you mean "population"?)`},
		{"an attribute in snake case", "star_id=eq.1", query.CodeUnknownColumn, `did you mean "starId"?`},
		{"a misspelt parameter", "ofset=3", query.CodeUnknownColumn, `did you mean "offset"?`},
		{"a parameter of larder's that is none", "_aftr=x", query.CodeUnknownColumn, `did you mean "_after"?`},
		{"a hidden field", "secret=eq.x", query.CodeUnknownColumn, `Planet has no attribute "secret"`},
		{"a hidden field in a select", "select=secret", query.CodeUnknownColumn, `Planet has no attribute "secret"`},
		{"a hidden field in an order", "order=secret", query.CodeUnknownColumn, `Planet has no attribute "secret"`},
		{"a hidden field in a tree", "or=(secret.eq.x)", query.CodeUnknownColumn, `Planet has no attribute "secret"`},
		{"a field of a later version", "albedo=gt.1", query.CodeUnknownColumn, `Planet has no attribute "albedo"`},
		{"no operator", "name=Hoth", query.CodeParse, `name is followed by no operator: "Hoth"`},
		{"no operator, with a way out", "name=Tatooine IV", query.CodeParse, "write name=eq.Tatooine IV"},
		{"no operator in a tree", "or=(name.Hoth)", query.CodeParse, "write name.eq.Hoth"},
		{"a misspelt operator", "population=gtt.5", query.CodeParse, `did you mean "gt"?`},
		{"an operator alone", "name=eq", query.CodeParse, `"." behind it`},
		{"two nots", "name=not.not.eq.x", query.CodeParse, "no operator"},
		{"a text for a number", "population=eq.many", query.CodeValue, `population cannot be compared with "many"`},
		{"an empty number", "population=eq.", query.CodeValue, "population cannot be compared with"},
		{"a null that is none", "population=eq.null", query.CodeValue, "write population=is.null"},
		{"too large a number", "population=eq.9223372036854775808", query.CodeValue, "population cannot be compared"},
		{"a bad element", "population=in.(1,x)", query.CodeValue, `population cannot be compared with "x"`},
		{"a bad id", "id=eq.abc", query.CodeValue, "id cannot be compared"},
		{"a word of no enum", "class=eq.X", query.CodeValue, "class cannot be compared"},
		{"a bad date", "discovered=eq.2026-02-30", query.CodeValue, "discovered cannot be compared"},
		{"a pattern of a number", "population=like.1*", query.CodeOperator, "population is of type Int64"},
		{"contents of a text", "name=cs.{a}", query.CodeOperator, "name is of type String"},
		{"greater than a list", "terrains=gt.{a}", query.CodeOperator, "terrains is a list of String"},
		{"equal JSON", `notes=eq.{"a":1}`, query.CodeOperator, "notes is of type JSON"},
		{"a true number", "population=is.true", query.CodeOperator, "not a Boolean"},
		{"is something", "population=is.5", query.CodeParse, "expected null, not_null, true, false or unknown"},
		{"any of one value", "population=eq(any).5", query.CodeParse, "a list in braces"},
		{"any of something else", "population=neq(any).{5}", query.CodeParse, "neq(any) is not possible"},
		{"some", "population=eq(some).{5}", query.CodeParse, "(any) or (all)"},
		{"a list without parentheses", "name=in.a,b", query.CodeParse, `expected "("`},
		{"a list without an end", "name=in.(a,b", query.CodeParse, `expected "," or ")" at character 8, found the end`},
		{"something behind a list", "name=in.(a)b", query.CodeParse, `expected the end at character 7, found "b"`},
		{"an array without an end", "terrains=cs.{a", query.CodeParse, `expected "," or "}"`},
		{"an array in an array", "terrains=cs.{{a}}", query.CodeParse, "expected an element"},
		{"nothing between commas of an array", "terrains=cs.{a,,b}", query.CodeParse, `an empty text is written ""`},
		{"null in an array", "terrains=cs.{NULL}", query.CodeValue, `write "null" in double quotes`},
		{"a pattern that ends in an escape", `name=like.a\`, query.CodePattern, "ends in a backslash"},
		{"an empty tree", "or=()", query.CodeParse, "expected a name"},
		{"a tree without parentheses", "or=name.eq.a", query.CodeParse, `expected "("`},
		{"a tree without an end", "or=(name.eq.a", query.CodeParse, `expected "," or ")"`},
		{"something behind a tree", "or=(name.eq.a))", query.CodeParse, "expected the end"},
		{"a comma at the end of a tree", "or=(name.eq.a,)", query.CodeParse, "expected a name"},
		{"a comparison without an operator in a tree", "or=(name)", query.CodeParse, `"." and an operator`},
		{"a name with nothing in it", "=eq.1", query.CodeParse, "expected a name"},
		{"a name in brackets", "name[x]=eq.1", query.CodeParse, `the end of the name or "[0]"`},
		{"a bad escape", "name=eq.%zz", query.CodeParse, "cannot decode"},
		{"invalid UTF-8", "name=eq.%ff", query.CodeParse, "not valid UTF-8"},
		{"a NUL", "name=eq.a%00b", query.CodeParse, "NUL"},
		{"a NUL in a name", "na%00me=eq.a", query.CodeParse, "NUL"},
		{"a limit that is no number", "limit=ten", query.CodeParse, `expected a whole number from 0, found "ten"`},
		{"a negative limit", "limit=-1", query.CodeRange, "at least 0"},
		{"a negative offset", "offset=-1", query.CodeRange, "at least 0"},
		{"an offset beyond all numbers", "offset=99999999999999999999", query.CodeParse, "whole number"},
		{"two limits", "limit=1&limit=2", query.CodeParse, "limit is given twice"},
		{"all of nothing", "_all=yes", query.CodeParse, "true or false"},
		{"a version that is none", "version=two", query.CodeUnknownColumn, `no attribute "version"`},
		{"two columns of a name", "select=name:id,name", query.CodeParse, `two columns of the answer are called "name"`},
		{"a select that ends in a comma", "select=id,", query.CodeParse, "expected a name"},
		{"an order in no direction", "order=name.down", query.CodeParse, `".asc", ".desc"`},
		{"an order by a list", "order=terrains", query.CodeOperator, "records cannot be ordered by terrains"},
		{"an order by JSON", "order=notes", query.CodeOperator, "records cannot be ordered by notes"},
		{"an unknown column of a write", "columns=name,x", query.CodeUnknownColumn, "no attribute"},
		{"a relation without parentheses", "select=residents", query.CodeUnknownColumn, "embed them: select=*,residents(*)"},
		{"a filter by a relation", "residents=is.null", query.CodeUnknownColumn, "embed them: select=*,residents(*)"},
		{"a filter by a single relation", "star=eq.5", query.CodeUnknownColumn, "the id of the related record is starId"},
		{"a cast", "select=population::text", query.CodeUnsupported, "casts"},
		{"a path in a select", "select=notes->a", query.CodeUnsupported, "path into JSON"},
		{"a path in a filter", "notes->>a=eq.1", query.CodeUnsupported, "path into JSON"},
		{"a path in a tree", "or=(notes->>a.eq.1)", query.CodeUnsupported, "path into JSON"},
		{"a path in an order", "order=notes->a.desc", query.CodeUnsupported, "path into JSON"},
		{"full text search", "name=fts(english).x", query.CodeUnsupported, "the operator fts"},
		{"regular expressions", "name=match.^x", query.CodeUnsupported, "the operator match"},
		{"range operators", "name=adj.x", query.CodeUnsupported, "the operator adj"},
		{"a cursor and an offset", "offset=3&_after=x", query.CodeParse, "cursor"},
		{"two cursors", "_after=x&_before=x", query.CodeParse, "exclude each other"},
		{"a long unknown name", long + "=eq.1", query.CodeUnknownColumn, "no attribute"},
		{"a long value", "population=eq." + long, query.CodeValue, "population"},
		{"a long operator", "population=" + long, query.CodeParse, "no operator"},
		{"a long limit", "limit=" + long, query.CodeParse, "whole number"},
		{"a long tree", "or=" + long, query.CodeParse, `expected "("`},
		{"a long bad escape", "name" + long + "=%", query.CodeParse, "cannot decode"},
	}
	planet := planet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := query.Parse(planet, 1, test.query, query.Limits{})
			refused(t, err, test.code, test.says)
			if len(err.Error()) > 600 {
				t.Errorf("the message has %d bytes: %.700s", len(err.Error()), err)
			}
			if strings.Contains(err.Error(), strings.Repeat("x", 101)) {
				t.Errorf("the message repeats more than 100 bytes of what came: %v", err)
			}
		})
	}
}

// refused checks that err is an *Error with the code, whose text says what.
func refused(t *testing.T, err error, code, says string) {
	t.Helper()
	var problem *query.Error
	if !errors.As(err, &problem) {
		t.Fatalf("got %v, want an error that says %s", err, says)
	}
	if problem.Code != code || !strings.Contains(problem.Error(), says) {
		t.Errorf("got %s %v\nwant %s %s", problem.Code, problem, code, says)
	}
	if problem.Message == "" {
		t.Error("the error has no message")
	}
}

func TestParseTellsNothingOfHiddenFields(t *testing.T) {
	planet := planet(t)
	_, hidden := query.Parse(planet, 1, "secret=eq.x", query.Limits{})
	_, absent := query.Parse(planet, 1, "secrez=eq.x", query.Limits{})
	if strings.ReplaceAll(fmt.Sprint(hidden), "secret", "secrez") != fmt.Sprint(absent) {
		t.Errorf("a hidden field is told from an absent one:\n%v\n%v", hidden, absent)
	}
}

func TestParseKeepsItsLimits(t *testing.T) {
	planet := planet(t)
	nested := func(depth int) string {
		return "or=" + strings.Repeat("(and", depth-1) + "(id.eq.1)" + strings.Repeat(")", depth-1)
	}
	tests := []struct {
		limit  string
		limits query.Limits
		fits   string
		over   string
	}{
		{"QueryBytes", query.Limits{QueryBytes: 9}, "name=eq.a", "name=eq.ab"},
		{"FilterNodes", query.Limits{FilterNodes: 3}, "or=(id.eq.1,id.eq.2)", "or=(id.eq.1,id.eq.2,id.eq.3)"},
		{"FilterNodes", query.Limits{FilterNodes: 2}, "id=eq.1&id=eq.2", "id=eq.1&id=eq.2&id=eq.3"},
		{"Depth", query.Limits{}, nested(10), nested(11)},
		{"InValues", query.Limits{InValues: 2}, "id=in.(1,2)", "id=in.(1,2,3)"},
		{"InValues", query.Limits{InValues: 2}, "terrains=cs.{a,b}", "terrains=cs.{a,b,c}"},
		{"OrderTerms", query.Limits{OrderTerms: 1}, "order=id", "order=id,name"},
		{"SelectColumns", query.Limits{SelectColumns: 1}, "select=id", "select=id,name"},
		{"SelectColumns", query.Limits{SelectColumns: 1}, "columns=name", "columns=id,name"},
		{"SelectColumns", query.Limits{SelectColumns: 1}, "select=star(name)", "select=star(id,name)"},
		{"Embeds", query.Limits{Embeds: 2}, "select=star(*),residents(*)", "select=star(*),residents(*),s:star(*)"},
		{"EmbedDepth", query.Limits{EmbedDepth: 2}, "select=star(planet(*))", "select=star(planet(star(*)))"},
	}
	for _, test := range tests {
		t.Run(test.limit+" "+test.fits, func(t *testing.T) {
			if _, err := query.Parse(planet, 1, test.fits, test.limits); err != nil {
				t.Errorf("%s keeps the limit, but: %v", test.fits, err)
			}
			_, err := query.Parse(planet, 1, test.over, test.limits)
			var problem *query.Error
			if !errors.As(err, &problem) || problem.Code != query.CodeLimit || problem.Limit != test.limit {
				t.Errorf("%s: got %v, want the limit %s", test.over, err, test.limit)
			}
		})
	}
}

func TestParseCutsALimitToTheLargestPage(t *testing.T) {
	for rawQuery, want := range map[string]int{"limit=49": 49, "limit=50": 50, "limit=51": 50, "limit=0": 0} {
		request, err := query.Parse(planet(t), 1, rawQuery, query.Limits{MaxLimit: 50})
		if err != nil || request.Read.Limit != want {
			t.Errorf("%s: limit %d (%v), want %d", rawQuery, request.Read.Limit, err, want)
		}
	}
}

func TestParseOfDeepNestingIsQuick(t *testing.T) {
	deep := "or=" + strings.Repeat("(and", 10000)
	_, err := query.Parse(planet(t), 1, deep, query.Limits{})
	refused(t, err, query.CodeLimit, "Depth")
}

func TestVersionsAreTheValuesWithoutAnOperator(t *testing.T) {
	for rawQuery, want := range map[string]string{
		"":                         "[]",
		"version=2":                "[2]",
		"name=eq.a&version=12&x":   "[12]",
		"version=1&version=2":      "[1 2]",
		"%76ersion=%32":            "[2]",
		"version=eq.2&version=ab":  "[ab]",
		"version=":                 "[]",
		"version=%zz&conversion=2": "[]",
	} {
		if got := fmt.Sprint(query.Versions(rawQuery)); got != want {
			t.Errorf("Versions(%q) = %s, want %s", rawQuery, got, want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	planet := planet(b)
	for name, rawQuery := range map[string]string{
		"page":  "order=name&limit=20",
		"equal": "name=eq.Hoth",
		"rich":  "population=gte.1000000&or=(name.ilike.*oo*,terrains.cs.{desert})&select=name,population&order=population.desc.nullslast&limit=20&offset=40",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := query.Parse(planet, 1, rawQuery, query.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
