package statement

// FindContract selects what larder remembers of the types of a source's
// upstream, a JSON object.
func FindContract(d Dialect, source string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT CAST("types" AS text) FROM "larder_contract" WHERE "source" = %s`, a.bind(source))
}

// RememberContract keeps what a source's upstream said of its types in the run,
// a JSON object.
func RememberContract(d Dialect, source string, run int64, types string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`INSERT INTO "larder_contract" ("source", "run_id", "types") VALUES (%s, %s, %s) `+
		`ON CONFLICT ("source") DO UPDATE SET "run_id" = excluded."run_id", "types" = excluded."types"`,
		a.bind(source), a.bind(run), a.bind(types))
}
