package openapi

// The media types of bodies.
const (
	mediaJSON       = "application/json"
	mediaSingular   = "application/vnd.pgrst.object+json"
	mediaMergePatch = "application/merge-patch+json"
	mediaJSONPatch  = "application/json-patch+json"
	mediaProblem    = "application/problem+json"
)

// operation begins an operation of a type.
func (w *writer) operation(n names, id, summary, description string) object {
	return object{
		{"tags", []string{n.tag}},
		{"operationId", w.free(id)},
		{"summary", summary},
	}.with("description", description).with("deprecated", !w.info.Deprecated.IsZero())
}

// filterNames are the parameters that say which records are meant.
func filterNames(n names) []string {
	return append(append([]string{}, n.filters...), "and", "or", "not.and", "not.or")
}

// What the descriptions of every list and every count say.
const (
	onlyOne  = "With `Accept: application/vnd.pgrst.object+json`, the one record that matches; it is an error if there is not exactly one."
	countHow = "What GET answers, without the body. With `Prefer: count=exact`, `Content-Range` ends in the total."
)

// listParameters are the parameters of a list.
func listParameters(n names) []any {
	return parameters(append(filterNames(n), "select", "order", "limit", "offset", "after", "before", "Range", "Prefer.read", "If-None-Match.read")...)
}

// listHeaders are the headers of a list's answer.
var listHeaders = []string{"Content-Range", "Link", "ETag", "Preference-Applied", "API-Version"}

// listAnswers is the rest of the operation that answers a page of a list.
func listAnswers(n names, parameters []any, problems ...string) object {
	return object{
		{"parameters", parameters},
		{"responses", responses(
			answer("200", "The page.", listHeaders, listContent(n)),
			answer("206", "The page, of a list that is longer. Only where the total was asked for.", listHeaders, listContent(n)),
			answer("304", "Nothing has changed since the answer with this `ETag`.", []string{"ETag"}, nil),
		).problems(problems...)},
	}
}

// countAnswers is listAnswers for HEAD.
func countAnswers(parameters []any) object {
	return object{
		{"parameters", parameters},
		{"responses", responses(
			answer("200", "The headers of the page.", listHeaders, nil),
			answer("206", "The headers of the page, of a list that is longer.", listHeaders, nil),
			answer("304", "Nothing has changed since the answer with this `ETag`.", []string{"ETag"}, nil),
		)},
	}
}

// collection is the path item of a type's collection.
func (w *writer) collection(n names) object {
	list := w.operation(n, "list"+n.many, "List "+n.plural, onlyOne)
	count := w.operation(n, "count"+n.many, "Count "+n.plural, countHow)
	reads := object{
		{"get", append(list, listAnswers(n, listParameters(n), "400", "406", "412", "416", "503")...)},
		{"head", append(count, countAnswers(listParameters(n))...)},
	}
	if n.kind.ReadOnly {
		return reads
	}
	return append(reads, object{
		{"post", w.create(n)},
		{"patch", w.many(n, "update", "Change many", "Every record that the filters match gets what the body says, in one statement.", true)},
		{"delete", w.many(n, "delete", "Delete many", "Every record that the filters match is deleted, in one statement.", false)},
	}...)
}

// create is POST of a collection.
func (w *writer) create(n names) object {
	operation := w.operation(n, "create"+n.many, "Create "+n.plural, "One record, or an array of them: all or none. One is answered by an object, an array by an array.")
	return append(operation, creation(n, n.create, parameters("select", "columns", "on_conflict", "Prefer.create", "Idempotency-Key"), "400", "406", "409", "413", "415", "422", "503")...)
}

// creation is the rest of an operation that makes records by a schema.
func creation(n names, schema string, parameters []any, problems ...string) object {
	one, many := ref("schemas", schema), arrayOf(ref("schemas", schema))
	created := object{{mediaJSON, object{{"schema", object{{"oneOf", []any{ref("schemas", n.record), arrayOf(ref("schemas", n.record))}}}}}}}
	created = append(created, member{mediaSingular, object{{"schema", ref("schemas", n.record)}}})
	headers := []string{"Location", "ETag", "Content-Range", "Preference-Applied", "API-Version"}
	return object{
		{"parameters", parameters},
		{"requestBody", object{
			{"required", true},
			{"content", object{{mediaJSON, object{{"schema", object{{"oneOf", []any{one, many}}}}}}}},
		}},
		{"responses", responses(
			answer("200", "An upsert found every record there already.", headers, created),
			answer("201", "Created. Without a body for `return=minimal` and `return=headers-only`.", headers, created),
		).problems(problems...)},
	}
}

// many is PATCH or DELETE of a collection.
func (w *writer) many(n names, verb, summary, description string, hasBody bool) object {
	operation := w.operation(n, verb+"Many"+n.many, summary+" "+n.plural, description+" Without a filter nothing is changed, unless `_all=true` says that every record is meant.")
	operation = append(operation, member{"parameters", parameters(append(filterNames(n), "all", "select", "Prefer.many")...)})
	problems := []string{"400", "406", "409", "503"}
	if hasBody {
		content := object{{"schema", ref("schemas", n.patch)}}
		operation = append(operation, member{"requestBody", object{
			{"required", true},
			{"content", object{{mediaMergePatch, content}, {mediaJSON, content}}},
		}})
		problems = []string{"400", "406", "409", "413", "415", "503"}
	}
	headers := []string{"Content-Range", "Preference-Applied", "API-Version"}
	return append(operation, member{"responses", responses(
		answer("200", "The records, for `return=representation`.", headers, listContent(n)),
		answer("204", "Done.", headers, nil),
	).problems(problems...)})
}

// item is the path item of one record.
func (w *writer) item(n names) object {
	record := itemContent(n)
	headers := []string{"ETag", "Preference-Applied", "API-Version"}
	readParameters := member{"parameters", w.itemParameters(n, "select", "If-None-Match.read")}
	unchanged := answer("304", "The record has not changed since the answer with this `ETag`.", []string{"ETag"}, nil)
	get := append(w.operation(n, "get"+n.one, "Read one "+n.singular, ""),
		readParameters,
		member{"responses", responses(
			answer("200", "The record.", headers, record), unchanged,
		).problems("400", "404", "406", "412", "503")},
	)
	head := append(w.operation(n, "head"+n.one, "Look at one "+n.singular, "What GET answers, without the body."),
		readParameters,
		member{"responses", responses(
			answer("200", "The record is there.", headers, nil), unchanged,
			answer("404", "There is no such record.", nil, nil),
		)},
	)
	reads := object{{"get", get}, {"head", head}}
	if n.kind.ReadOnly {
		return reads
	}
	return append(reads, object{
		{"put", w.put(n, record, headers)},
		{"patch", w.patchOne(n, record, headers)},
		{"delete", w.remove(n, record)},
	}...)
}

// put is PUT of one record.
func (w *writer) put(n names, record object, headers []string) object {
	operation := w.operation(n, "replace"+n.one, "Replace one "+n.singular, "Makes the record with this id if there is none.")
	return append(operation,
		member{"parameters", w.itemParameters(n, "select", "Prefer.change", "If-Match", "If-None-Match.write")},
		member{"requestBody", object{
			{"required", true},
			{"content", object{{mediaJSON, object{{"schema", ref("schemas", n.replace)}}}}},
		}},
		member{"responses", responses(
			answer("200", "Replaced.", headers, record),
			answer("201", "Created.", append([]string{"Location"}, headers...), record),
			answer("204", "Replaced, for `return=minimal`.", headers, nil),
		).problems("400", "404", "406", "409", "412", "413", "415", "428", "503")},
	)
}

// patchOne is PATCH of one record.
func (w *writer) patchOne(n names, record object, headers []string) object {
	operation := w.operation(n, "update"+n.one, "Change one "+n.singular, "By a JSON Merge Patch, whose values may be operators, or by a JSON Patch (RFC 6902). The content type tells which.")
	merge := object{{"schema", ref("schemas", n.patch)}}
	return append(operation,
		member{"parameters", w.itemParameters(n, "select", "Prefer.change", "If-Match")},
		member{"requestBody", object{
			{"required", true},
			{"content", object{
				{mediaMergePatch, merge},
				{mediaJSON, merge},
				{mediaJSONPatch, object{{"schema", ref("schemas", "larder.JSONPatch")}}},
			}},
		}},
		member{"responses", responses(
			answer("200", "Changed.", headers, record),
			answer("204", "Changed, for `return=minimal`.", headers, nil),
		).problems("400", "404", "406", "409", "412", "413", "415", "422", "428", "503")},
	)
}

// remove is DELETE of one record.
func (w *writer) remove(n names, record object) object {
	operation := w.operation(n, "delete"+n.one, "Delete one "+n.singular, "")
	return append(operation,
		member{"parameters", w.itemParameters(n, "Prefer.change", "If-Match")},
		member{"responses", responses(
			answer("200", "Deleted; the record as it was, for `return=representation`.", []string{"Preference-Applied", "API-Version"}, record),
			answer("204", "Deleted.", []string{"Preference-Applied", "API-Version"}, nil),
		).problems("400", "404", "406", "409", "412", "428", "503")},
	)
}

// listContent is the content of a list, or of its one record.
func listContent(n names) object {
	return object{
		{mediaJSON, object{{"schema", arrayOf(ref("schemas", n.record))}}},
		{mediaSingular, object{{"schema", ref("schemas", n.record)}}},
	}
}

// itemContent is the content of one record.
func itemContent(n names) object {
	content := object{{"schema", ref("schemas", n.record)}}
	return object{{mediaJSON, content}, {mediaSingular, content}}
}

func arrayOf(items object) object {
	return object{{"type", "array"}, {"items", items}}
}

// serverTag groups the operations of the server itself.
const serverTag = "Server"

// serverPaths are the paths that are no resource.
func serverPaths() object {
	state := func(id, summary, description, fine, failing string) object {
		content := object{{mediaJSON, object{{"schema", ref("schemas", "larder.State")}}}}
		answers := responses(answer("200", fine, nil, content))
		if failing != "" {
			answers = append(answers, answer("503", failing, nil, content))
		}
		return object{{"get", object{
			{"tags", []string{serverTag}},
			{"operationId", id},
			{"summary", summary},
			{"description", description},
			{"responses", object(answers)},
		}}}
	}
	return object{
		{"/healthz", state("larderHealth", "Whether the server runs", "For a supervisor, which restarts what does not answer.", "It runs.", "")},
		{"/readyz", state("larderReadiness", "Whether the server takes requests", "For a load balancer, which passes over what is not ready.", "It takes requests, and the database answers.", "It stops, or the database does not answer.")},
		{"/metrics", object{{"get", oneAnswer("larderMetrics", "Metrics for Prometheus", "The metrics in Prometheus' text format.", "text/plain", "string")}}},
		{"/openapi.json", object{{"get", oneAnswer("larderDocument", "This document", "The document of the default version. Those of the others are at `/api/v1/openapi.json` and so on.", mediaJSON, "object")}}},
		{"/docs", object{{"get", oneAnswer("larderDocs", "The page that shows this document", "The page.", "text/html", "string")}}},
	}
}

// oneAnswer is the operation of a path that answers one thing.
func oneAnswer(id, summary, description, mediaType, jsonType string) object {
	content := object{{mediaType, object{{"schema", object{{"type", jsonType}}}}}}
	return object{
		{"tags", []string{serverTag}},
		{"operationId", id},
		{"summary", summary},
		{"responses", object{answer("200", description, nil, content)}},
	}
}
