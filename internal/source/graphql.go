package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// GraphQLSettings say how to ask a GraphQL endpoint. Values of secrets come
// resolved. A zero value means the default.
type GraphQLSettings struct {
	URL       string            // http or https; user:password@ becomes basic authentication
	Query     string            // the document
	Operation string            // which operation of the document; needed when it has several
	Variables json.RawMessage   // a JSON object
	Headers   map[string]string // sent with each request
	Token     string            // sent as "Authorization: Bearer …"

	Timeout  time.Duration // of one request with its answer; default one minute
	MaxBytes int64         // of all pages together, decompressed; default 256 MiB
	MaxPages int           // of a paged connection; default 1000
	Retries  int           // attempts after the first; default 4, negative: none
	Rate     float64       // requests a second at most; default unlimited
	// Partial takes an answer that reports errors beside data (partial: allow).
	Partial bool
	// CrossHost follows a redirect to another host, without headers and token.
	CrossHost bool
	// UserAgent is what larder calls itself; default "larder".
	UserAgent string
}

// The defaults of [GraphQLSettings].
const (
	DefaultTimeout  = time.Minute
	DefaultMaxBytes = 256 << 20
	DefaultMaxPages = 1000
	DefaultRetries  = 4
)

// GraphQL is a GraphQL endpoint with a query. It may be fetched from again and
// again, by several goroutines.
type GraphQL struct {
	settings GraphQLSettings
	endpoint *url.URL
	// transport is used without an http.Client, whose redirects turn a POST
	// into a GET.
	transport *http.Transport
	// pause waits between attempts; tests replace it.
	pause func(ctx context.Context, d time.Duration) error
}

// NewGraphQL checks the settings and the form of the query; it does not
// connect. The error names the setting at fault.
func NewGraphQL(settings GraphQLSettings) (*GraphQL, error) {
	if _, err := parseQuestion(settings.Query, settings.Operation); err != nil {
		return nil, err
	}
	return newEndpoint(settings)
}

// newEndpoint is NewGraphQL without a look at the query.
func newEndpoint(settings GraphQLSettings) (*GraphQL, error) {
	endpoint, err := url.Parse(settings.URL)
	if err != nil {
		return nil, errors.New("the source's url is not an address: expected https://host/path")
	}
	if endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "" {
		return nil, fmt.Errorf("the source's url %q is not an address: expected https://host/path", printable(endpoint))
	}
	if len(settings.Variables) > 0 {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(settings.Variables, &object); err != nil {
			return nil, fmt.Errorf("the source's variables are no JSON object: %w", err)
		}
	}
	if err := checkHeaders(settings); err != nil {
		return nil, err
	}
	settings.fillIn()
	return &GraphQL{settings: settings, endpoint: endpoint, transport: transport(), pause: pause}, nil
}

// checkHeaders refuses what HTTP cannot carry, without showing it: a token read
// from a file may have a line break inside.
func checkHeaders(settings GraphQLSettings) error {
	headers := maps.Clone(settings.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers["Authorization (the token)"] = settings.Token
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if strings.ContainsFunc(headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("the header %s has a line break or another control character in its value", name)
		}
	}
	return nil
}

func (s *GraphQLSettings) fillIn() {
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = DefaultMaxBytes
	}
	if s.MaxPages == 0 {
		s.MaxPages = DefaultMaxPages
	}
	if s.Retries == 0 {
		s.Retries = DefaultRetries
	}
	if s.UserAgent == "" {
		s.UserAgent = "larder"
	}
}

// transport is Go's own, but larder decompresses by itself to bound what
// comes out, and keeps no connection after a fetch.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableCompression = true
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	t.IdleConnTimeout = 5 * time.Second
	return t
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Address is where the source is asked, without credentials.
func (g *GraphQL) Address() string { return printable(g.endpoint) }

// printable is an address without what may be secret in it: the user, and the
// values of the query string.
func printable(address *url.URL) string {
	bare := url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path}
	if address.RawQuery != "" {
		return bare.String() + "?…"
	}
	return bare.String()
}

// Fingerprint is a hash of what is asked: the query's tokens, so that white
// space, commas and comments do not count, the operation and the variables.
func (g *GraphQL) Fingerprint() string {
	var variables any
	_ = json.Unmarshal(g.settings.Variables, &variables) // checked by NewGraphQL
	asked, _ := json.Marshal([]any{tokens(g.settings.Query), g.settings.Operation, variables})
	sum := sha256.Sum256(asked)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// tokens are the words and signs of a query that is known to be valid.
func tokens(query string) []string {
	var list []string
	for l := lexer.New(&ast.Source{Input: query}); ; {
		token, err := l.ReadToken()
		switch {
		case err != nil || token.Kind == lexer.EOF:
			return list
		case token.Kind == lexer.Name || token.Kind == lexer.Int || token.Kind == lexer.Float:
			list = append(list, token.Value)
		case token.Kind == lexer.String || token.Kind == lexer.BlockString:
			list = append(list, strconv.Quote(token.Value))
		case token.Kind != lexer.Comment:
			list = append(list, token.Kind.String())
		}
	}
}

// Fetch asks the endpoint, page by page where the query selects the pageInfo
// of a connection, and keeps the answer in a temporary file. An error that is
// an [UnreachableError] says that upstream could not be asked; any other says
// what is wrong with the question or the answer.
func (g *GraphQL) Fetch(ctx context.Context, progress func(Progress)) (*Answer, error) {
	file, err := os.CreateTemp("", "larder-fetch-*.json")
	if err != nil {
		return nil, fmt.Errorf("keep the answer of %s: %w", g.Address(), err)
	}
	f := &fetch{
		GraphQL: g, file: file, progress: progress, method: http.MethodPost, accept: acceptGraphQL,
		target: g.endpoint, left: g.settings.MaxBytes,
		spool: &spool{file: file, partial: g.settings.Partial, paged: map[string]int{}},
		answer: &Answer{
			Address: g.Address(), FetchedAt: time.Now().UTC(), Complete: true, Fingerprint: g.Fingerprint(),
		},
	}
	f.take = f.keep
	defer g.transport.CloseIdleConnections()
	if g.exposes() {
		f.notice("%s is asked without encryption: everyone on the way can read its token", g.Address())
	}
	if err := f.pages(ctx); err != nil {
		return nil, errors.Join(err, f.spool.remove())
	}
	return f.finish(), nil
}

// acceptGraphQL is the form that GraphQL over HTTP recommends while servers
// differ.
const acceptGraphQL = "application/graphql-response+json, application/json;q=0.9"

// fetch is one Fetch under way.
type fetch struct {
	*GraphQL
	method   string
	accept   string
	take     func(*http.Response, io.Reader) (*kept, error) // checks and keeps what was answered
	file     *os.File
	written  int64 // bytes of file
	left     int64 // bytes that may still come
	progress func(Progress)
	target   *url.URL // where redirects have led
	foreign  bool     // target is another host: no credentials
	spool    *spool
	answer   *Answer
	question *question
}

// exposes reports whether credentials leave this machine in the clear.
func (g *GraphQL) exposes() bool {
	host := g.endpoint.Hostname()
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	return g.endpoint.Scheme == "http" && !local && (g.settings.Token != "" || g.endpoint.User != nil)
}

// pages asks until no connection has more.
func (f *fetch) pages(ctx context.Context) error {
	question, err := parseQuestion(f.settings.Query, f.settings.Operation)
	if err != nil {
		return err
	}
	f.question = question
	variables := map[string]any{}
	if len(f.settings.Variables) > 0 {
		if variables, err = decodeVariables(f.settings.Variables); err != nil {
			return err
		}
	}
	for number := 1; ; number++ {
		if err := f.onePage(ctx, variables); err != nil {
			if number > 1 {
				return fmt.Errorf("page %d: %w", number, err)
			}
			return err
		}
		more, err := f.advance(number, variables)
		if err != nil || !more {
			return err
		}
		if err := f.slowDown(ctx); err != nil {
			return err
		}
	}
}

// decodeVariables keeps numbers as they are written.
func decodeVariables(raw json.RawMessage) (map[string]any, error) {
	var texts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &texts); err != nil {
		return nil, fmt.Errorf("the source's variables are no JSON object: %w", err)
	}
	variables := make(map[string]any, len(texts))
	for name, text := range texts {
		variables[name] = text
	}
	return variables, nil
}

// slowDown keeps to the rate that the project set.
func (f *fetch) slowDown(ctx context.Context) error {
	if f.settings.Rate <= 0 {
		return nil
	}
	return f.pause(ctx, time.Duration(float64(time.Second)/f.settings.Rate))
}

// onePage asks once (with retries) and takes the answer in.
func (f *fetch) onePage(ctx context.Context, variables map[string]any) error {
	query := f.settings.Query
	if f.question.rewritten {
		query = f.question.text()
	}
	body := map[string]any{"query": query}
	if f.settings.Operation != "" {
		body["operationName"] = f.settings.Operation
	}
	if len(variables) > 0 {
		body["variables"] = variables
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	kept, err := f.ask(ctx, text)
	if err != nil {
		return err
	}
	for _, c := range f.question.connections {
		said, asked := kept.facts[c]
		c.more, c.cursor = said.more, said.cursor
		if asked && !said.known && !c.closed {
			f.incomplete("%s does not say whether %s has more", f.Address(), c.path)
		}
	}
	f.answer.Pages++
	f.answer.Status = kept.status
	f.spool.place = fmt.Sprintf("%s (status %d)", printable(f.target), kept.status)
	f.spool.pages = append(f.spool.pages, kept.page)
	f.answer.Failed = append(f.answer.Failed, kept.page.failed...)
	if len(kept.errors) > 0 {
		f.incomplete("%s reported errors beside its data, and `partial: allow` takes the rest: %s",
			f.Address(), errorList(kept.errors))
	}
	if kept.holes > 0 && f.settings.Partial {
		f.incomplete("the answer of %s has null in %d places where records or lists of them may stand; no record is made of them",
			f.Address(), kept.holes)
	}
	if kept.inner > 0 {
		f.incomplete("%d connections inside of list elements have more pages than were asked for: larder pages "+
			"only connections outside of lists, so raise their `first`", kept.inner)
	}
	f.tell(0)
	return nil
}

// advance sets the cursors for the next page and reports whether there is one.
func (f *fetch) advance(number int, variables map[string]any) (bool, error) {
	again := false
	for _, c := range f.question.connections {
		if c.closed {
			continue
		}
		c.pages = number
		if c.closed = !c.more || !f.follows(c); c.closed {
			continue
		}
		if c.cursor == "" {
			return false, fmt.Errorf("%s says that %s has more pages but gives no endCursor to ask for them: "+
				"upstream breaks the rules of connections", f.Address(), c.path)
		}
		if slices.Contains(c.passed, c.cursor) {
			return false, fmt.Errorf("%s: page %d of %s ends at the cursor %q like a page before it: "+
				"upstream pages in a circle, which larder cannot follow", f.Address(), number, c.path, c.cursor)
		}
		c.passed = append(c.passed, c.cursor)
		f.question.turn(c, c.cursor, variables)
		again = true
	}
	return again, nil
}

// follows reports whether a connection that has more can and may be paged.
func (f *fetch) follows(c *connection) bool {
	if !c.forward || c.end == "" {
		f.incomplete("%s has more than was asked for, and the query cannot be paged there: "+
			"select pageInfo { hasNextPage endCursor } and page forward with `first`", c.path)
		return false
	}
	if c.pages >= f.settings.MaxPages {
		f.incomplete("%s has more than the %d pages that `maxPages` allows", c.path, f.settings.MaxPages)
		return false
	}
	return true
}

func (f *fetch) incomplete(format string, args ...any) {
	f.answer.Complete = false
	f.notice(format, args...)
}

// notice tells the person once.
func (f *fetch) notice(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(f.answer.Notices, text) {
		f.answer.Notices = append(f.answer.Notices, text)
	}
}

// tell reports progress; arriving are bytes of the page that is on its way.
func (f *fetch) tell(arriving int64) {
	if f.progress != nil {
		f.progress(Progress{Bytes: f.answer.Bytes + arriving, Pages: f.answer.Pages})
	}
}

func (f *fetch) finish() *Answer {
	for _, c := range f.question.connections {
		f.spool.paged[c.path] = c.pages
	}
	for _, path := range f.question.unproven {
		f.incomplete("%s may have more than it answered: select its pageInfo { hasNextPage endCursor } to be sure "+
			"(until then nothing is taken as gone upstream)", path)
	}
	return answerOf(f.answer, f.spool, f.spool.remove)
}

func answerOf(a *Answer, pages *spool, closing func() error) *Answer {
	a.spool, a.records, a.close = pages, pages.records, closing
	return a
}
