package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/postgrestest"
)

// LARDER_TEST_COPY=50000 is how many planets are copied; without it, few enough
// for a suite that is run often.
const fewPlanets = 3000

// TestACopyThatIsKilledIsResumed kills the binary at random moments of a copy,
// while the source is changed, until a copy comes to its end.
func TestACopyThatIsKilledIsResumed(t *testing.T) {
	larder := filepath.Join(t.TempDir(), "larder")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", larder, "../../cmd/larder").CombinedOutput(); err != nil { //nolint:gosec // of constants
		t.Fatalf("go build: %v\n%s", err, said)
	}
	planets := fewPlanets
	if text := os.Getenv("LARDER_TEST_COPY"); text != "" {
		var err error
		if planets, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	targets := map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "copy.db") },
		"PostgreSQL": func(t *testing.T) string { return postgrestest.Database(t) },
	}
	for name, target := range targets {
		t.Run("into "+name, func(t *testing.T) {
			c := copying{t, larder, manyPlanets(t, larder, planets), target(t)}
			c.untilDone(planets)
		})
	}
}

// manyPlanets is a project of a file with as many planets, imported.
func manyPlanets(t *testing.T, larder string, planets int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	var data bytes.Buffer
	for i := range planets {
		fmt.Fprintf(&data, `{"name": "Planet %06d", "population": %d, "terrains": ["desert", "tundra"]}`+"\n", i, i)
	}
	files := map[string]string{
		"planets.ndjson": data.String(),
		"larder.yaml":    "sources:\n  planets:\n    kind: file\n    path: planets.ndjson\n    snapshot: none\n",
		"models.graphql": `type Planet @source(name: "planets", key: ["name"]) { name: String! @unique population: Int64 @index terrains: [String!]! twin: Planet }`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, arguments := range [][]string{{"migrate", "diff", "init"}, {"migrate", "up"}, {"import"}} {
		if said, err := exec.CommandContext(t.Context(), larder, append(arguments, "-C", folder)...).CombinedOutput(); err != nil {
			t.Fatalf("larder %v: %v\n%s", arguments, err, said)
		}
	}
	return folder
}

// copying is a copy of a project's database by the binary.
type copying struct {
	*testing.T
	larder, folder, target string
}

func (c copying) untilDone(planets int) {
	c.Helper()
	began := time.Now()
	least := 3 // kills
	for kills := 0; ; kills++ {
		patience := 20*time.Millisecond + rand.N(time.Duration(kills+1)*100*time.Millisecond)
		if kills >= least && time.Since(began) > 5*time.Second {
			patience = time.Minute
		}
		said, killed := c.run(patience)
		if !killed {
			c.Logf("killed %d times", kills)
			c.check(said, planets)
			return
		}
		c.larderDoes("patch", "planets", "--where", fmt.Sprintf("id=eq.%d", 1+rand.IntN(planets)), fmt.Sprintf("population=%d", kills), "twinId=1")
	}
}

// run copies for so long and then kills the process, if it has not ended.
func (c copying) run(patience time.Duration) (said []byte, killed bool) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, c.larder, "copy", "-C", c.folder, "--to", c.target, "--json") //nolint:gosec // of the test's own; it ends by SIGKILL
	var failed bytes.Buffer
	command.Stderr = &failed
	said, err := command.Output()
	if bytes.Contains(failed.Bytes(), []byte("is a finished copy already")) { // the last kill came after the end
		return c.larderDoes("copy", "--to", c.target, "--update"), false
	}
	if err != nil && ctx.Err() == nil {
		c.Fatalf("copy: %v\n%s", err, failed.Bytes())
	}
	return said, err != nil
}

// larderDoes runs a command that must succeed.
func (c copying) larderDoes(arguments ...string) []byte {
	c.Helper()
	said, err := exec.CommandContext(c.Context(), c.larder, append(arguments, "-C", c.folder, "--json")...).Output() //nolint:gosec // of the test's own
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		c.Fatalf("larder %v: %v\n%s", arguments, err, exit.Stderr)
	}
	if err != nil {
		c.Fatal(err)
	}
	return said
}

// check holds a finished copy against its source: an update finds nothing to
// do, and an import finds every record as it was imported.
func (c copying) check(said []byte, planets int) {
	c.Helper()
	type report struct {
		Event  string
		Tables []struct {
			Table                   string
			Rows, Copied, Corrected int64
		}
		Types []struct{ Unchanged int }
	}
	last := func(said []byte) (r report) {
		lines := bytes.Split(bytes.TrimSpace(said), []byte("\n"))
		if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
			c.Fatalf("%v in %s", err, lines[len(lines)-1])
		}
		return r
	}
	if first := last(said); first.Event != "copied" || first.Tables[0].Rows != int64(planets) {
		c.Errorf("got %+v", first)
	}
	for _, table := range last(c.larderDoes("copy", "--to", c.target, "--update")).Tables {
		if table.Copied != 0 || table.Corrected != 0 {
			c.Errorf("an update finds something to do: %+v", table)
		}
	}
	imported := last(c.larderDoes("import", "--database", c.target))
	if len(imported.Types) != 1 || imported.Types[0].Unchanged != planets {
		c.Errorf("an import finds %+v", imported)
	}
}
