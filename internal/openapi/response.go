package openapi

// answers are the responses of an operation, by status.
type answers object

// responses are the responses of an operation that are no problem.
func responses(members ...member) answers { return answers(members) }

// problems adds the problems that an operation answers with, and the default
// for all others.
func (a answers) problems(statuses ...string) answers {
	for _, status := range statuses {
		a = append(a, member{status, ref("responses", "Problem"+status)})
	}
	return append(a, member{"default", ref("responses", "Problem")})
}

// answer is one response. content may be nil.
func answer(status, description string, headers []string, content object) member {
	response := object{{"description", description}}
	if len(headers) > 0 {
		refs := object{}
		for _, name := range headers {
			refs = append(refs, member{name, ref("headers", name)})
		}
		response = append(response, member{"headers", refs})
	}
	if content != nil {
		response = append(response, member{"content", content})
	}
	return member{status, response}
}

// sharedHeaders are the components of the headers of answers.
func sharedHeaders() object {
	header := func(name, description string) member {
		return member{name, object{
			{"description", description},
			{"schema", object{{"type", "string"}}},
		}}
	}
	return object{
		header("API-Version", "The version of the API that answered."),
		header("Content-Range", "The rows of the answer and, where asked for, the total: `0-19/60`, `0-19/*`, `*/0`."),
		header("ETag", "A strong validator of the answer (RFC 9110 section 8.8.3)."),
		header("Link", "The pages before and behind this one, `rel=\"prev\"` and `rel=\"next\"` (RFC 8288)."),
		header("Location", "The path of the new record, or of the run of an import."),
		header("Preference-Applied", "The preferences that were heeded (RFC 7240)."),
		header("Retry-After", "Seconds after which to try again."),
	}
}

// problemResponses are the components of the answers that are problems.
func problemResponses() object {
	content := object{{mediaProblem, object{{"schema", ref("schemas", "larder.Problem")}}}}
	problem := func(status, description string) member {
		response := object{{"description", description}}
		if status == "503" {
			response = append(response, member{"headers", object{{"Retry-After", ref("headers", "Retry-After")}}})
		}
		return member{"Problem" + status, append(response, member{"content", content})}
	}
	return object{
		problem("", "The request could not be answered; `status` and `code` say why."),
		problem("400", "The query, a header or the body is not what was expected; `errors` names the fields of a body."),
		problem("404", "There is no such record."),
		problem("406", "None of the accepted media types can be served, or there is not exactly one record."),
		problem("409", "Another record has a value that must be unique, other records refer to this one, or a test of a JSON Patch failed."),
		problem("412", "`If-Match` or `If-None-Match` does not hold."),
		problem("413", "The body is larger than the server takes."),
		problem("415", "The body's media type is not read here."),
		problem("416", "The range lies beyond the rows."),
		problem("422", "The request is well formed but cannot be followed: an `Idempotency-Key` that was used with another request, or a JSON Patch that does not fit the record."),
		problem("428", "A change needs `If-Match` here."),
		problem("503", "The database does not answer, or the server is stopping."),
	}
}

// sharedSchemas are the components of what is the same for all types. Their
// names have a point, which no type's name has.
func sharedSchemas() object {
	text := object{{"type", "string"}}
	textOrNull := object{{"type", []string{"string", "null"}}}
	return object{
		{"larder.Problem", object{
			{"type", "object"},
			{"description", "What went wrong: the members of RFC 9457, and PostgREST's `code`, `message`, `details` and `hint`."},
			{"properties", object{
				{"type", object{{"type", "string"}, {"format", "uri"}, {"description", "Where the code is documented."}}},
				{"title", text.with("description", "The status in words.")},
				{"status", object{{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
				{"detail", text.with("description", "Message and details in one.")},
				{"instance", text.with("description", "The path that was asked.")},
				{"code", text.with("description", "PostgREST's code, PostgreSQL's SQLSTATE, or larder's own (LRD…).")},
				{"message", text.with("description", "What is wrong.")},
				{"details", textOrNull.with("description", "Where, what was expected and what came.")},
				{"hint", textOrNull.with("description", "What to do instead.")},
				{"errors", arrayOf(ref("schemas", "larder.FieldError"))},
				{"request", text.with("description", "The id under which the server's log says more.")},
			}},
			{"required", []string{"type", "title", "status", "code", "message", "details", "hint"}},
		}},
		{"larder.FieldError", object{
			{"type", "object"},
			{"description", "One value of a body that was not accepted."},
			{"properties", object{
				{"field", text},
				{"code", text.with("description", "required, type, min, max, minLength, maxLength, pattern, enum, range, scale, element, unknown, readonly, operator, unique, reference or check.")},
				{"message", text},
				{"pointer", text.with("description", "Where in the body (RFC 6901).")},
			}},
			{"required", []string{"field", "code", "message"}},
		}},
		{"larder.JSONPatch", jsonPatchSchema()},
		{"larder.State", object{
			{"type", "object"},
			{"properties", object{{"status", text}}},
			{"required", []string{"status"}},
		}},
	}
}

// jsonPatchSchema is the body of a JSON Patch (RFC 6902).
func jsonPatchSchema() object {
	pointer := object{{"type", "string"}, {"pattern", "^(/.*)?$"}}
	operation := func(names []string, more string, value object) object {
		return object{
			{"type", "object"},
			{"properties", object{{"op", object{{"type", "string"}, {"enum", names}}}, {"path", pointer}, {more, value}}},
			{"required", []string{"op", "path", more}},
		}
	}
	return object{
		{"type", "array"},
		{"description", "A JSON Patch (RFC 6902): operations, all or none."},
		{"items", object{{"oneOf", []any{
			operation([]string{"add", "replace", "test"}, "value", object{{"description", "Any JSON value."}}),
			operation([]string{"move", "copy"}, "from", pointer),
			object{
				{"type", "object"},
				{"properties", object{{"op", object{{"type", "string"}, {"enum", []string{"remove"}}}}, {"path", pointer}}},
				{"required", []string{"op", "path"}},
			},
		}}}},
		{"examples", []any{[]any{object{{"op", "remove"}, {"path", "/name"}}}}},
	}
}
