// Package graphqltest is a GraphQL server for tests: a real server on a real
// socket that executes any query over planets kept in memory, with the ways of
// the real endpoint (it answers at an address that redirects POST with 301,
// its populations are Float, and some are null), and with every bad habit that
// a [Behaviour] asks for.
package graphqltest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// The paths of the server. Like the real endpoint it is known under Path,
// which redirects to the place that answers.
const (
	Path   = "/.netlify/functions/index"
	Target = "/graphql"
)

// Behaviour says how the server answers. The zero value is a good server.
type Behaviour struct {
	Redirect   int    // status with which Path redirects; default 301; -1: Path answers itself
	RedirectTo string // default Target
	Token      string // bearer token that requests must have

	FieldErrors     map[string]string // response path ("allPlanets.planets.3.name") → message of its error
	Nulls           []int             // planets that are null in lists
	PageSize        int               // most elements of a page; default all
	Circle          bool              // every page ends at the same cursor and has a next one
	NoIntrospection bool
	Forgotten       []string // cursors that are unknown
	Total           int      // what totalCount says; default the truth, negative: null
	ETag            string   // of every answer; with it, a request that has the same one in If-None-Match gets Conditional
	Conditional     int      // default 304

	Fail       int           // how many of the next requests fail with FailStatus
	FailStatus int           // default 503
	FailBody   string        // JSON where it begins with {
	RetryAfter string        // header of failures
	Drop       int           // how many of the next connections are cut without an answer
	Delay      time.Duration // before each answer

	Answer      *string // answered instead, with Status and ContentType
	Status      int     // of all answers; default what the query deserves
	ContentType string  // of all answers; default what was asked for
	Encoding    string  // of all answers: gzip, deflate or zstd
	Prefix      string  // before each body: a byte order mark
	Truncate    int     // bytes after which the connection is cut; 0: never
	Trickle     bool    // a byte at a time, slowly
	Endless     bool    // the answer's list of planets never ends
}

// Request is one that came.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// Server is a running server.
type Server struct {
	URL string // of Path

	listener   net.Listener
	server     *http.Server
	finished   chan error
	mutex      sync.Mutex // of what follows
	schema     *ast.Schema
	schemaText string
	behaviour  Behaviour
	planets    []Planet
	requests   []Request
}

// Start serves the 60 planets on a free port of this machine until Close.
func Start(behaviour Behaviour) (*Server, error) {
	planets, err := Planets()
	if err != nil {
		return nil, err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: schemaText})
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String() + Path, schema: schema, schemaText: schemaText, listener: listener,
		finished: make(chan error, 1), behaviour: behaviour, planets: planets,
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.handle), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		s.finished <- s.server.Serve(listener)
		close(s.finished)
	}()
	return s, nil
}

// Close stops the server and waits for it. It may be called again.
func (s *Server) Close() error {
	err := s.server.Close()
	if served := <-s.finished; served != nil && !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Change alters the behaviour from the next request on.
func (s *Server) Change(change func(*Behaviour)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change(&s.behaviour)
}

// SetPlanets replaces the planets.
func (s *Server) SetPlanets(planets []Planet) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.planets = planets
}

// SetSchema replaces a text by another wherever it stands in the schema.
func (s *Server) SetSchema(before, after string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !strings.Contains(s.schemaText, before) {
		return fmt.Errorf("the schema does not say %q", before)
	}
	text := strings.ReplaceAll(s.schemaText, before, after)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: text})
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	s.schema, s.schemaText = schema, text
	return nil
}

// Requests are those that came since the start.
func (s *Server) Requests() []Request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Request{}, s.requests...)
}

// state is what the server is when a request comes.
type state struct {
	Behaviour
	planets []Planet
	schema  *ast.Schema
}

// take counts a request and returns how to answer it.
func (s *Server) take(r *http.Request, body []byte) state {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header.Clone(), string(body)})
	b := s.behaviour
	if b.Drop > 0 {
		s.behaviour.Drop--
	} else if b.Fail > 0 {
		s.behaviour.Fail--
	}
	return state{b, s.planets, s.schema}
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 10<<20))
	if err != nil {
		return
	}
	b := s.take(r, body)
	select {
	case <-time.After(b.Delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case b.Drop > 0:
		panic(http.ErrAbortHandler) // cuts the connection
	case b.Fail > 0:
		b.failure(w)
	case r.URL.Path == Path && b.Redirect >= 0:
		b.redirect(w)
	case r.URL.Path != Path && r.URL.Path != Target:
		http.NotFound(w, r)
	default:
		s.answer(w, r, body, b)
	}
}

func (b Behaviour) failure(w http.ResponseWriter) {
	if b.RetryAfter != "" {
		w.Header().Set("Retry-After", b.RetryAfter)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if strings.HasPrefix(b.FailBody, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	status := b.FailStatus
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, b.FailBody)
}

func (b Behaviour) redirect(w http.ResponseWriter) {
	to, status := b.RedirectTo, b.Redirect
	if to == "" {
		to = Target
	}
	if status == 0 {
		status = http.StatusMovedPermanently
	}
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}

// question is the body of a request.
type question struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, b state) {
	modern := strings.Contains(r.Header.Get("Accept"), "application/graphql-response+json")
	contentType := "application/json; charset=utf-8"
	if modern {
		contentType = "application/graphql-response+json; charset=utf-8"
	}
	status, value := s.evaluate(r, body, b, modern)
	if b.Token != "" && r.Header.Get("Authorization") != "Bearer "+b.Token {
		status, value = http.StatusUnauthorized, refusal(gqlerror.Errorf("Unauthorized"))
	}
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if b.Answer != nil {
		status, text = http.StatusOK, []byte(*b.Answer)
	}
	if b.Status != 0 {
		status = b.Status
	}
	if b.ContentType != "" {
		contentType = b.ContentType
	}
	w.Header().Set("Content-Type", contentType)
	if b.ETag != "" {
		w.Header().Set("ETag", b.ETag)
		if r.Header.Get("If-None-Match") == b.ETag {
			w.WriteHeader(cmp.Or(b.Conditional, http.StatusNotModified))
			return
		}
	}
	b.write(w, r, status, append([]byte(b.Prefix), text...))
}

// evaluate executes the request as graphql-http does: what is wrong with the
// query has status 400 for clients that know application/graphql-response+json
// and 200 for others.
func (s *Server) evaluate(r *http.Request, body []byte, b state, modern bool) (int, any) {
	var q question
	if r.Method == http.MethodGet {
		q.Query = r.URL.Query().Get("query")
	} else if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return http.StatusUnsupportedMediaType, refusal(gqlerror.Errorf("Unsupported media type"))
	} else if err := json.Unmarshal(body, &q); err != nil {
		return http.StatusBadRequest, refusal(gqlerror.Errorf("Unparsable JSON body"))
	}
	if q.Query == "" {
		return http.StatusBadRequest, refusal(gqlerror.Errorf("Missing query"))
	}
	wrong := http.StatusOK
	if modern {
		wrong = http.StatusBadRequest
	}
	document, problems := gqlparser.LoadQueryWithRules(b.schema, q.Query, rules.NewDefaultRules())
	if len(problems) > 0 {
		return wrong, refusal(problems...)
	}
	if b.NoIntrospection && (strings.Contains(q.Query, "__schema") || strings.Contains(q.Query, "__type(")) {
		return wrong, refusal(gqlerror.Errorf("GraphQL introspection is not allowed by Apollo Server, but the query contained __schema or __type. To enable introspection, pass introspection: true to ApolloServer in production"))
	}
	operation := document.Operations.ForName(q.OperationName)
	if operation == nil {
		return wrong, refusal(gqlerror.Errorf("Unknown operation named %q", q.OperationName))
	}
	variables, err := validator.VariableValues(b.schema, operation, q.Variables)
	if err != nil {
		return wrong, refusal(gqlerror.Errorf("%v", err))
	}
	return http.StatusOK, s.execute(document, operation, variables, b)
}

func refusal(problems ...*gqlerror.Error) any {
	return map[string]any{"errors": problems}
}

func (s *Server) execute(document *ast.QueryDocument, operation *ast.OperationDefinition, variables map[string]any, b state) any {
	x := &execution{schema: b.schema, document: document, variables: variables, failing: map[string]string{}}
	for path, message := range b.FieldErrors {
		x.failing[pathKey(path)] = message
	}
	root := world{planets: b.planets, nulls: b.Nulls, pageSize: b.PageSize, circle: b.Circle, forgotten: b.Forgotten, total: b.Total}.root()
	for name, resolve := range (introspection{b.schema}).root() {
		root[name] = resolve
	}
	data, ok := x.selections(operation.SelectionSet, b.schema.Query.Name, root, nil)
	answer := result{}
	if len(x.errors) > 0 {
		answer = append(answer, member{"errors", x.errors})
	}
	if !ok {
		return append(answer, member{"data", nil})
	}
	return append(answer, member{"data", data})
}

// write sends the body in the manner that the behaviour asks for.
func (b Behaviour) write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	var out io.Writer = w
	finish := func() error { return nil }
	switch b.Encoding {
	case "gzip":
		encoder := gzip.NewWriter(w)
		out, finish = encoder, encoder.Close
	case "deflate":
		encoder := zlib.NewWriter(w)
		out, finish = encoder, encoder.Close
	case "zstd":
		encoder, err := zstd.NewWriter(w)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out, finish = encoder, encoder.Close
	}
	if b.Encoding != "" {
		w.Header().Set("Content-Encoding", b.Encoding)
	} else if !b.Endless {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	switch {
	case b.Endless:
		writeEndless(out, r)
	case b.Truncate > 0:
		_, _ = out.Write(body[:min(b.Truncate, len(body))])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case b.Trickle:
		trickle(w, r, body)
	default:
		_, _ = out.Write(body)
	}
	_ = finish() // the client may be gone
}

// writeEndless writes planets until the client has enough. They are alike, so
// that they compress to next to nothing.
func writeEndless(out io.Writer, r *http.Request) {
	planets := strings.Repeat(`{"name":"Tatooine","population":200000,"terrains":["desert"],"climates":["arid"]},`, 1000)
	if _, err := io.WriteString(out, `{"data":{"allPlanets":{"planets":[`); err != nil {
		return
	}
	for r.Context().Err() == nil {
		if _, err := io.WriteString(out, planets); err != nil {
			return
		}
	}
}

func trickle(w http.ResponseWriter, r *http.Request, body []byte) {
	flush := http.NewResponseController(w)
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil {
			return
		}
		_ = flush.Flush()
		select {
		case <-time.After(20 * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
}

// RefuseTypes answers a request with the body as an endpoint does that tells no
// types, if it asks for any, and reports whether it does: for handlers of tests
// that know but one query.
func RefuseTypes(w http.ResponseWriter, body []byte) bool {
	asks := bytes.Contains(body, []byte("__schema")) || bytes.Contains(body, []byte("__type("))
	if asks {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"errors":[{"message":"introspection is off"}]}`) // the client may be gone
	}
	return asks
}
