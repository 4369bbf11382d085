package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
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
	// UserAgent is what larder calls itself; default [UserAgent] of no version.
	UserAgent string

	// Known are the validators of the answer that is known already: where
	// upstream has nothing new since then, Fetch returns [UnchangedError].
	Known Validators
	// Spool is the name, with its folder and without an ending, of the files in
	// which a paged fetch keeps its pages until its answer is closed, so that the
	// next one continues where it was killed. "": it begins anew.
	Spool string
	// Resume is how old the last page in the spool may be; default an hour,
	// negative: a fetch that broke off is not continued.
	Resume time.Duration
	// Hosts lets one fetch at a time ask a host; nil: all of them.
	Hosts *Hosts
}

// The defaults of [GraphQLSettings].
const (
	DefaultTimeout  = time.Minute
	DefaultMaxBytes = 256 << 20
	DefaultMaxPages = 1000
	DefaultRetries  = 4
	DefaultResume   = time.Hour
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
		s.UserAgent = UserAgent("")
	}
	if s.Resume == 0 {
		s.Resume = DefaultResume
	}
}

// UserAgent names larder, the version where there is one, and where its people
// are found: "larder/v1.2.0 (+https://github.com/larderhq/larder)".
func UserAgent(version string) string {
	if version != "" {
		version = "/" + version
	}
	return "larder" + version + " (+https://github.com/larderhq/larder)"
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
