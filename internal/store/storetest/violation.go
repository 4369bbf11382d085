package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/store"
)

func testViolations(t *testing.T, create Create) {
	cases := []struct {
		name      string
		statement string
		kind      store.ViolationKind
		says      string // what the violation must name: a constraint or a column
	}{
		{"of a unique constraint names the column", `INSERT INTO "jar" ("name") VALUES ('plum')`, store.UniqueViolation, "name"},
		{"of a check names the constraint", `INSERT INTO "jar" ("name", "amount") VALUES ('quince', -1)`, store.CheckViolation, "jar_amount_check"},
		{"of not null names the column", `INSERT INTO "jar" ("name") VALUES (NULL)`, store.NotNullViolation, "name"},
		{"of a foreign key by a new row", `INSERT INTO "label" VALUES ('nothing')`, store.ForeignKeyViolation, ""},
		{"of a foreign key by a deletion", `DELETE FROM "jar"`, store.ForeignKeyViolation, ""},
	}
	engine, _ := withShelf(t, create)
	must(t, engine.Write(t.Context(), fill("plum", 1)))
	must(t, engine.Write(t.Context(), run(`INSERT INTO "label" VALUES ('plum')`)))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			violation := violationOf(t, engine.Write(t.Context(), run(c.statement)), c.kind)
			if c.says != "" && !strings.Contains(violation.Constraint, c.says) && !slices.Contains(violation.Columns, c.says) {
				t.Errorf("%#v does not name %s", violation, c.says)
			}
		})
	}
	for _, missing := range []string{`UPDATE "jar" SET "colour" = 1`, `INSERT INTO "jar" ("colour") VALUES (1)`, `DELETE FROM "lid"`} {
		var undefined *store.UndefinedError
		if err := engine.Write(t.Context(), run(missing)); !errors.As(err, &undefined) {
			t.Errorf("%s: got %v, want a *store.UndefinedError", missing, err)
		}
	}
	if got := jars(t, engine); got != 1 {
		t.Errorf("%d jars after refused changes, want 1", got)
	}
}
