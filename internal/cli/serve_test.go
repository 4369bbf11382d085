package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/source/graphqltest"
)

// planetsProject makes a project with the planets of a test server.
func planetsProject(t *testing.T) string {
	t.Helper()
	upstream, err := graphqltest.Start(graphqltest.Behaviour{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := upstream.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(t.TempDir(), "planets")
	var out bytes.Buffer
	code := cli.Run(t.Context(), []string{"new", dir, "--graphql", upstream.URL, "--query", "{allPlanets{planets{name population}}}", "--name", "swapi"}, os.Environ(), &out, &out)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	return dir
}

func TestPortZeroPicksAFreePortAndPrintsIt(t *testing.T) {
	dir := planetsProject(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	var log bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		exit <- cli.Run(ctx, []string{"up", dir, "--listen", "127.0.0.1:0"}, nil, writer, &log)
		_ = writer.Close() // a pipe's never fails
	}()
	asked := false
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		address := strings.TrimSpace(lines.Text())
		if !strings.HasSuffix(address, "/docs") { // the last line before it serves
			continue
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || strings.HasSuffix(request.URL.Host, ":0") {
			t.Errorf("%s answers %s", address, response.Status)
		}
		asked = true
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		stop()
	}
	if code := <-exit; code != 0 || !asked {
		t.Errorf("exit code %d, asked %v; log: %s", code, asked, log.String())
	}
}

func TestACommandThatIsStoppedSaysSo(t *testing.T) {
	dir := planetsProject(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, log bytes.Buffer
	if code := cli.Run(ctx, []string{"migrate", "up", "-C", dir}, nil, &out, &log); code != 1 {
		t.Errorf("exit code %d: %s", code, out.String())
	}
	if !strings.HasPrefix(log.String(), "larder: stopped before it was done") {
		t.Errorf("it said %q", log.String())
	}
}
