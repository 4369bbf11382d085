package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/cli"
)

// TestReadmeWalkthrough runs the README's console blocks from top to bottom, in
// a copy of the examples, and demands that they print what the README says on
// standard output; -update writes what they print. The address is the only thing
// that differs: the README's port may be taken.
func TestReadmeWalkthrough(t *testing.T) {
	readme, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme) //nolint:gosec // the repository's
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, example := range []string{"planets", "shopping"} {
		if err := copyExample(filepath.Join(folder, "examples", example), example); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	w := newWalkthrough(t)
	ran := regexp.MustCompile("(?s)```(console|graphql)\n(.*?)```").ReplaceAllStringFunc(string(text), func(block string) string {
		if body, isModel := strings.CutPrefix(block, "```graphql\n"); isModel {
			w.addPrice(strings.TrimSuffix(body, "```"))
			return block
		}
		return w.runBlock(block)
	})
	if w.commands < 30 {
		t.Errorf("%d commands ran: the README's blocks were not found", w.commands)
	}
	if *update && ran != string(text) {
		if err := os.WriteFile(readme, []byte(ran), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// runBlock runs the commands of a block and returns it with what they print.
func (w *walkthrough) runBlock(block string) string {
	head, tail := "```console\n", "```"
	for step := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(block, head+"$ "), tail), "\n$ ") {
		command, want, _ := strings.Cut(strings.TrimSuffix(step, "\n"), "\n")
		got := strings.TrimSpace(w.run(command))
		switch {
		case settled(got) == settled(want):
			got = strings.TrimSpace(want)
		case !*update:
			w.t.Errorf("$ %s\ngot:  %s\nwant: %s", command, got, want)
		}
		head += "$ " + command + "\n"
		if got != "" {
			head += got + "\n"
		}
	}
	return head + tail
}

// settled takes out what differs from run to run, and the line breaks of JSON
// that is broken into lines for its readers.
func settled(text string) string {
	text = regexp.MustCompile(`in [0-9.]+ (ms|s)`).ReplaceAllString(strings.TrimSpace(text), "in … ms")
	text = regexp.MustCompile(`("(seconds|asked|startedAt|finishedAt|foundAt|resolvedAt)": ?)[^,}]+`).ReplaceAllString(text, `${1}"…"`)
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(text)) != nil {
		return text
	}
	return compact.String()
}

const readmeAddress = "127.0.0.1:8080"

type walkthrough struct {
	t        *testing.T
	address  string // where the server of the walk listens
	stop     func() // ends it
	commands int
}

func newWalkthrough(t *testing.T) *walkthrough {
	w := &walkthrough{t: t, stop: func() {}}
	t.Cleanup(func() { w.stop() })
	return w
}

// addPrice makes the edit that the README asks for.
func (w *walkthrough) addPrice(line string) {
	if !strings.Contains(line, "price:") {
		return
	}
	const file = "shopping/models.graphql"
	text, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	edited := regexp.MustCompile(`(?m)^  done: .*\n`).ReplaceAllString(string(text), "${0}"+line)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run runs one line as the README has it: a larder command, a curl, or a shell's
// way to make files.
func (w *walkthrough) run(command string) string {
	if command, last, isPiped := strings.Cut(command, " | tail -n "); isPiped {
		lines := strings.SplitAfter(strings.TrimSuffix(w.run(command), "\n"), "\n")
		count, err := strconv.Atoi(last)
		if err != nil || count > len(lines) {
			w.t.Fatalf("tail -n %s of %q", last, lines)
		}
		return strings.Join(lines[len(lines)-count:], "")
	}
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
	case "cp": // -r FROM .
		if err := os.CopyFS(filepath.Base(words[2]), os.DirFS(words[2])); err != nil {
			w.t.Fatal(err)
		}
		return ""
	case "echo": // TEXT | tee FILE…
		for _, file := range words[4:] {
			if err := os.WriteFile(file, []byte(words[1]+"\n"), 0o600); err != nil {
				w.t.Fatal(err)
			}
		}
		return words[1] + "\n"
	}
	w.t.Fatalf("a page runs %q, which this test does not know", words[0])
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
	method, address, body := http.MethodGet, "", ""
	globs, quiet, status := true, false, false
	header := http.Header{}
	for i := 0; i < len(arguments); i++ {
		switch arguments[i] {
		case "-X":
			i++
			method = arguments[i]
		case "-d":
			i++
			body = arguments[i]
		case "-g":
			globs = false
		case "-N": // nothing is held back here
		case "-o":
			i++
			quiet = true
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
	if globs && strings.ContainsAny(address, "{}[]") {
		w.t.Errorf("curl takes the braces out of %s: give it -g", address)
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
	if quiet {
		text = nil
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
