package statement

import (
	"time"

	"github.com/larderhq/larder/internal/model"
)

// These statements are on larder_idempotency, the table of answers that are
// replayed when a request comes again with its key.

// ClaimKey is the statement that takes an idempotency key for the request with
// the fingerprint: one affected row says that it was free. Whoever asks for a
// key that another transaction has just taken waits for that one's end.
func (b *Builder) ClaimKey(key, fingerprint string, now time.Time) Statement {
	w := newWriter(b.dialect)
	w.add(`INSERT INTO "larder_idempotency" ("key", "fingerprint", "created_at") VALUES (`)
	w.bind(key)
	w.add(", ")
	w.bind(fingerprint)
	w.add(", ")
	w.bind(b.moment(now))
	w.add(`) ON CONFLICT ("key") DO NOTHING`)
	return w.statement()
}

// KeptAnswer is the statement that reads the fingerprint and the answer of a
// key that is taken.
func (b *Builder) KeptAnswer(key string) Statement {
	w := newWriter(b.dialect)
	w.add(`SELECT "fingerprint", "answer" FROM "larder_idempotency" WHERE "key" = `)
	w.bind(key)
	return w.statement()
}

// KeepAnswer is the statement that stores the answer of a claimed key.
func (b *Builder) KeepAnswer(key string, answer []byte) Statement {
	w := newWriter(b.dialect)
	w.add(`UPDATE "larder_idempotency" SET "answer" = `)
	w.bind(answer)
	w.add(` WHERE "key" = `)
	w.bind(key)
	return w.statement()
}

// DropKey is the statement that frees a key taken before the moment, and with
// it at most 100 others that old, so that the table stays small without anyone
// waiting for a large deletion.
func (b *Builder) DropKey(key string, before time.Time) Statement {
	w := newWriter(b.dialect)
	w.add(`DELETE FROM "larder_idempotency" WHERE "key" IN (SELECT "key" FROM "larder_idempotency" WHERE "created_at" < `)
	w.bind(b.moment(before))
	w.add(` ORDER BY "created_at" LIMIT 100) OR "key" = `)
	w.bind(key)
	w.add(` AND "created_at" < `)
	w.bind(b.moment(before))
	return w.statement()
}

// moment is a time as larder's own tables hold it.
func (b *Builder) moment(t time.Time) any {
	return b.dialect.encode(stored{scalar: model.DateTime}, t)
}
