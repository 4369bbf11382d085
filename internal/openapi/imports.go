package openapi

// importsTag groups the operations of the management of imports.
const importsTag = "Imports"

const mediaEvents = "text/event-stream"

// importPaths are the paths by which imports are managed.
func importPaths() object {
	const base = "/api/_imports"
	source := pathParameter("source", "The name of a source.", object{{"type", "string"}})
	id := func(what string) object {
		return pathParameter("id", "The id of a "+what+".", object{{"type", "integer"}, {"format", "int64"}, {"minimum", 1}})
	}
	ofSource := textParameter("source", "query", "Only those of the source with the name.")
	return object{
		{base, object{{"get", importOperation("larderSources", "List the sources", "", nil,
			importAnswer("200", "The sources.", nil, arrayOf(ref("schemas", "larder.Source"))))}}},
		{base + "/{source}", object{
			{"get", importOperation("larderSource", "Read one source", "", []any{source},
				importAnswer("200", "The source.", nil, ref("schemas", "larder.Source")), "404")},
			{"post", append(importOperation("larderImport", "Start an import of a source", "The import goes on behind the answer. Ask for its run, or follow its events, to know what becomes of it.", []any{source},
				importAnswer("202", "It has begun; this is its run.", []string{"Location"}, ref("schemas", "larder.Run")), "400", "404", "409", "413", "415"),
				importBody("larder.ImportRequest", false))},
		}},
		{base + "/runs", object{{"get", importOperation("larderRuns", "List the runs of imports", "The newest first.",
			[]any{ofSource, importNumber("before", "Only runs before the one with this id."), ref("parameters", "limit")},
			importAnswer("200", "The runs.", []string{"Link"}, arrayOf(ref("schemas", "larder.Run"))), "400")}}},
		{base + "/runs/{id}", object{{"get", importOperation("larderRun", "Read one run", "", []any{id("run")},
			importAnswer("200", "The run.", nil, ref("schemas", "larder.Run")), "404")}}},
		{base + "/runs/{id}/events", object{{"get", importOperation("larderRunEvents", "Follow a run",
			"Server-sent events: `run` with the run as it is, at first and when its status changes; `progress` with `phase`, `done` and `total` (0 while it is not known), where the server that answers runs it; `end` with the run as it ended.",
			[]any{id("run")},
			member{"200", object{{"description", "The events, until the run has ended."}, {"content", object{{mediaEvents, object{{"schema", object{{"type", "string"}}}}}}}}}, "404")}}},
		{base + "/conflicts", object{{"get", importOperation("larderConflicts", "List conflicts", "Fields that changed upstream and here, to different values. The oldest first.",
			[]any{
				ofSource, textParameter("type", "query", "Only those of records of the type with the name, as the models have it."),
				object{{"name", "state"}, {"in", "query"}, {"description", "Which conflicts."}, {"schema", object{{"type", "string"}, {"enum", []string{"open", "resolved", "all"}}, {"default", "open"}}}},
				importNumber("after", "Only conflicts behind the one with this id."), ref("parameters", "limit"),
			},
			importAnswer("200", "The conflicts.", []string{"Link"}, arrayOf(ref("schemas", "larder.Conflict"))), "400")}}},
		{base + "/conflicts/{id}", object{{"get", importOperation("larderConflict", "Read one conflict", "", []any{id("conflict")},
			importAnswer("200", "The conflict.", nil, ref("schemas", "larder.Conflict")), "404")}}},
		{base + "/conflicts/{id}/resolution", object{{"post", append(importOperation("larderResolve", "Resolve a conflict",
			"Takes upstream's value, by an ordinary change of the record, or keeps the local one. It stays resolved until upstream changes the field again.",
			[]any{id("conflict")},
			importAnswer("200", "The conflict, resolved.", nil, ref("schemas", "larder.Conflict")), "400", "404", "409", "413", "415"),
			importBody("larder.Resolution", true))}}},
	}
}

// importOperation is an operation with the one answer that is no problem.
func importOperation(id, summary, description string, parameters []any, fine member, problems ...string) object {
	operation := object{{"tags", []string{importsTag}}, {"operationId", id}, {"summary", summary}}.with("description", description)
	if parameters != nil {
		operation = append(operation, member{"parameters", parameters})
	}
	return append(operation, member{"responses", responses(fine).problems(append(problems, "406", "503")...)})
}

func importAnswer(status, description string, headers []string, schema object) member {
	return answer(status, description, headers, object{{mediaJSON, object{{"schema", schema}}}})
}

func importBody(schema string, required bool) member {
	return member{"requestBody", object{
		{"required", required},
		{"content", object{{mediaJSON, object{{"schema", ref("schemas", schema)}}}}},
	}}
}

// importNumber is a parameter that is a whole number from 1.
func importNumber(name, description string) object {
	return object{
		{"name", name},
		{"in", "query"},
		{"description", description},
		{"schema", object{{"type", "integer"}, {"format", "int64"}, {"minimum", 1}}},
	}
}

// pathParameter is a part of a path.
func pathParameter(name, description string, schema object) object {
	return object{{"name", name}, {"in", "path"}, {"required", true}, {"description", description}, {"schema", schema}}
}

// importSchemas are the components of the management of imports.
func importSchemas() object {
	text := func(description string) object { return object{{"type", "string"}}.with("description", description) }
	words := func(description string, choices ...string) object {
		return append(text(description), member{"enum", choices})
	}
	moment := func(description string) object { return append(text(description), member{"format", "date-time"}) }
	orNull := func(schema object) object {
		return append(object{{"type", []string{"string", "null"}}}, schema[1:]...)
	}
	count := func(description string) object {
		return object{{"type", "integer"}, {"format", "int64"}, {"minimum", 0}}.with("description", description)
	}
	value := func(description string) object { return object{{"description", description}} }
	texts := func(description string, items object) object {
		return append(arrayOf(items), member{"description", description})
	}
	links := object{{"type", "object"}, {"description", "Paths that lead on."}, {"additionalProperties", text("")}}
	return object{
		{"larder.Source", closed("A source of records.", object{
			{"name", text("")},
			{"kind", text("What it is read from: graphql, json, …")},
			{"schedule", orNull(text("When servers import it."))},
			{"due", orNull(moment("When the next import by the schedule is due."))},
			{"lastRun", object{{"oneOf", []any{ref("schemas", "larder.Run"), object{{"type", "null"}}}}}},
			{"openConflicts", count("At most 1,000: so many or more.")},
			{"links", links},
		})},
		{"larder.Run", closed("One import, as it is remembered.", object{
			{"id", count("")},
			{"source", text("")},
			{"status", words("", "waiting", "running", "done", "unchanged", "held", "failed")},
			{"startedAt", moment("")},
			{"finishedAt", orNull(moment(""))},
			{"seconds", object{{"type", "number"}, {"description", "From its start to its end; 0 before that."}}},
			{"bytes", count("Received from upstream, decompressed.")},
			{"fetched", count("Records of the source.")},
			{"created", count("")},
			{"adopted", count("Were here without a source, and have one now.")},
			{"updated", count("")},
			{"unchanged", count("")},
			{"conflicts", count("")},
			{"gone", count("Gone upstream, and kept here.")},
			{"removed", count("Gone upstream, and removed here.")},
			{"detached", count("Gone upstream, and kept here because they were changed or are used.")},
			{"deleted", count("Deleted here, and not created again.")},
			{"held", count("Rows that a held import would have changed.")},
			{"links", links},
		},
			member{"cause", words("Who asked for it.", "command", "schedule", "request")},
			member{"asked", text("A hash of the question and of the models that the answer is for.")},
			member{"address", text("Where the records came from.")},
			member{"upstreamStatus", count("Of upstream's last answer over HTTP.")},
			member{"error", text("Why it failed or was held.")},
		)},
		{"larder.ImportRequest", closed("How to import.", object{},
			member{"fresh", object{{"type", "boolean"}, {"description", "Fetch everything, also what upstream says has not changed."}}},
			member{"allow", texts("What would hold the import.", object{{"type", "string"}, {"enum", []string{"collapse", "drift"}}})},
			member{"restore", texts("Keys of records to create again that were deleted here; one of several parts is an array.", value("A key."))},
			member{"restoreType", text("The type of those records, as the models have it, where several have such keys.")},
		)},
		{"larder.Conflict", closed("A field that changed upstream and here, to different values. Those of a hidden field are not told.", object{
			{"id", count("")},
			{"source", text("")},
			{"type", text("As the models have it.")},
			{"key", object{{"type", "array"}, {"description", "By which the source knows the record."}}},
			{"recordId", text("")},
			{"field", text("As the models have it.")},
			{"run", count("The run that found it.")},
			{"foundAt", moment("")},
			{"open", object{{"type", "boolean"}, {"description", "Nobody has resolved it, and the value here is not upstream's."}}},
			{"links", links},
		},
			member{"base", value("The value that both were made from; absent where it is not known.")},
			member{"upstream", value("Upstream's value.")},
			member{"local", value("The value here, as it is now.")},
			member{"overwritten", value("The value that stood here before upstream's was taken.")},
			member{"resolution", words("", "local", "upstream")},
			member{"resolvedAt", moment("")},
		)},
		{"larder.Resolution", closed("Whose value is to stay.", object{{"take", words("", "upstream", "local")}})},
	}
}

// closed is an object with these members, and perhaps those that follow, and no
// others.
func closed(description string, required object, optional ...member) object {
	names := make([]string, len(required))
	for i, m := range required {
		names[i] = m.name
	}
	schema := object{
		{"type", "object"},
		{"description", description},
		{"properties", append(required, optional...)},
		{"additionalProperties", false},
	}
	if len(names) > 0 {
		schema = append(schema, member{"required", names})
	}
	return schema
}
