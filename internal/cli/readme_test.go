package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/cli"
)

// TestReadmeWalkthrough runs the README's console blocks from top to bottom, in
// a copy of the example, and demands that they print what the README says on
// standard output. The address is the only thing that differs: the README's port may be taken.
func TestReadmeWalkthrough(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
		t.Fatal(err)
	}
	// A database of someone who tried an example is not part of it.
	left, err := filepath.Glob(filepath.Join(folder, "examples", "*", "larder.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	w := &walkthrough{t: t, stop: func() {}}
	t.Cleanup(func() { w.stop() })
	for _, block := range regexp.MustCompile("(?s)```(console|graphql)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if block[1] == "graphql" {
			w.addPrice(block[2])
			continue
		}
		for _, step := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			command, want, _ := strings.Cut(step, "\n")
			if got := w.run(command); settled(got) != settled(want) {
				t.Errorf("$ %s\ngot:  %s\nwant: %s", command, got, want)
			}
		}
	}
	if w.commands < 10 {
		t.Errorf("%d commands ran: the README's blocks were not found", w.commands)
	}
}

// settled takes out what differs from run to run.
func settled(text string) string {
	return regexp.MustCompile(`in [0-9.]+ (ms|s)`).ReplaceAllString(strings.TrimSpace(text), "in … ms")
}

const readmeAddress = "127.0.0.1:8080"

type walkthrough struct {
	t        *testing.T
	address  string // where the server of the walk listens
	stop     func() // ends it
	commands int
}

// addPrice makes the edit that the README asks for.
func (w *walkthrough) addPrice(line string) {
	if !strings.Contains(line, "price:") {
		return
	}
	const file = "examples/shopping/models.graphql"
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	edited := regexp.MustCompile(`(?m)^  done: .*\n`).ReplaceAllString(string(text), "${0}"+line)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run runs one line as the README has it: a larder command or a curl.
func (w *walkthrough) run(command string) string {
	w.commands++
	words := shellWords(command)
	switch words[0] {
	case "larder":
		if words[1] == "up" || words[1] == "serve" {
			return w.start(words[1:])
		}
		var out bytes.Buffer
		cli.Run(w.t.Context(), words[1:], nil, &out, io.Discard)
		return out.String()
	case "curl":
		return w.curl(words[1:])
	}
	w.t.Fatalf("the README runs %q, which this test does not know", words[0])
	return ""
}

// start runs a server, after the one before it has ended, and returns what it
// says until it serves.
func (w *walkthrough) start(arguments []string) string {
	w.stop()
	ctx, stop := context.WithCancel(context.Background())
	var out lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, arguments, []string{"LARDER_LISTEN=127.0.0.1:0", "LARDER_LOG_LEVEL=error"}, &out, io.Discard)
	}()
	w.stop = sync.OnceFunc(func() {
		stop()
		if code := <-ended; code != 0 {
			w.t.Errorf("the server ended with %d:\n%s", code, out.String())
		}
	})
	serves := regexp.MustCompile(`http://([0-9.:]+)/docs\n`)
	for range 600 {
		if found := serves.FindStringSubmatch(out.String()); found != nil {
			w.address = found[1]
			return strings.ReplaceAll(out.String(), w.address, readmeAddress)
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatalf("it does not serve:\n%s", out.String())
	return ""
}

// curl does what curl does with the flags that the README uses.
func (w *walkthrough) curl(arguments []string) string {
	method, address, body, status := http.MethodGet, "", "", false
	header := http.Header{}
	for i := 0; i < len(arguments); i++ {
		switch arguments[i] {
		case "-X":
			i++
			method = arguments[i]
		case "-d":
			i++
			body = arguments[i]
		case "-w":
			i++
			status = true
		case "-H":
			i++
			name, value, _ := strings.Cut(arguments[i], ": ")
			header.Set(name, value)
		default:
			address = arguments[i]
		}
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, strings.Replace(address, readmeAddress, w.address, 1), strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if status {
		text = fmt.Append(text, response.StatusCode)
	}
	return strings.ReplaceAll(string(text), w.address, readmeAddress)
}

// shellWords splits a line at spaces outside of single quotes.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

// lockedBuffer is written by a command and read by the test meanwhile.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}
