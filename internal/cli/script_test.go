package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/source/graphqltest"
	"github.com/larderhq/larder/internal/source/module"
)

var update = flag.Bool("update", false, "write the expected files of the scripts anew")

func TestMain(m *testing.M) {
	module.Child()
	testscript.Main(m, map[string]func(){"larder": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := cli.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}})
}

// TestScripts runs testdata/script/*.txtar: whole commands against a GraphQL
// server, as a person would type them. Beside testscript's own commands there
// are
//
//	example NAME             copies a project of examples/ into the working folder
//	exits CODE larder …      runs a command and checks its exit code
//	http METHOD PATH [BODY]  asks the API at $LISTEN, waiting for it to answer:
//	                         "STATUS", then the body, then a line end
//	headers PATH [NAME VALUE]…  asks with these headers: "STATUS", then the answer's
//	upstream down            stops the GraphQL server at $UPSTREAM
//	upstream silent          has it refuse introspection
//	upstream planets FILE    gives it other planets
//	upstream schema OLD NEW  replaces a text of its schema
//	upstream tag TAG         gives every answer an ETag
//	upstream agents NAME     checks that the last request's User-Agent begins so
//	upstream fails MESSAGE   has every answer report an error at the first planet's name
//	occupy                   listens at $LISTEN
//	terminate                sends SIGTERM to the commands in the background
//	jsonlines FILE EVENT…    checks that each line is a JSON object and that the
//	                         events are these
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup:               setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"example": example, "exits": exits, "http": ask, "headers": headers, "upstream": change, "occupy": occupy, "terminate": terminate,
			"jsonlines": jsonLines,
		},
	})
}

type upstreamKey struct{}

func setUp(env *testscript.Env) error {
	upstream, err := graphqltest.Start(graphqltest.Behaviour{})
	if err != nil {
		return err
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			_ = upstream.Close() // a failure of the test server is none of the script
		}
	}
	env.Defer(stop)
	env.Values[upstreamKey{}] = &upstreamServer{upstream, stop}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("LISTEN", listener.Addr().String())
	env.Setenv("LARDER_LISTEN", listener.Addr().String())
	env.Setenv("UPSTREAM", upstream.URL)
	env.Setenv("UPSTREAM_TARGET", strings.TrimSuffix(upstream.URL, graphqltest.Path)+graphqltest.Target)
	return listener.Close()
}

type upstreamServer struct {
	*graphqltest.Server
	stop func()
}

func example(ts *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) != 1 {
		ts.Fatalf("usage: example NAME")
	}
	ts.Check(copyExample(ts.MkAbs(arguments[0]), arguments[0]))
}

// copyExample makes the folder a copy of a project of examples/, without the
// database of someone who tried it.
func copyExample(folder, name string) error {
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("../../examples", name))); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(folder, "larder.db*"))
	for _, file := range left {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

func exits(ts *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(arguments[0])
	ts.Check(err)
	err = ts.Exec(arguments[1], arguments[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func ask(ts *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) < 2 || len(arguments) > 3 {
		ts.Fatalf("usage: http METHOD PATH [BODY]")
	}
	body := ""
	if len(arguments) == 3 {
		body = arguments[2]
	}
	deadline := time.Now().Add(15 * time.Second)
	for {
		status, answer, err := request(arguments[0], "http://"+ts.Getenv("LISTEN")+arguments[1], body)
		if err == nil {
			_, err = fmt.Fprintf(ts.Stdout(), "%d\n%s\n", status, strings.TrimSuffix(answer, "\n"))
			ts.Check(err)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no answer: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func headers(ts *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments)%2 != 1 {
		ts.Fatalf("usage: headers PATH [NAME VALUE]…")
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+ts.Getenv("LISTEN")+arguments[0], nil)
	ts.Check(err)
	for pair := range slices.Chunk(arguments[1:], 2) {
		r.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer response.Body.Close() //nolint:errcheck // it is not read
	_, err = fmt.Fprintln(ts.Stdout(), response.StatusCode)
	ts.Check(err)
	ts.Check(response.Header.Write(ts.Stdout()))
}

func request(method, url, body string) (status int, answer string, err error) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func change(ts *testscript.TestScript, _ bool, arguments []string) {
	server := ts.Value(upstreamKey{}).(*upstreamServer)
	switch {
	case len(arguments) == 1 && arguments[0] == "down":
		server.stop()
	case len(arguments) == 1 && arguments[0] == "silent":
		server.Change(func(b *graphqltest.Behaviour) { b.NoIntrospection = true })
	case len(arguments) == 2 && arguments[0] == "planets":
		var planets []graphqltest.Planet
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(arguments[1])), &planets))
		server.SetPlanets(planets)
	case len(arguments) == 3 && arguments[0] == "schema":
		ts.Check(server.SetSchema(arguments[1], arguments[2]))
	case len(arguments) == 2 && arguments[0] == "fails":
		server.Change(func(b *graphqltest.Behaviour) {
			b.FieldErrors = map[string]string{"allPlanets.planets.0.name": arguments[1]}
		})
	case len(arguments) == 2 && arguments[0] == "tag":
		server.Change(func(b *graphqltest.Behaviour) { b.ETag = strconv.Quote(arguments[1]) })
	case len(arguments) == 2 && arguments[0] == "agents":
		requests := server.Requests()
		if agent := requests[len(requests)-1].Header.Get("User-Agent"); !strings.HasPrefix(agent, arguments[1]) {
			ts.Fatalf("the last request was made by %q", agent)
		}
	default:
		ts.Fatalf("usage: upstream down|silent|planets FILE|schema OLD NEW|fails MESSAGE|tag TAG|agents NAME")
	}
}

func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", ts.Getenv("LISTEN"))
	ts.Check(err)
	ts.Defer(func() { ts.Check(listener.Close()) })
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, command := range ts.BackgroundCmds() {
		ts.Check(command.Process.Signal(syscall.SIGTERM))
	}
}

func jsonLines(ts *testscript.TestScript, _ bool, arguments []string) {
	var events []string
	for line := range strings.Lines(ts.ReadFile(arguments[0])) {
		var object struct{ Event string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%v: %s", err, line)
		}
		events = append(events, object.Event)
	}
	if !slices.Equal(events, arguments[1:]) {
		ts.Fatalf("events %v, want %v", events, arguments[1:])
	}
}
