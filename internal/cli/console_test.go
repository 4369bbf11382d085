package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
)

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	for _, test := range []struct {
		name     string
		terminal bool
		environ  []string
		want     string
	}{
		{"a terminal", true, nil, "\x1b[32mdone     \x1b[0m  it\n"},
		{"a pipe", false, nil, "done       it\n"},
		{"a terminal under NO_COLOR", true, []string{"NO_COLOR=1"}, "done       it\n"},
		{"a terminal under an empty NO_COLOR", true, []string{"NO_COLOR="}, "\x1b[32mdone     \x1b[0m  it\n"},
		{"a dumb terminal", true, []string{"TERM=dumb"}, "done       it\n"},
	} {
		var out bytes.Buffer
		c := newConsole(&out, &out, test.environ)
		c.outTerminal = test.terminal
		c.step(good, "done", "it")
		if out.String() != test.want {
			t.Errorf("%s: %q, want %q", test.name, out.String(), test.want)
		}
	}
}

func TestEventsAreObjectsWithTheirNameFirst(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(&out, &out, nil)
	c.event("unseen", struct{}{})
	c.json = true
	c.line("unseen")
	c.event("stopped", struct{}{})
	c.event("version", struct {
		Version string `json:"version"`
	}{`1 "x"`})
	want := "{\"event\":\"stopped\"}\n{\"event\":\"version\",\"version\":\"1 \\\"x\\\"\"}\n"
	if out.String() != want {
		t.Errorf("%s, want %s", out.String(), want)
	}
}

func TestTheColumnsOfATableAreAsWideAsTheirCells(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(&out, &out, nil)
	c.table([]string{"name", "n"}, [][]string{{"Polis Massa", "1"}, {"Bestiné", ""}})
	if want := "name         n\nPolis Massa  1\nBestiné\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestNumbersReadAsPeopleWriteThem(t *testing.T) {
	for got, want := range map[string]string{
		count(1, "record"):              "1 record",
		count(60, "record"):             "60 records",
		thousands(999):                  "999",
		thousands(100000):               "100,000",
		thousands(-1234567):             "-1,234,567",
		bytesText(999):                  "999 B",
		bytesText(6400):                 "6.4 kB",
		bytesText(11_400_000):           "11.4 MB",
		bytesText(2_000_000_000):        "2.0 GB",
		took(3 * time.Millisecond):      "3 ms",
		took(2500 * time.Millisecond):   "2.5 s",
		took(61 * time.Second):          "1m1s",
		keyText([]byte(`["Tatooine"]`)): "Tatooine",
		keyText([]byte(`[7,"x"]`)):      `[7,"x"]`,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestASourceIsNamedAfterItsHost(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://swapi-graphql.netlify.app/.netlify/functions/index": "swapi",
		"https://api.github.com/graphql":                             "github",
		"https://graphql.example.org/":                               "example",
		"https://www.countries.dev/graphql":                          "countries",
		"http://127.0.0.1:4000/graphql":                              "upstream",
		"http://[::1]:4000/graphql":                                  "upstream",
		"http://localhost:4000/graphql":                              "upstream",
		"://":                                                        "upstream",
	} {
		if got := sourceNameOf(endpoint); got != want {
			t.Errorf("%s: %q, want %q", endpoint, got, want)
		}
	}
}

func TestProgressIsShownOnATerminalAndCleared(t *testing.T) {
	var out bytes.Buffer
	c := newConsole(&out, &out, nil)
	quiet := c.newProgress("swapi")
	quiet.fetched(source.Progress{Bytes: 1})
	quiet.imported(importer.Progress{Phase: importer.Reading, Done: 1})
	quiet.done()
	if out.Len() > 0 {
		t.Errorf("a pipe got %q", out.String())
	}
	c.errTerminal = true
	p := c.newProgress("swapi")
	p.fetched(source.Progress{Bytes: 4096})
	p.fetchDone()
	p.imported(importer.Progress{Phase: importer.Reading, Done: 30})
	p.imported(importer.Progress{Phase: importer.Reading, Done: 60, Total: 60})
	p.imported(importer.Progress{Phase: importer.Writing, Done: 0, Total: 60})
	p.done()
	p.done() // again, as after a failure
	if p.bars != nil || strings.Contains(out.String(), "panic") {
		t.Errorf("progress is not over: %q", out.String())
	}
}
