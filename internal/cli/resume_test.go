package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

// TestAReadThatIsKilledIsContinued kills the binary again and again while it
// reads a slow upstream page by page: no page that was read is asked for again,
// and what is imported is what an undisturbed import brings.
func TestAReadThatIsKilledIsContinued(t *testing.T) {
	upstream, err := graphqltest.Start(graphqltest.Behaviour{Redirect: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close() //nolint:errcheck // a failure of the test server is none of the test's
	larder := filepath.Join(t.TempDir(), "larder")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", larder, "../../cmd/larder").CombinedOutput(); err != nil { //nolint:gosec // of constants
		t.Fatalf("go build: %v\n%s", err, said)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"larder.yaml": "sources:\n  swapi:\n    url: " + upstream.URL + "\n    query: |\n" +
			"      query($after: String) { allPlanets(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } planets { name population terrains } } }\n",
		"models.graphql": `type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) { name: String! @unique population: Int64 terrains: [String!]! }`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(arguments ...string) string {
		t.Helper()
		said, err := exec.CommandContext(t.Context(), larder, append(arguments, "-C", folder)...).CombinedOutput() //nolint:gosec // built here
		if err != nil {
			t.Fatalf("larder %v: %v\n%s", arguments, err, said)
		}
		return string(said)
	}
	run("migrate", "diff", "init")
	run("migrate", "up", "--database", "undisturbed.db")
	run("import", "--database", "undisturbed.db", "--source", "swapi.snapshot=none")
	run("migrate", "up")

	const pages, eachTime = 30, 7
	upstream.Change(func(b *graphqltest.Behaviour) { b.Delay = 10 * time.Millisecond })
	before := len(upstream.Requests())
	kills := 0
	for ; kills < 3; kills++ {
		killed := exec.CommandContext(t.Context(), larder, "import", "-C", folder) //nolint:gosec // built here
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		for len(upstream.Requests()) < before+(kills+1)*eachTime {
			time.Sleep(time.Millisecond)
		}
		if err := killed.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := killed.Wait(); err == nil {
			t.Fatal("the import came to its end before it was killed")
		}
	}
	said := run("import")
	if !strings.Contains(said, "continues the read") || !strings.Contains(said, "60 created") {
		t.Errorf("got %s", said)
	}
	asked := map[string]int{}
	for _, r := range upstream.Requests()[before:] {
		if strings.Contains(r.Body, "__schema") || strings.Contains(r.Body, "__type(") {
			continue // the types, which are asked for when all pages are there
		}
		var body struct{ Variables struct{ After string } }
		if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
			t.Fatal(err)
		}
		asked[body.Variables.After]++
	}
	again := 0
	for _, times := range asked {
		again += times - 1
	}
	// The page that was on its way when the process was killed is asked for again.
	if len(asked) != pages || again > kills {
		t.Errorf("%d pages were asked for, %d of them again", len(asked), again)
	}
	if got, want := run("export", "planets"), run("export", "planets", "--database", "undisturbed.db"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".larder", "spool", "*.[pj]*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q are left, %v", left, err)
	}
}
