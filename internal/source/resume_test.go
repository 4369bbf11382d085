package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

const pagedQuery = `query($after: String) { allPlanets(first: 7, after: $after) { totalCount pageInfo { hasNextPage endCursor } planets { name } } }`

// brokenOff is a spool that a fetch of the paged query left after so many of
// its nine pages.
func brokenOff(t *testing.T, s *graphqltest.Server, pages int) (spool string) {
	t.Helper()
	spool = filepath.Join(t.TempDir(), ".larder", "spool", "swapi")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	g := spooled(t, s.URL, spool, nil)
	_, err := g.Fetch(ctx, func(p Progress) {
		if p.Pages == pages {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the fetch was not broken off: %v", err)
	}
	return spool
}

func spooled(t *testing.T, address, spool string, change func(*GraphQLSettings)) *GraphQL {
	t.Helper()
	g, _ := connect(t, address, func(settings *GraphQLSettings) {
		settings.Query, settings.Spool = pagedQuery, spool
		if change != nil {
			change(settings)
		}
	})
	return g
}

// asked are the requests for pages that came since the first n.
func asked(s *graphqltest.Server, n int) []string {
	var cursors []string
	for _, r := range s.Requests()[n:] {
		var body struct{ Variables struct{ After string } }
		if r.Path == graphqltest.Target && json.Unmarshal([]byte(r.Body), &body) == nil {
			cursors = append(cursors, body.Variables.After)
		}
	}
	return cursors
}

func TestAFetchThatBrokeOffIsContinued(t *testing.T) {
	for pages := 1; pages <= 9; pages++ {
		t.Run(fmt.Sprintf("after page %d", pages), func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{})
			want := names(t, fetchAll(t, spooled(t, s.URL, "", nil)), "allPlanets.planets")
			spool := brokenOff(t, s, min(pages, 8))
			if pages == 9 { // killed between the fetch and the end of the import
				a, err := spooled(t, s.URL, spool, nil).Fetch(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, ending := range []string{".pages", ".journal"} {
					copyOf(t, spool+ending, spool+"-killed"+ending)
				}
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
				spool += "-killed"
			}
			before := len(s.Requests())
			a := fetchAll(t, spooled(t, s.URL, spool, nil))
			if got := names(t, a, "allPlanets.planets"); !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
			if got := asked(s, before); len(got) != 9-pages || slices.Contains(got, "") {
				t.Errorf("asked for %q", got)
			}
			if !a.Complete || a.Pages != 9 || !strings.Contains(strings.Join(a.Notices, "\n"), fmt.Sprintf("broke off: %d of its pages are kept", pages)) {
				t.Errorf("complete %v, %d pages, %q", a.Complete, a.Pages, a.Notices)
			}
		})
	}
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAnswerThatIsClosedLeavesNoPages(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	spool := filepath.Join(t.TempDir(), "spool", "swapi")
	a, err := spooled(t, s.URL, spool, nil).Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".pages", ".journal"} {
		if _, err := os.Stat(spool + ending); err != nil {
			t.Error(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(spool))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != ".gitignore" && entry.Name() != "swapi.lock" {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

func TestAFetchBeginsAnewWhereItCannotBeContinued(t *testing.T) {
	tests := []struct {
		name   string
		change func(*GraphQLSettings)
		spool  func(t *testing.T, name string)
		notice string
	}{
		{name: "the query changed", change: func(s *GraphQLSettings) { s.Query = strings.Replace(s.Query, "first: 7", "first: 8", 1) }},
		{name: "the address changed", change: func(s *GraphQLSettings) { s.URL += "?lang=fr" }},
		{name: "the variables changed", change: func(s *GraphQLSettings) { s.Variables = json.RawMessage(`{"after":null}`) }},
		{name: "nothing is to be continued", change: func(s *GraphQLSettings) { s.Resume = -1 }},
		{name: "it is too old", spool: func(t *testing.T, name string) {
			old := time.Now().Add(-61 * time.Minute)
			if err := os.Chtimes(name+".journal", old, old); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "the journal is empty", spool: func(t *testing.T, name string) { truncate(t, name+".journal", 0) }},
		{name: "the journal is of another form", spool: func(t *testing.T, name string) { replace(t, name+".journal", "spool 1", "spool 2") }},
		{name: "the first page is broken", spool: func(t *testing.T, name string) { replace(t, name+".pages", "Tatooine", "Tattooin") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, graphqltest.Behaviour{})
			spool := brokenOff(t, s, 4)
			if test.spool != nil {
				test.spool(t, spool)
			}
			before := len(s.Requests())
			a := fetchAll(t, spooled(t, s.URL, spool, test.change))
			if got := names(t, a, "allPlanets.planets"); len(got) != 60 || !a.Complete {
				t.Errorf("got %q, complete %v", got, a.Complete)
			}
			if got := asked(s, before); len(got) < 8 || got[0] != "" {
				t.Errorf("asked for %q", got)
			}
			if strings.Contains(strings.Join(a.Notices, "\n"), "continues") {
				t.Errorf("got %q", a.Notices)
			}
		})
	}
}

func truncate(t *testing.T, file string, bytes int64) {
	t.Helper()
	if err := os.Truncate(file, bytes); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, file, from, to string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil && !bytes.Contains(text, []byte(from)) {
		err = fmt.Errorf("%s has no %q", file, from)
	}
	if err == nil {
		err = os.WriteFile(file, bytes.Replace(text, []byte(from), []byte(to), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestATornSpoolIsContinuedBehindItsLastWholePage cuts both files at every
// length that a kill, or a machine that stops, may leave.
func TestATornSpoolIsContinuedBehindItsLastWholePage(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{Redirect: -1})
	spool := brokenOff(t, s, 5)
	want := names(t, fetchAll(t, spooled(t, s.URL, "", nil)), "allPlanets.planets")
	for _, ending := range []string{".pages", ".journal"} {
		whole, err := os.ReadFile(spool + ending)
		if err != nil {
			t.Fatal(err)
		}
		last := -1
		for length := 0; length <= len(whole); length += 23 {
			torn := filepath.Join(t.TempDir(), "torn")
			for _, each := range []string{".pages", ".journal"} {
				copyOf(t, spool+each, torn+each)
			}
			truncate(t, torn+ending, int64(length))
			a := fetchAll(t, spooled(t, s.URL, torn, nil))
			if got := names(t, a, "allPlanets.planets"); !slices.Equal(got, want) || !a.Complete {
				t.Fatalf("%s cut at %d: got %q, complete %v %q", ending, length, got, a.Complete, a.Notices)
			}
			kept := 0
			for _, notice := range a.Notices {
				if _, rest, found := strings.Cut(notice, "broke off: "); found {
					_, _ = fmt.Sscanf(rest, "%d of", &kept)
				}
			}
			if kept < last {
				t.Errorf("%s cut at %d: %d pages are kept, of less there were %d", ending, length, kept, last)
			}
			last = kept
		}
		if last < 4 {
			t.Errorf("%s: %d pages are kept at most", ending, last)
		}
	}
}

func TestACursorThatUpstreamForgotBeginsAnew(t *testing.T) {
	for _, partial := range []bool{false, true} {
		s := serve(t, graphqltest.Behaviour{})
		spool := brokenOff(t, s, 4)
		s.Change(func(b *graphqltest.Behaviour) { b.Forgotten = []string{"cGxhbmV0cy1jdXJzb3I6Mjc="} }) // planets-cursor:27
		before := len(s.Requests())
		g := spooled(t, s.URL, spool, func(settings *GraphQLSettings) { settings.Partial = partial })
		_, err := g.Fetch(t.Context(), nil)
		got := asked(s, before)
		if len(got) < 5 || got[0] != "cGxhbmV0cy1jdXJzb3I6Mjc=" || got[1] != "" {
			t.Errorf("partial %v: asked for %q, %v", partial, got, err)
		}
		// A read from the start gets no further either, which is its own matter.
		if !partial {
			wantText(t, err, "page 5", "Invalid cursor")
		}
	}
	s := serve(t, graphqltest.Behaviour{})
	spool := brokenOff(t, s, 4)
	s.SetPlanets(graphqltest.Synthetic(20))
	s.Change(func(b *graphqltest.Behaviour) { b.Forgotten = []string{"cGxhbmV0cy1jdXJzb3I6Mjc="} })
	a := fetchAll(t, spooled(t, s.URL, spool, nil))
	if got := names(t, a, "allPlanets.planets"); len(got) != 20 || !a.Complete {
		t.Errorf("got %q, complete %v", got, a.Complete)
	}
	if text := strings.Join(a.Notices, "\n"); !strings.Contains(text, "begins anew") || !strings.Contains(text, "Invalid cursor") {
		t.Errorf("got %q", a.Notices)
	}
}

func TestWhatAnUnreachableUpstreamGaveIsKept(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	spool := filepath.Join(t.TempDir(), "swapi")
	g := spooled(t, s.URL, spool, func(settings *GraphQLSettings) { settings.Retries = -1 })
	_, err := g.Fetch(t.Context(), func(p Progress) {
		if p.Pages == 6 {
			s.Change(func(b *graphqltest.Behaviour) { b.Fail = 1 })
		}
	})
	wantText(t, err, "page 7", "cannot be reached")
	before := len(s.Requests())
	if a := fetchAll(t, g); a.Pages != 9 || len(asked(s, before)) != 3 {
		t.Errorf("%d pages, asked for %q", a.Pages, asked(s, before))
	}
}

func TestASpoolThatIsInUseIsLeftAlone(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	spool := filepath.Join(t.TempDir(), "swapi")
	first := fetchAll(t, spooled(t, s.URL, spool, nil))
	second := fetchAll(t, spooled(t, s.URL, spool, nil))
	for _, a := range []*Answer{first, second} {
		if got := names(t, a, "allPlanets.planets"); len(got) != 60 {
			t.Errorf("got %q", got)
		}
	}
	if text := strings.Join(second.Notices, "\n"); !strings.Contains(text, "another process reads the same source") {
		t.Errorf("got %q", second.Notices)
	}
}

func TestAFolderThatCannotBeWrittenOnlyEndsContinuing(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := fetchAll(t, spooled(t, s.URL, filepath.Join(file, "swapi"), nil))
	if text := strings.Join(a.Notices, "\n"); a.Pages != 9 || !strings.Contains(text, "it cannot be continued") {
		t.Errorf("%d pages, %q", a.Pages, a.Notices)
	}
}

// FuzzSpool reads arbitrary files as a spool: whatever they hold, what is taken
// over are first pages exactly as they came.
func FuzzSpool(f *testing.F) {
	s := serve(f, graphqltest.Behaviour{Redirect: -1})
	settings := GraphQLSettings{URL: s.URL, Query: pagedQuery, Spool: filepath.Join(f.TempDir(), "fuzzed")}
	g, err := NewGraphQL(settings)
	if err != nil {
		f.Fatal(err)
	}
	want := names(f, fetchAll(f, g), "allPlanets.planets")
	settings.Spool += "-broken"
	if g, err = NewGraphQL(settings); err != nil {
		f.Fatal(err)
	}
	var pages, journal []byte
	ctx, stop := context.WithCancel(f.Context())
	defer stop()
	if _, err := g.Fetch(ctx, func(p Progress) {
		if p.Pages == 3 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		f.Fatal(err)
	}
	if pages, err = os.ReadFile(settings.Spool + ".pages"); err == nil {
		journal, err = os.ReadFile(settings.Spool + ".journal")
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pages, journal)
	f.Add(pages[:len(pages)-10], journal)
	f.Add(pages, journal[:len(journal)-10])
	f.Add(bytes.Replace(pages, []byte(`"Hoth"`), []byte(`"Htoh"`), 1), journal)
	f.Add(pages, bytes.Replace(journal, []byte(`"page":2`), []byte(`"page":3`), 1))
	f.Add([]byte{}, []byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, pages, journal []byte) {
		for ending, text := range map[string][]byte{".pages": pages, ".journal": journal} {
			if err := os.WriteFile(settings.Spool+ending, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		question, err := parseQuestion(pagedQuery, "")
		if err != nil {
			t.Fatal(err)
		}
		file, lines, _, err := g.storage(question)
		if err != nil {
			t.Fatal(err)
		}
		kept := &spool{file: file, paged: map[string]int{}}
		run := &fetch{GraphQL: g, file: file, journal: lines, left: 1 << 30, target: g.endpoint, spool: kept, answer: &Answer{}, question: question}
		defer run.remove() //nolint:errcheck // the next input writes over it
		count, more, err := run.begin(true, map[string]any{})
		if lost := (*lostPlace)(nil); errors.As(err, &lost) {
			return
		}
		if err != nil || count > 3 || !more {
			t.Fatalf("%d pages, more %v, %v", count, more, err)
		}
		if kept.paged["allPlanets"] = count; count == 0 {
			return
		}
		if got := names(t, answerOf(run.answer, kept, nil), "allPlanets.planets"); !slices.Equal(got, want[:7*count]) {
			t.Fatalf("%d pages: got %q", count, got)
		}
	})
}
