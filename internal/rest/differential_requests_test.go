package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// request is what is sent to both servers.
type request struct {
	method, target, body string
	headers              []string
	resource             string // of the records in the answer
}

// child is a list of records.
type child struct{ name, resource string }

// field is an attribute of a resource and JSON texts to give it, good ones first.
type field struct {
	name   string
	values []string
}

var (
	texts   = []string{`"a"`, `"A"`, `"b"`, `"é"`, `"É"`, `"ß"`, `"Z"`, `"a b"`, `"10"`, `"9"`, `"ä\u0001"`, `"😀"`, `"a,b"`, `"\"q\""`, `"%"`, `"_"`, `"\\"`, `""`, `null`, `1`}
	numbers = []string{`0`, `1`, `2`, `3`, `2147483647`, `null`, `-1`, `2147483648`, `1.5`, `"1"`}
	large   = []string{`0`, `1`, `7`, `9007199254740993`, `9223372036854775807`, `null`, `-1`, `9223372036854775808`, `1e3`}
	amounts = []string{`0`, `1.5`, `0.25`, `100`, `99999999999999.9999`, `null`, `-1`, `1e-5`, `"2.5"`, `1e2`}
	floats  = []string{`0`, `0.1`, `-0.5`, `1e300`, `3`, `0.30000000000000004`, `1e-7`, `123456789.125`, `1e21`, `-0`, `2.2250738585072014e-308`, `null`, `1e400`}
	flags   = []string{`true`, `false`, `null`, `"true"`}
	states  = []string{`"FULL"`, `"HALF"`, `"EMPTY"`, `"full"`, `null`}
	dates   = []string{`"2026-01-02"`, `"1999-12-31"`, `"2024-02-29"`, `"0001-01-01"`, `"9999-12-31"`, `null`, `"2023-02-29"`, `"tomorrow"`}
	moments = []string{`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.000001Z"`, `"2026-01-02T03:04:05.1+02:00"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999Z"`, `null`, `"2026-01-02"`}
	spans   = []string{`"PT1H"`, `"P1D"`, `"PT0S"`, `"PT1.5S"`, `"-PT5M"`, `null`, `"1 hour"`}
	objects = []string{`{"b":1,"a":[1,2,{"c":null}]}`, `[]`, `"text"`, `1.50`, `{"a":1e2,"z":"é"}`, `{}`, `null`}
	uuids   = []string{`"0190b5a3-7d3c-7000-8000-000000000001"`, `"0190B5A3-7D3C-7000-8000-00000000000A"`, `null`, `"x"`}
	lists   = []string{`[]`, `["a"]`, `["b","a"]`, `["a","a"]`, `["É","😀",""]`, `null`, `[null]`, `"a"`}

	resources = map[string][]field{
		"planets": {{"name", texts}, {"population", large}, {"terrains", lists}, {"climates", lists}, {"gravity", amounts}},
		"jars": {
			{"title", texts},
			{"quantity", numbers},
			{"price", amounts},
			{"weight", floats},
			{"fresh", flags},
			{"state", states},
			{"best", dates},
			{"opened", moments},
			{"keeps", spans},
			{"notes", objects},
			{"label", uuids},
			{"planetId", nil},
		},
		"shopping-lists": {{"name", texts}, {"budget", amounts}},
		"items":          {{"name", texts}, {"quantity", numbers}, {"price", amounts}, {"position", numbers}, {"listId", nil}},
		"offers":         {{"shop", texts}, {"price", amounts}, {"itemId", nil}},
		"shops":          {{"name", texts}},
		"recipes":        {{"title", texts}, {"servings", numbers}},
		"formulas":       {{"name", texts}, {"portions", numbers}},
		"steps":          {{"text", texts}, {"minutes", numbers}, {"recipeId", nil}},
	}
	resourceNames = []string{"planets", "jars", "jars", "shopping-lists", "items", "items", "shops", "offers", "recipes", "formulas", "steps"}

	// children are the lists of records of a resource: what they are called and
	// whose records they are.
	children = map[string][]child{
		"shopping-lists": {{"items", "items"}},
		"items":          {{"offers", "offers"}, {"shops", "shops"}},
		"recipes":        {{"steps", "steps"}},
		"formulas":       {{"parts", "steps"}},
		"shops":          {{"items", "items"}},
	}
	owners = map[string]string{"planetId": "planets", "listId": "shopping-lists", "itemId": "items", "recipeId": "recipes"}
)

// value is mostly one of the first, good ones; of a reference, one of the ids.
func (f field) value(r *rapid.T, seen *seen) string {
	if owner, refers := owners[f.name]; refers {
		return rapid.SampledFrom(append(slices.Clone(seen.ids[owner]), "null", "99999")).Draw(r, f.name)
	}
	good := max(1, len(f.values)/2)
	if oneIn(r, 20, "bad") {
		good = len(f.values)
	}
	return f.values[rapid.IntRange(0, good-1).Draw(r, f.name)]
}

// oneIn is true once in so many draws.
func oneIn(r *rapid.T, many int, what string) bool {
	return rapid.IntRange(0, many-1).Draw(r, what) == many-1
}

// pick draws one of the words.
func pick(r *rapid.T, what string, words ...string) string {
	return rapid.SampledFrom(words).Draw(r, what)
}

// randomRecord is a JSON object; a whole one has a value of every field, and
// records nested in it as deep as depth.
func randomRecord(r *rapid.T, resource string, whole bool, depth int, seen *seen) string {
	var members []string
	for _, f := range resources[resource] {
		_, refers := owners[f.name]
		if whole && (!refers || depth == 2) || oneIn(r, 3, "give "+f.name) {
			members = append(members, fmt.Sprintf("%q:%s", f.name, f.value(r, seen)))
		}
	}
	for _, c := range children[resource] {
		if whole && depth > 0 && oneIn(r, 2, "nest "+c.name) {
			var records []string
			for range rapid.IntRange(0, 3).Draw(r, c.name) {
				records = append(records, randomRecord(r, c.resource, true, depth-1, seen))
			}
			members = append(members, fmt.Sprintf("%q:[%s]", c.name, strings.Join(records, ",")))
		}
	}
	if oneIn(r, 60, "unknown") {
		members = append(members, `"stamp":"x"`)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// version makes a request one of version 1 or 2, in one of the ways to ask for
// them.
func (sent request) version(r *rapid.T) request {
	path := "/" + strings.TrimPrefix(sent.target, "/")
	number := pick(r, "version", "2", "2", "2", "1")
	switch pick(r, "asked for by", "path", "path", "path", "header", "media type", "parameter", "rest") {
	case "path":
		sent.target = "/api/v" + number + path
	case "header":
		sent.target, sent.headers = "/api"+path, append(sent.headers, "Accept-Version: "+number)
	case "media type":
		sent.target, sent.headers = "/api"+path, append(sent.headers, "Accept: application/json; version="+number)
	case "parameter":
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		sent.target = "/api" + path + separator + "version=" + number
	case "rest":
		sent.target = "/rest/v" + number + path
	}
	return sent
}

// randomWrite is a request that changes something, or tries to.
func randomWrite(r *rapid.T, seen *seen) request {
	resource := rapid.SampledFrom(resourceNames).Draw(r, "resource")
	sent := request{target: resource, resource: resource, headers: []string{"Content-Type: application/json"}}
	var parameters []string
	record := "/" + seen.id(r, resource)
	whole := func() string { return randomRecord(r, resource, true, 2, seen) }
	some := func() string { return randomRecord(r, resource, false, 0, seen) }
	kinds := []string{"create", "create", "create", "several", "nested route", "upsert", "upsert", "patch", "operators", "JSON patch", "JSON patch", "many", "delete many", "put", "delete"}
	switch rapid.SampledFrom(kinds).Draw(r, "kind") {
	case "create":
		sent.method, sent.body = http.MethodPost, whole()
	case "several":
		sent.method, sent.body = http.MethodPost, "["+whole()+","+pick(r, "second", whole(), some())+"]"
		if oneIn(r, 3, "columns") {
			parameters = append(parameters, "columns="+randomColumns(r, resource))
		}
	case "nested route":
		owner := pick(r, "owner", "shopping-lists", "items", "recipes", "formulas", "shops")
		c := rapid.SampledFrom(children[owner]).Draw(r, "list")
		sent.method, sent.target, sent.resource = http.MethodPost, owner+"/"+seen.id(r, owner)+"/"+c.name, c.resource
		sent.body = randomRecord(r, c.resource, true, 1, seen)
	case "upsert":
		sent.method, sent.body = http.MethodPost, whole()
		if oneIn(r, 3, "of several") {
			sent.body = "[" + sent.body + "," + whole() + "]"
		}
		if oneIn(r, 4, "by id") {
			sent.body = `{"id":` + seen.id(r, resource) + "," + strings.TrimPrefix(some(), "{")
			sent.body = strings.Replace(sent.body, ",}", "}", 1)
		} else {
			parameters = append(parameters, "on_conflict="+pick(r, "conflict", "name", "name", "name", "title", "id", "quantity"))
		}
		sent.headers = append(sent.headers, "Prefer: resolution="+pick(r, "resolution", "merge-duplicates", "ignore-duplicates"))
	case "patch":
		sent.method, sent.target, sent.body = http.MethodPatch, sent.target+record, some()
	case "operators":
		sent.method, sent.body = http.MethodPatch, randomOperators(r, resource, seen)
		if oneIn(r, 2, "on one") {
			sent.target += record
		} else {
			parameters = append(parameters, randomFilter(r, resource, seen))
		}
	case "JSON patch":
		sent.method, sent.target, sent.body = http.MethodPatch, sent.target+record, randomPatch(r, resource, seen)
		sent.headers = []string{"Content-Type: application/json-patch+json"}
	case "many":
		sent.method, sent.body, parameters = http.MethodPatch, some(), append(parameters, randomCondition(r, resource, seen))
	case "delete many":
		sent.method, parameters = http.MethodDelete, append(parameters, randomCondition(r, resource, seen))
	case "put":
		sent.method, sent.target, sent.body = http.MethodPut, sent.target+record, randomRecord(r, resource, true, 0, seen)
	case "delete":
		sent.method, sent.target = http.MethodDelete, sent.target+record
	}
	if oneIn(r, 5, "select") {
		parameters = append(parameters, "select="+randomSelect(r, resource))
	}
	if parameters != nil {
		sent.target += "?" + strings.Join(parameters, "&")
	}
	sent.headers = append(sent.headers, writeHeaders(r, sent.method, seen)...)
	if oneIn(r, 40, "cut") && sent.body != "" {
		sent.body = sent.body[:len(sent.body)/2]
	}
	return sent.version(r)
}

// writeHeaders are preferences, conditions and keys of a change.
func writeHeaders(r *rapid.T, method string, seen *seen) (headers []string) {
	var prefer []string
	for _, preference := range []string{"return=representation", "return=minimal", "return=headers-only", "missing=default", "handling=strict", "max-affected=1", "count=exact", "tx=rollback"} {
		if oneIn(r, 6, preference) {
			prefer = append(prefer, preference)
		}
	}
	if prefer != nil {
		headers = append(headers, "Prefer: "+strings.Join(prefer, ", "))
	}
	if oneIn(r, 6, "condition") {
		headers = append(headers, pick(r, "condition", "If-Match: "+seen.tag, "If-Match: *", `If-Match: "x", `+seen.tag, `If-Match: "x"`, "If-None-Match: *", "If-None-Match: "+seen.tag))
	}
	if method == http.MethodPost && oneIn(r, 4, "idempotent") {
		headers = append(headers, seen.key(r))
	}
	if oneIn(r, 30, "wrong media type") {
		headers = append(headers, "Content-Type: "+pick(r, "media type", "text/plain", "application/xml", "text/csv", "application/merge-patch+json", "application/json; charset=latin1"))
	}
	return headers
}

// randomColumns are some attributes of a resource.
func randomColumns(r *rapid.T, resource string) string {
	var columns []string
	for _, f := range resources[resource] {
		if !oneIn(r, 4, "leave out "+f.name) {
			columns = append(columns, f.name)
		}
	}
	return strings.Join(columns, ",")
}

// randomOperators are one or two attributes and what to compute of them.
func randomOperators(r *rapid.T, resource string, seen *seen) string {
	var members []string
	for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(resources[resource]), 1, 2, func(f field) string { return f.name }).Draw(r, "fields") {
		operator := pick(r, "operator", "$inc", "$mul", "$min", "$max", "$append", "$remove", "$set")
		members = append(members, fmt.Sprintf(`%q:{%q:%s}`, f.name, operator, f.value(r, seen)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// randomPatch is a JSON patch of a few operations.
func randomPatch(r *rapid.T, resource string, seen *seen) string {
	var operations []string
	for range rapid.IntRange(1, 3).Draw(r, "operations") {
		f := rapid.SampledFrom(resources[resource]).Draw(r, "field")
		other := rapid.SampledFrom(resources[resource]).Draw(r, "other")
		path := "/" + f.name + pick(r, "within", "", "", "", "/0", "/-", "/a", "/a/1")
		operation := pick(r, "operation", "add", "replace", "replace", "test", "remove", "copy", "move")
		switch operation {
		case "remove":
			operations = append(operations, fmt.Sprintf(`{"op":"remove","path":%q}`, path))
		case "copy", "move":
			operations = append(operations, fmt.Sprintf(`{"op":%q,"from":%q,"path":%q}`, operation, path, "/"+other.name))
		default:
			operations = append(operations, fmt.Sprintf(`{"op":%q,"path":%q,"value":%s}`, operation, path, f.value(r, seen)))
		}
	}
	return "[" + strings.Join(operations, ",") + "]"
}

// randomCondition is a filter or a tree of them.
func randomCondition(r *rapid.T, resource string, seen *seen) string {
	if oneIn(r, 3, "tree") {
		return pick(r, "join", "or", "and", "not.or", "not.and") + "=" + randomTree(r, resource, 2, seen)
	}
	return randomFilter(r, resource, seen)
}

// randomTree is two or three conditions in parentheses, some of them trees.
func randomTree(r *rapid.T, resource string, depth int, seen *seen) string {
	var nodes []string
	for range rapid.IntRange(1, 3).Draw(r, "nodes") {
		if depth > 0 && oneIn(r, 4, "deeper") {
			nodes = append(nodes, pick(r, "join", "or", "and", "not.or", "not.and")+randomTree(r, resource, depth-1, seen))
			continue
		}
		nodes = append(nodes, strings.Replace(randomFilter(r, resource, seen), "=", ".", 1))
	}
	return "(" + strings.Join(nodes, ",") + ")"
}

// randomFilter is one condition on a resource, as a URL has it.
func randomFilter(r *rapid.T, resource string, seen *seen) string {
	f := rapid.SampledFrom(append([]field{{"id", []string{seen.id(r, resource)}}}, resources[resource]...)).Draw(r, "filtered")
	value := strings.Trim(f.value(r, seen), `"`)
	operator := pick(r, "operator", "eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is", "isdistinct", "cs", "cd", "ov", "eq(any)", "like(all)", "ilike(any)", "gt(all)", "match")
	switch operator {
	case "in":
		value = "(" + value + "," + strings.Trim(f.value(r, seen), `"`) + ")"
	case "is":
		value = pick(r, "word", "null", "not_null", "true", "unknown")
	case "cs", "cd", "ov":
		value = "{" + pick(r, "elements", "", "a", "a,b", "É", `"",a`) + "}"
	case "like", "ilike":
		value = pick(r, "pattern", "*a*", "A%", "_", "é", "*É*", `\%`, "*", `*\\*`, "*ß", "?", "[a]*")
	case "like(all)", "ilike(any)":
		value = "{" + pick(r, "patterns", "*a*,b*", "É*,*", "_") + "}"
	case "eq(any)", "gt(all)":
		value = "{" + value + "," + strings.Trim(f.value(r, seen), `"`) + "}"
	}
	if oneIn(r, 4, "not") {
		operator = "not." + operator
	}
	return f.name + "=" + operator + "." + url.QueryEscape(value)
}

// randomSelect is what a request asks of its records.
func randomSelect(r *rapid.T, resource string) string {
	common := []string{"*", "id", "count()", "*,nothing"}
	return rapid.SampledFrom(append(common, map[string][]string{
		"planets":        {"name,terrains", "id,population::text", "population.sum(),gravity.avg()", "population,count()", "terrains,count()", "jars(title)", "name,jars(count(),price.sum())", "gravity.max(),gravity.min(),population.avg()", "name::text,gravity::text"},
		"jars":           {"*,planet(name)", "title,planet!inner(name,climates)", "title,planet!left(name)", "weight.avg(),weight.sum()", "state,price.sum(),count()", "opened.max(),best.min()", "notes", "fresh,state,weight.max(),quantity.sum()", "keeps.min(),keeps.max()", "notes->a", "x:notes->>z,title", "...planet(home:name)", "best,count(),id.min()", "title,count()", "price::text,weight::text,best::text,opened::text,fresh::text"},
		"shopping-lists": {"*,items(*)", "name,items(quantity.sum(),count())", "name,items!inner(name)", "*,items(name,shops(name))", "items(name,offers(price,shop),shops(*))", "name,items(shops(count()))", "budget.sum()", "...items(name)"},
		"items":          {"*,list(name)", "name,shops(*)", "quantity.avg(),price.avg()", "...list(name)", "quantity,count(),price.sum()", "list(name,budget),offers(shop,price)", "name,offers(price.min(),price.max(),count())", "shops!inner(name)", "listId,quantity.sum()"},
		"shops":          {"*,items(*)", "name,items(name,list(name))", "name,items!inner(count())"},
		"offers":         {"*,item(*)", "shop,price.sum()", "item(list(name))"},
		"recipes":        {"*,steps(*)", "title,steps(minutes.sum())"},
		"formulas":       {"*,parts(*)", "name,parts(count())"},
		"steps":          {"*,recipe(*)", "text,minutes", "text,tool", "formula(name)"},
	}[resource]...)).Draw(r, "selected")
}

// randomRead is a request for a record or a page.
func randomRead(r *rapid.T, seen *seen) request {
	resource := rapid.SampledFrom(resourceNames).Draw(r, "listed")
	sent := request{method: pick(r, "method", "GET", "GET", "GET", "GET", "HEAD"), target: resource, resource: resource}
	var parameters []string
	if selected := randomSelect(r, resource); selected != "*" {
		parameters = append(parameters, "select="+selected)
	}
	if oneIn(r, 4, "one") {
		sent.target += "/" + seen.id(r, resource)
	} else {
		if owner := pick(r, "owner", "", "", "shopping-lists", "recipes", "shops"); owner != "" && oneIn(r, 3, "of an owner") {
			c := children[owner][0]
			sent.target, sent.resource = owner+"/"+seen.id(r, owner)+"/"+c.name, c.resource
		}
		parameters = append(parameters, pageOf(r, sent.resource, seen)...)
		if oneIn(r, 3, "embedded") {
			parameters = append(parameters, pick(r, "in", "items.order=quantity.desc,id", "items.limit=1", "items.quantity=gt.1", "items.or=(quantity.eq.1,name.eq.a)", "planet.name=eq.a", "shops.name=like.*a*", "items.offset=1&items.limit=2", "planet=is.null", "items=not.is.null", "steps.order=minutes.nullsfirst", "order=planet(name).desc", "order=list(name),id.desc"))
		}
	}
	if parameters != nil {
		sent.target += "?" + strings.Join(parameters, "&")
	}
	sent.headers = readHeaders(r, seen)
	return sent.version(r)
}

// pageOf are the filters, the order and the bounds of a page.
func pageOf(r *rapid.T, resource string, seen *seen) (parameters []string) {
	for range rapid.IntRange(0, 2).Draw(r, "filters") {
		parameters = append(parameters, randomCondition(r, resource, seen))
	}
	var order []string
	for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(append([]field{{"id", nil}}, resources[resource]...)), 0, 2, func(f field) string { return f.name }).Draw(r, "order") {
		order = append(order, f.name+pick(r, "direction", "", ".desc", ".nullsfirst", ".desc.nullslast"))
	}
	if order != nil {
		parameters = append(parameters, "order="+strings.Join(order, ","))
	}
	if limit := rapid.IntRange(0, 5).Draw(r, "limit"); limit > 0 {
		parameters = append(parameters, fmt.Sprint("limit=", limit))
	}
	if oneIn(r, 6, "offset") {
		parameters = append(parameters, fmt.Sprint("offset=", rapid.IntRange(0, 4).Draw(r, "offset")))
	}
	return parameters
}

// readHeaders are preferences, ranges, conditions and media types of a read.
func readHeaders(r *rapid.T, seen *seen) (headers []string) {
	if oneIn(r, 2, "counted") {
		headers = append(headers, "Prefer: count="+pick(r, "count", "exact", "exact", "planned", "estimated"))
	}
	if oneIn(r, 5, "range") {
		headers = append(headers, "Range: "+pick(r, "range", "0-1", "1-2", "items=1-3", "2-", "9-12", "3-1", "bytes=0-5"))
	}
	if oneIn(r, 8, "condition") {
		headers = append(headers, pick(r, "condition", "If-None-Match: "+seen.tag, "If-None-Match: *", "If-Match: "+seen.tag))
	}
	if oneIn(r, 6, "accept") {
		headers = append(headers, "Accept: "+pick(r, "media type", "application/vnd.pgrst.object+json", "text/csv", "application/vnd.pgrst.array+json;nulls=stripped", "text/html", "*/*"))
	}
	return headers
}
