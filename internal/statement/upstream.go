package statement

// Upstream is a row of larder_upstream: by what a source's upstream tells
// whether it has anything new since an import. It counts while that import is
// the source's last one and the source has as many origins as after it.
type Upstream struct {
	Source             string
	Run                int64
	Asked              string // a hash of all that decides what an import makes of an answer
	ETag, LastModified string // "" where upstream gave none
}

// RememberUpstream writes the row of the source.
func RememberUpstream(d Dialect, u Upstream) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`INSERT INTO "larder_upstream" ("source", "run_id", "asked", "etag", "last_modified", "origins")
VALUES (%s, %s, %s, %s, %s, (SELECT count(*) FROM "larder_origin" WHERE "source" = %s))
ON CONFLICT ("source") DO UPDATE SET "run_id" = excluded."run_id", "asked" = excluded."asked", "etag" = excluded."etag",
  "last_modified" = excluded."last_modified", "origins" = excluded."origins"`,
		a.bind(u.Source), a.bind(u.Run), a.bind(u.Asked), a.bind(u.ETag), a.bind(u.LastModified), a.bind(u.Source))
}

// FindUpstream selects etag and last_modified of the source, where they still
// count for what is asked.
func FindUpstream(d Dialect, source, asked string) Statement {
	a := &arguments{dialect: stagingOf(d)}
	return a.statement(`SELECT "etag", "last_modified" FROM "larder_upstream"
WHERE "source" = %s AND "asked" = %s
  AND "run_id" = (SELECT max("id") FROM "larder_run" WHERE "source" = %s AND "status" = 'done')
  AND "origins" = (SELECT count(*) FROM "larder_origin" WHERE "source" = %s)`,
		a.bind(source), a.bind(asked), a.bind(source), a.bind(source))
}
