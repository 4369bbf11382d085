package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

func unchanged(err error) bool {
	var nothing *UnchangedError
	return errors.As(err, &nothing)
}

func TestAnEndpointThatHasNothingNewIsNotRead(t *testing.T) {
	s := serve(t, graphqltest.Behaviour{ETag: `W/"1"`})
	a := fetchAll(t, first(connect(t, s.URL, nil)))
	if a.Validators != (Validators{ETag: `W/"1"`}) {
		t.Fatalf("got %v", a.Validators)
	}
	known := func(settings *GraphQLSettings) { settings.Known = a.Validators }
	if _, err := first(connect(t, s.URL, known)).Fetch(t.Context(), nil); !unchanged(err) {
		t.Errorf("got %v", err)
	}
	s.Change(func(b *graphqltest.Behaviour) { b.ETag = `W/"2"` })
	if again := fetchAll(t, first(connect(t, s.URL, known))); again.Validators.ETag != `W/"2"` || len(names(t, again, "allPlanets.planets")) != 60 {
		t.Errorf("got %v", again.Validators)
	}
	// As RFC 9110 has it for POST.
	s.Change(func(b *graphqltest.Behaviour) { b.ETag, b.Conditional = `W/"1"`, http.StatusPreconditionFailed })
	if again := fetchAll(t, first(connect(t, s.URL, known))); len(names(t, again, "allPlanets.planets")) != 60 {
		t.Error("a failed precondition brings no answer")
	}
}

func first(g *GraphQL, _ *waits) *GraphQL { return g }

func TestOnlyAWholeAnswerOfOnePageHasValidators(t *testing.T) {
	for name, change := range map[string]func(*GraphQLSettings, *graphqltest.Behaviour){
		"several pages": func(s *GraphQLSettings, _ *graphqltest.Behaviour) { s.Query = pagedQuery },
		"an incomplete answer": func(s *GraphQLSettings, _ *graphqltest.Behaviour) {
			s.Query = `{ allPlanets(first: 5) { planets { name } } }`
		},
		"errors": func(s *GraphQLSettings, b *graphqltest.Behaviour) {
			s.Partial, b.FieldErrors = true, map[string]string{"allPlanets.planets.1.name": "x"}
		},
	} {
		b := graphqltest.Behaviour{ETag: `"1"`}
		settings := GraphQLSettings{Query: planetsQuery}
		change(&settings, &b)
		s := serve(t, b)
		g, _ := connect(t, s.URL, func(given *GraphQLSettings) { given.Query, given.Partial = settings.Query, settings.Partial })
		if a := fetchAll(t, g); a.Validators.Given() {
			t.Errorf("%s: got %v", name, a.Validators)
		}
	}
}

func TestAFileThatHasNothingNewIsNotRead(t *testing.T) {
	modified := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var conditions []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conditions = append(conditions, r.Header.Get("If-None-Match")+" "+r.Header.Get("If-Modified-Since"))
		w.Header().Set("ETag", `"7"`)
		http.ServeContent(w, r, "planets.json", modified, strings.NewReader(`[{"name":"Hoth"}]`))
	}))
	defer s.Close()
	fetch := func(known Validators) (*Answer, error) {
		f, err := NewFile(FileSettings{URL: s.URL + "/planets.json", Known: known})
		if err != nil {
			t.Fatal(err)
		}
		return f.Fetch(t.Context(), nil)
	}
	a, err := fetch(Validators{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // a temporary file
	want := Validators{ETag: `"7"`, LastModified: modified.Format(http.TimeFormat)}
	if a.Validators != want || !a.Complete {
		t.Errorf("got %v, complete %v", a.Validators, a.Complete)
	}
	for _, known := range []Validators{want, {ETag: want.ETag}, {LastModified: want.LastModified}} {
		if _, err := fetch(known); !unchanged(err) {
			t.Errorf("%v: got %v", known, err)
		}
	}
	if last := conditions[1]; last != `"7" `+want.LastModified {
		t.Errorf("asked with %q", last)
	}
	modified = modified.Add(time.Hour)
	b, err := fetch(Validators{LastModified: want.LastModified})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestADateOfTheSameSecondIsNoValidator(t *testing.T) {
	now := time.Now().UTC()
	for late, want := range map[time.Duration]bool{0: false, time.Second: true} {
		response := &http.Response{Header: http.Header{
			"Last-Modified": {now.Format(http.TimeFormat)}, "Date": {now.Add(late).Format(http.TimeFormat)},
		}}
		if got := validatorsOf(response).Given(); got != want {
			t.Errorf("%s later: %v", late, got)
		}
	}
}

// TestAFileWithoutAnEndIsIncomplete has a server end its answer by closing the
// connection, which looks like a connection that was cut.
func TestAFileWithoutAnEndIsIncomplete(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	body, done := `[]`, make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			_, _ = c.Read(buffer)
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"1\"\r\n\r\n%s\n", body)
			_ = c.Close()
		}
	}()
	defer func() { _ = listener.Close(); <-done }()
	for name, complete := range map[string]bool{"planets.csv": false, "planets.json": true} {
		f, err := NewFile(FileSettings{URL: "http://" + listener.Addr().String() + "/" + name})
		if err != nil {
			t.Fatal(err)
		}
		a := fetchAll(t, f)
		if a.Complete != complete || a.Validators.Given() != complete || complete == (len(a.Notices) > 0) {
			t.Errorf("%s: complete %v, %v, %q", name, a.Complete, a.Validators, a.Notices)
		}
	}
}

func TestUpstreamThatAsksForALongRestIsLeftAlone(t *testing.T) {
	for _, after := range []string{"3600", "9999999999999", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		s := serve(t, graphqltest.Behaviour{Redirect: -1, Fail: 1, FailStatus: 429, RetryAfter: after})
		g, waited := connect(t, s.URL, nil)
		_, err := g.Fetch(t.Context(), nil)
		wantText(t, err, "cannot be reached", "asks to be left alone for", "longer than larder waits")
		if len(s.Requests()) != 1 || len(*waited) != 0 {
			t.Errorf("asked %d times", len(s.Requests()))
		}
	}
}

// TestOneFetchAtATimeAsksAHost has six fetches of two processes (two Hosts of a
// folder) meet.
func TestOneFetchAtATimeAsksAHost(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "hosts")
	address, err := url.Parse("http://Example.com:8080/graphql")
	if err != nil {
		t.Fatal(err)
	}
	processes := []*Hosts{NewHosts(folder), NewHosts(folder)}
	inside, ended := make(chan int, 1), make(chan error)
	for i := range 6 {
		go func() {
			leave, err := processes[i%2].enter(t.Context(), address)
			if err == nil {
				select {
				case inside <- i:
					time.Sleep(5 * time.Millisecond)
					<-inside
				default:
					err = errors.New("two are in at once")
				}
				leave()
			}
			ended <- err
		}()
	}
	for range 6 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	leave, err := processes[0].enter(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for _, h := range processes {
		if _, err := h.enter(ctx, address); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	if other, err := url.Parse("http://example.com/"); err != nil {
		t.Error(err)
	} else if leave, err := processes[0].enter(t.Context(), other); err != nil {
		t.Error(err)
	} else {
		leave()
	}
	if _, err := os.Stat(filepath.Join(folder, "example.com_8080.lock")); err != nil {
		t.Error(err)
	}
}
