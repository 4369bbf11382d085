//go:build unix

package bench_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/source/graphqltest"
)

// settings is the larder.yaml of the projects here; the endpoint comes from
// the environment.
const settings = `name: planets
sources:
  swapi:
    kind: graphql
    url: http://127.0.0.1/
    query: "query Query { allPlanets { planets { name population terrains climates } } }"
`

// released is how the binary is built that people get.
var released = []string{"-trimpath", "-ldflags", "-s -w"}

// buildLarder builds the binary with the flags.
func buildLarder(tb testing.TB, flags ...string) (binary string) {
	tb.Helper()
	binary = filepath.Join(tb.TempDir(), "larder")
	arguments := append([]string{"build", "-o", binary}, flags...)
	build := exec.CommandContext(tb.Context(), "go", append(arguments, "../../cmd/larder")...) //nolint:gosec // of constants
	if said, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, said)
	}
	return binary
}

// project is a project's folder and the binary that works on it.
type project struct {
	binary, folder string
	environment    []string
}

// newProject makes a project of planets whose database has its tables and no
// rows. The environment is added to that of the test; the database is a SQLite
// file unless it says otherwise.
func newProject(tb testing.TB, binary, endpoint string, environment ...string) *project {
	tb.Helper()
	p := &project{binary: binary, folder: tb.TempDir()}
	p.environment = append(os.Environ(), "LARDER_LISTEN=127.0.0.1:0", "LARDER_LOG_LEVEL=warn", "LARDER_SOURCE_SWAPI_URL="+endpoint)
	p.environment = append(p.environment, environment...)
	for name, text := range map[string]string{"larder.yaml": settings, "models.graphql": models} {
		check(tb, os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600))
	}
	p.run(tb, "migrate", "diff", "init")
	p.run(tb, "migrate", "up")
	return p
}

func (p *project) command(tb testing.TB, arguments ...string) *exec.Cmd {
	tb.Helper()
	command := exec.CommandContext(tb.Context(), p.binary, arguments...) //nolint:gosec // built here
	command.Dir, command.Env = p.folder, p.environment
	return command
}

// usage is what a command used.
type usage struct {
	processor time.Duration
	resident  int64 // bytes, the most that it, or a process that it started, had at once
}

// run runs a command to its end and returns what it used.
func (p *project) run(tb testing.TB, arguments ...string) usage {
	tb.Helper()
	var said bytes.Buffer
	command := p.command(tb, arguments...)
	command.Stdout, command.Stderr = &said, &said
	check(tb, command.Start())
	used, err := watch(command)
	if err != nil {
		tb.Fatalf("larder %s: %v\n%s", strings.Join(arguments, " "), err, &said)
	}
	return used
}

// watch waits for the end of a command that was started. The memory is looked
// at while it runs: what the system says afterwards (ru_maxrss) begins with what
// this process had when it started the command.
func watch(command *exec.Cmd) (usage, error) {
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var used usage
	for look := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case <-look.C:
			used.resident = max(used.resident, residentPeak(command.Process.Pid))
		case err := <-ended:
			look.Stop()
			used.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
			return used, err
		}
	}
}

// residentPeak is the most that a process, or one that it started, has had in
// memory; 0 where the system has no /proc, or the process has ended.
func residentPeak(process int) (most int64) {
	folder := filepath.Join("/proc", strconv.Itoa(process))
	text, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return 0
	}
	if _, after, found := strings.Cut(string(text), "VmHWM:"); found {
		kilobytes, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
		if err != nil {
			return 0
		}
		most = kilobytes * 1024
	}
	threads, err := filepath.Glob(filepath.Join(folder, "task", "*", "children"))
	if err != nil {
		return most
	}
	for _, children := range threads {
		text, err := os.ReadFile(children)
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(text)) {
			if id, err := strconv.Atoi(child); err == nil {
				most = max(most, residentPeak(id))
			}
		}
	}
	return most
}

// serving is a larder that serves a project.
type serving struct {
	*exec.Cmd
	address string
	said    *bytes.Buffer // on standard error
}

// serve starts larder serve and returns when it answers.
func (p *project) serve(tb testing.TB) *serving {
	tb.Helper()
	s := &serving{Cmd: p.command(tb, "serve", "--json"), said: new(bytes.Buffer)}
	s.Stderr = s.said
	events, err := s.StdoutPipe()
	check(tb, err)
	check(tb, s.Start())
	for lines := bufio.NewScanner(events); lines.Scan(); {
		var event struct{ Event, Address string }
		check(tb, json.Unmarshal(lines.Bytes(), &event))
		if event.Event != "serving" {
			continue
		}
		s.address = strings.TrimPrefix(event.Address, "http://")
		answer, err := http.Get(event.Address + "/readyz")
		check(tb, err)
		check(tb, answer.Body.Close())
		if answer.StatusCode != http.StatusOK {
			tb.Fatalf("/readyz answers %s", answer.Status)
		}
		return s
	}
	tb.Fatalf("larder serve ended: %v\n%s", s.Wait(), s.said)
	return nil
}

// stop ends the server as a person would.
func (s *serving) stop(tb testing.TB) {
	tb.Helper()
	check(tb, s.Process.Signal(syscall.SIGTERM))
	if err := s.Wait(); err != nil {
		tb.Fatalf("larder serve: %v\n%s", err, s.said)
	}
}

// upstream is a GraphQL endpoint with n planets.
func upstream(tb testing.TB, n int) (endpoint string) {
	tb.Helper()
	var body bytes.Buffer
	body.WriteString(`{"data":{"allPlanets":{"planets":[`)
	for i := range n {
		if i > 0 {
			body.WriteByte(',')
		}
		name, population, terrains, climates := planet(i)
		text, err := json.Marshal(map[string]any{"name": name, "population": float64(population), "terrains": terrains, "climates": climates})
		check(tb, err)
		body.Write(text)
	}
	body.WriteString(`]}}}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); graphqltest.RefuseTypes(w, body) {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body.Bytes())
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// BenchmarkImport runs "larder import" of 100,000 planets with two lists each
// into an empty database, and again without a change.
func BenchmarkImport(b *testing.B) {
	const many = 100_000
	binary, endpoint := buildLarder(b, released...), upstream(b, many)
	var first, again, worked time.Duration
	var memory int64
	rounds := 0
	for b.Loop() {
		p := newProject(b, binary, endpoint)
		began := time.Now()
		used := p.run(b, "import")
		first += time.Since(began)
		worked += used.processor
		began = time.Now()
		p.run(b, "import")
		again += time.Since(began)
		memory = max(memory, used.resident)
		rounds++
	}
	b.ReportMetric(first.Seconds()/float64(rounds), "s/first")
	b.ReportMetric(worked.Seconds()/float64(rounds), "cpu-s/first")
	b.ReportMetric(again.Seconds()/float64(rounds), "s/again")
	b.ReportMetric(float64(memory)/1e6, "MB-RSS")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkExport runs "larder export" of 100,000 planets with two lists each
// to an NDJSON file.
func BenchmarkExport(b *testing.B) {
	const many = 100_000
	p := newProject(b, buildLarder(b, released...), upstream(b, many))
	p.run(b, "import")
	var took, worked time.Duration
	var memory int64
	rounds := 0
	for b.Loop() {
		began := time.Now()
		used := p.run(b, "export", "--output", "planets.ndjson", "--force")
		took += time.Since(began)
		worked += used.processor
		memory = max(memory, used.resident)
		rounds++
	}
	b.ReportMetric(float64(many*rounds)/took.Seconds(), "rows/s")
	b.ReportMetric(worked.Seconds()/float64(rounds), "cpu-s")
	b.ReportMetric(float64(memory)/1e6, "MB-RSS")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkColdStart is the time from starting "larder serve" on a database of
// 20,000 planets to its first answer.
func BenchmarkColdStart(b *testing.B) {
	binary, endpoint := buildLarder(b, released...), upstream(b, planets)
	for engine, database := range databases {
		b.Run(engine, func(b *testing.B) {
			p := newProject(b, binary, endpoint, database(b)...)
			p.run(b, "import")
			for b.Loop() {
				s := p.serve(b)
				b.StopTimer()
				s.stop(b)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/start")
		})
	}
}

// databases are the settings of a project's database: the file that it has by
// itself, or a new database of PostgreSQL.
var databases = map[string]func(tb testing.TB) (environment []string){
	"SQLite":     func(testing.TB) []string { return nil },
	"PostgreSQL": func(tb testing.TB) []string { return []string{"LARDER_DATABASE=" + postgrestest.Database(tb)} },
}

// BenchmarkBinary reports the size of the released binary.
func BenchmarkBinary(b *testing.B) {
	info, err := os.Stat(buildLarder(b, released...))
	check(b, err)
	for b.Loop() { //nolint:revive // there is nothing to repeat
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}
