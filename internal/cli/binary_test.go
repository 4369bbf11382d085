package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/larderhq/larder/internal/postgrestest"
)

// TestBinary holds the binary that people get to what many clients and many
// processes may rely on.
func TestBinary(t *testing.T) {
	larder := filepath.Join(t.TempDir(), "larder")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", larder, "../../cmd/larder").CombinedOutput(); err != nil { //nolint:gosec // of constants
		t.Fatalf("go build: %v\n%s", err, said)
	}
	for engine, database := range map[string]func(testing.TB) string{
		"SQLite":     func(testing.TB) string { return "" }, // the project's own file
		"PostgreSQL": postgrestest.Database,
	} {
		t.Run("what clients do at the same time is one history on "+engine, func(t *testing.T) {
			testOneHistory(t, folder{t, larder, t.TempDir(), database(t)}, 1, 32)
		})
		t.Run("what clients do at two servers is one history on "+engine, func(t *testing.T) {
			testOneHistory(t, folder{t, larder, t.TempDir(), database(t)}, 2, 64)
		})
		t.Run("lists lose nothing that was acknowledged on "+engine, func(t *testing.T) {
			testListsLoseNothing(t, folder{t, larder, t.TempDir(), database(t)})
		})
		t.Run("ten processes migrate once on "+engine, func(t *testing.T) {
			testMigrateTogether(t, folder{t, larder, t.TempDir(), database(t)})
		})
		t.Run("ten servers come up together on "+engine, func(t *testing.T) {
			testUpTogether(t, folder{t, larder, t.TempDir(), database(t)})
		})
		t.Run("ten servers ask upstream once on "+engine, func(t *testing.T) {
			testImportTogether(t, folder{t, larder, t.TempDir(), database(t)})
		})
		t.Run("a killed import gives its turn away on "+engine, func(t *testing.T) {
			testKilledImport(t, folder{t, larder, t.TempDir(), database(t)})
		})
		t.Run("servers keep a schedule together on "+engine, func(t *testing.T) {
			testSchedule(t, folder{t, larder, t.TempDir(), database(t)})
		})
	}
}

// folder is a project's folder and the binary that works on it.
type folder struct {
	*testing.T
	larder, path string
	database     string // LARDER_DATABASE; "" for the project's own file
}

func (f folder) write(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.path, name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// process is a larder that runs; what it says are JSON lines.
type process struct {
	*exec.Cmd
	said   *bufio.Scanner
	logged bytes.Buffer // on standard error
}

// start starts a command.
func (f folder) start(arguments ...string) *process {
	f.Helper()
	p := &process{Cmd: exec.CommandContext(f.Context(), f.larder, append(arguments, "--json")...)} //nolint:gosec // built here
	p.Dir = f.path
	p.Env = append(os.Environ(), "LARDER_LISTEN=127.0.0.1:0", "LARDER_LOG_LEVEL=error")
	if f.database != "" {
		p.Env = append(p.Env, "LARDER_DATABASE="+f.database)
	}
	p.Stderr = &p.logged
	events, err := p.StdoutPipe()
	if err := errors.Join(err, p.Start()); err != nil {
		f.Fatal(err)
	}
	p.said = bufio.NewScanner(events)
	return p
}

// event is what the tests read of a line.
type event struct {
	Event   string
	Address string   // of serving
	Applied []string // of migrated
	Types   []struct {
		Resource string
		Created  struct{ Count int }
	} // of imported
}

// until reads what the process says to the event of that name, or to the end.
func (f folder) until(p *process, name string) (events []event) {
	f.Helper()
	for p.said.Scan() {
		var e event
		if err := json.Unmarshal(p.said.Bytes(), &e); err != nil {
			f.Fatalf("%v: %s", err, p.said.Text())
		}
		events = append(events, e)
		if e.Event == name {
			break
		}
	}
	return events
}

// wait demands that the process ends well, and returns what it said until then.
func (f folder) wait(p *process) []event {
	f.Helper()
	events := f.until(p, "")
	if err := p.Wait(); err != nil {
		f.Fatalf("larder %s: %v\n%s", strings.Join(p.Args[1:], " "), err, p.logged.String())
	}
	return events
}

// serving demands that the process comes to serve, and returns where.
func (f folder) serving(p *process) (address string, events []event) {
	f.Helper()
	events = f.until(p, "serving")
	if len(events) == 0 || events[len(events)-1].Event != "serving" {
		f.wait(p)
		f.Fatalf("larder %s ended and did not serve: %v", strings.Join(p.Args[1:], " "), events)
	}
	return events[len(events)-1].Address, events
}

// stop ends a process that serves.
func (f folder) stop(p *process) {
	f.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		f.Fatal(err)
	}
	f.wait(p)
}
