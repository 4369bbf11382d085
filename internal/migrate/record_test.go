package migrate

import (
	"testing"

	"github.com/larderhq/larder/internal/store"
)

// A later release of larder may keep a table or a column more for itself. The migrations of
// a database that an earlier one made are no less applied, and Up makes it.
func TestUpMakesWhatAnEarlierReleaseLacked(t *testing.T) {
	path := t.TempDir()
	diffTo(t, path, "init", listsBefore)
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, engine := range map[string]store.Engine{SQLite: newSQLite(t), Postgres: postgresServer(t).open(t)} {
		for _, lacking := range []string{`DROP TABLE "larder_upstream"`, `ALTER TABLE "larder_run" DROP COLUMN "held"`} {
			t.Run(name, func(t *testing.T) {
				if _, err := Up(t.Context(), engine, dir, Options{}); err != nil {
					t.Fatal(err)
				}
				run(t, engine, lacking)
				expectOutdated(t, engine, true)
				states, err := Status(t.Context(), engine, dir)
				if err != nil || len(states) != 1 || states[0].Applied.IsZero() {
					t.Errorf("got the states %v, %v: the migration was applied", states, err)
				}
				applied, err := Up(t.Context(), engine, dir, Options{})
				if err != nil || len(applied) > 0 {
					t.Errorf("applied %v, %v: only what is larder's own was missing", applied, err)
				}
				expectOutdated(t, engine, false)
			})
		}
	}
}

func expectOutdated(t *testing.T, engine store.Engine, want bool) {
	t.Helper()
	if got, err := Outdated(t.Context(), engine); err != nil || got != want {
		t.Errorf("outdated: got %v, %v; want %v", got, err, want)
	}
}
