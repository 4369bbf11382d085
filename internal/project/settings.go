package project

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

// Settings are a project's settings as they hold: flags over environment over
// larder.yaml over defaults.
type Settings struct {
	Listen   string // host:port
	Insecure bool   // an address that is not loopback is allowed
	Database Secret // a SQLite file, from the project's folder, or a postgres:// URL
	External bool   // the tables are not larder's to make or change
	Postgres Postgres
	LogForm  string // auto, text or json; auto is text on a terminal and json elsewhere
	LogLevel slog.Level
	Grace    time.Duration
	API      API
	KeepRuns int // of each source, in the database
	Sources  map[string]*Source
}

// Postgres is how a PostgreSQL database is used.
type Postgres struct {
	Connections      int           // at most; 0: the engine's default
	StatementTimeout time.Duration // of one statement; 0: no bound
	LockTimeout      time.Duration // of the wait for one lock; 0: no bound
	StartTimeout     time.Duration // of the wait for a server that does not answer yet
	Pooler           bool          // the URL leads to a pooler in transaction mode
	Replicas         []Secret      // URLs of copies that are read from
	ReplicaLag       time.Duration // how far behind a copy may be
}

// API is how the records are served.
type API struct {
	Name                 string // of the project
	DefaultVersion       int    // 0: the oldest that is served
	defaultPlace         string // of its setting
	Versions             []Version
	PageSize             int   // rows
	MaxPageSize          int   // rows
	MaxBody              int64 // bytes
	MaxDepth             int   // of JSON within JSON
	MaxItems             int   // records of one create
	Timeout              time.Duration
	Origins              []string
	Hosts                []string
	RequirePreconditions bool
}

// Source is one declared source.
type Source struct {
	Name      string
	Kind      string // "graphql" or "file"
	URL       Secret
	Query     string
	QueryFile string // where Query was read from; "" when it stands in larder.yaml
	Operation string
	Variables map[string]any // JSON values; strings may hold references
	Headers   map[string]Secret
	Token     Secret
	Timeout   time.Duration
	MaxBytes  int64
	MaxPages  int
	Retries   int
	Rate      float64 // requests a second; 0: no limit
	Partial   bool
	CrossHost bool
	Snapshot  string        // a file, from the project's folder; "none" for none
	Spool     string        // the files of a read under way, without their endings, from the project's folder; "none" for none
	Resume    time.Duration // how old the last page in the spool may be
	UserAgent string        // "" for larder's own

	// Of a file.
	Path      string // from the project's folder; "" when it has a URL
	Format    source.Format
	Delimiter rune          // of CSV; 0: found
	Evaluate  time.Duration // of a module
	Memory    int64         // of a module, in bytes
	KeepIDs   bool          // new records get the ids that the file has for them

	// How its records and those here are brought into step.
	OnConflict model.OnConflict
	Removed    model.Removed
	Drift      Drift
	Collapse   Collapse
	Priority   int // over other sources of the same record; the highest counts
	Schedule   Schedule

	place string // of its declaration
}

// Drift is what is done when upstream's types are no longer what they were.
type Drift string

// What is done when upstream's types are no longer what they were.
const (
	DriftWarn   Drift = "warn"   // it is told, and imported what the query asks for
	DriftFreeze Drift = "freeze" // the import is held
)

// Collapse are the bounds beyond which an import is held: upstream has probably
// lost something.
type Collapse struct {
	Off    bool
	Shrink float64 // the part of a type's records that may be gone, 0 to 1
	Growth float64 // how many times as many there may be
	Nulls  float64 // by how much the part of nulls of a field may grow, 0 to 1
}

// Setting describes one setting, wherever it is set.
type Setting struct {
	// Name is its place in larder.yaml: "api.pageSize". In the name of a
	// source's setting, "sources.NAME.url", NAME stands for the source's name.
	Name        string
	Default     string // "" when there is none
	Form        string // what a value looks like
	Description string

	take func(l *loader, g given) error
	// ofSource replaces take for the settings of a source.
	ofSource func(l *loader, s *Source, g given) error
}

// Flag is the setting's flag without the dashes: "api-page-size". The settings
// of sources share one: --source NAME.SETTING=VALUE.
func (s Setting) Flag() string {
	if s.OfSource() {
		return "source"
	}
	return strings.ToLower(strings.Join(words(s.Name), "-"))
}

// Environment is the setting's variable: "LARDER_API_PAGE_SIZE".
func (s Setting) Environment() string { return environmentName(s.Name) }

// Boolean reports whether the flag stands for true when it has no value.
func (s Setting) Boolean() bool { return s.Form == formBoolean }

// OfSource reports whether each source has the setting.
func (s Setting) OfSource() bool { return s.ofSource != nil }

func environmentName(name string) string {
	name = strings.Replace(name, "sources.", "source.", 1)
	return "LARDER_" + strings.ToUpper(strings.Join(words(name), "_"))
}

// words splits "api.pageSize" into api, page and Size.
func words(name string) []string {
	var split strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			split.WriteByte(' ')
		}
		if r == '.' || r == '-' || r == '_' {
			r = ' '
		}
		lower = unicode.IsLower(r) || unicode.IsDigit(r)
		split.WriteRune(r)
	}
	return strings.Fields(split.String())
}

// The values of migrations.
const (
	managed  = "managed"
	external = "external"
)

// The forms of values that several settings share.
const (
	formBoolean  = "true or false"
	formDuration = "a time like 30s or 2m"
	formSize     = "bytes, or a size like 64MB or 1GiB"
	formNumber   = "a whole number"
	formList     = "a list; between commas outside of larder.yaml"
	formMapping  = "a mapping; as JSON outside of larder.yaml"
)

// AllSettings is the table of every setting there is, in the order of the
// documentation.
func AllSettings() []Setting {
	return slices.Concat(listenSettings(), databaseSettings(), logSettings(), apiSettings(), importSettings(), sourceSettings())
}

func listenSettings() []Setting {
	return []Setting{
		{
			Name: "listen", Default: "127.0.0.1:8080", Form: "host:port",
			Description: "Where the API is served. Port 0 picks a free port and prints it.",
			take: func(l *loader, g given) (err error) {
				if l.settings.Listen, err = g.text(); err != nil {
					return err
				}
				return checkAddress(l.settings.Listen)
			},
		},
		{
			Name: "insecure", Default: "false", Form: formBoolean,
			Description: "Allows an address to listen on that other machines can reach. There is no authentication yet: everyone who reaches the API may change the data.",
			take: func(l *loader, g given) (err error) {
				l.settings.Insecure, err = g.boolean()
				return err
			},
		},
	}
}

// logSettings are those of the log and of the server's end.
func logSettings() []Setting {
	return []Setting{
		{
			Name: "log.format", Default: "auto", Form: "auto, text or json",
			Description: "The form of the log. With auto it is text on a terminal and json elsewhere.",
			take: func(l *loader, g given) (err error) {
				l.settings.LogForm, err = g.oneOf("auto", "text", "json")
				return err
			},
		},
		{
			Name: "log.level", Default: "info", Form: "debug, info, warn or error",
			Description: "The least severe entries that are logged. Each request is one entry of level info.",
			take: func(l *loader, g given) error {
				level, err := g.oneOf("debug", "info", "warn", "error")
				if err != nil {
					return err
				}
				return l.settings.LogLevel.UnmarshalText([]byte(level))
			},
		},
		{
			Name: "grace", Default: "10s", Form: formDuration,
			Description: "How long running requests may take to finish when the server is told to stop.",
			take: func(l *loader, g given) (err error) {
				l.settings.Grace, err = g.duration()
				return err
			},
		},
	}
}

func apiSettings() []Setting {
	return []Setting{
		{
			Name: "name", Form: "a text",
			Description: "The project's name, for the API's index and its documentation. Without it, the name of the folder.",
			take: func(l *loader, g given) (err error) {
				l.settings.API.Name, err = g.text()
				return err
			},
		},
		{
			Name: "api.defaultVersion", Form: formNumber,
			Description: "The API version of a request that names none. Without it, the oldest.",
			take: func(l *loader, g given) error {
				l.settings.API.defaultPlace = g.place
				return numberSetting(1000, func(s *Settings) *int { return &s.API.DefaultVersion })(l, g)
			},
		},
		{
			Name: "api.versions", Form: formMapping,
			Description: "What is to be said of API versions, by their numbers: deprecated and sunset (a date, or a time of RFC 3339; sent in the headers of the same names), link (an address that tells of the version's end) and served (false drops it). A version that is not named here is served.",
			take:        (*loader).versions,
		},
		{
			Name: "api.pageSize", Default: "20", Form: formNumber,
			Description: "The rows of a list whose request states no limit.",
			take:        numberSetting(100_000, func(s *Settings) *int { return &s.API.PageSize }),
		},
		{
			Name: "api.maxPageSize", Default: "1000", Form: formNumber,
			Description: "The most rows of a list; a larger limit is cut to it.",
			take:        numberSetting(100_000, func(s *Settings) *int { return &s.API.MaxPageSize }),
		},
		{
			Name: "api.maxBody", Default: "8MiB", Form: formSize,
			Description: "The most bytes of a request's body, counted after decompression.",
			take: func(l *loader, g given) (err error) {
				l.settings.API.MaxBody, err = g.size()
				return err
			},
		},
		{
			Name: "api.maxDepth", Default: "64", Form: formNumber,
			Description: "How deep the JSON of a request's body may be nested.",
			take:        numberSetting(1000, func(s *Settings) *int { return &s.API.MaxDepth }),
		},
		{
			Name: "api.maxItems", Default: "10000", Form: formNumber,
			Description: "The most records that one request may create.",
			take:        numberSetting(1_000_000, func(s *Settings) *int { return &s.API.MaxItems }),
		},
		{
			Name: "api.timeout", Default: "30s", Form: formDuration,
			Description: "How long the work of one request may take.",
			take: func(l *loader, g given) (err error) {
				l.settings.API.Timeout, err = g.duration()
				return err
			},
		},
		{
			Name: "api.origins", Form: formList,
			Description: "The origins of web pages whose scripts may use the API (CORS), like https://app.example, or * for all.",
			take: func(l *loader, g given) (err error) {
				if l.settings.API.Origins, err = g.list(); err != nil {
					return err
				}
				for _, text := range l.settings.API.Origins {
					if err := origin(text); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Name: "api.hosts", Form: formList,
			Description: "Further host names under which the API may be asked while it listens on loopback, or * for all. A proxy on the same machine that passes the Host header on needs its name here.",
			take: func(l *loader, g given) (err error) {
				l.settings.API.Hosts, err = g.list()
				return err
			},
		},
		{
			Name: "api.requirePreconditions", Default: "false", Form: formBoolean,
			Description: "Makes every change of one record ask for If-Match or If-None-Match.",
			take: func(l *loader, g given) (err error) {
				l.settings.API.RequirePreconditions, err = g.boolean()
				return err
			},
		},
	}
}

// numberSetting takes a whole number of at least one.
func numberSetting(high int, field func(*Settings) *int) func(*loader, given) error {
	return func(l *loader, g given) error {
		n, err := g.number(1, high)
		*field(&l.settings) = n
		return err
	}
}

// durationSetting takes a positive time.
func durationSetting(field func(*Settings) *time.Duration) func(*loader, given) error {
	return func(l *loader, g given) (err error) {
		*field(&l.settings), err = g.duration()
		return err
	}
}

func sourceSettings() []Setting {
	return slices.Concat(requestSettings(), fileSettings(), refreshSettings())
}

func requestSettings() []Setting {
	return []Setting{
		{
			Name: "sources.NAME.kind", Default: kindGraphQL, Form: "graphql or file",
			Description: "What the source is: an endpoint that is asked a query, or a file.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Kind, err = g.oneOf(kindGraphQL, kindFile)
				return err
			},
		},
		{
			Name: "sources.NAME.url", Form: "an http or https address",
			Description: "The endpoint, or where a file is fetched from. A password or key in it is a reference.",
			ofSource: func(l *loader, s *Source, g given) (err error) {
				if s.URL, err = l.address(g); !g.file {
					s.Path = "" // what stands above larder.yaml takes the place of the path there
				}
				return err
			},
		},
		{
			Name: "sources.NAME.query", Form: "GraphQL",
			Description: "The query whose answer holds the records.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Query, err = g.text()
				s.QueryFile = ""
				return err
			},
		},
		{
			Name: "sources.NAME.queryFile", Form: "a file",
			Description: "The file that holds the query, found from the project's folder, instead of query.",
			ofSource: func(l *loader, s *Source, g given) (err error) {
				if s.QueryFile, err = g.text(); err != nil {
					return err
				}
				s.Query, err = l.readFile(s.QueryFile)
				return err
			},
		},
		{
			Name: "sources.NAME.operation", Form: "a name",
			Description: "Which operation of the query, where it has several.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Operation, err = g.text()
				return err
			},
		},
		{
			Name: "sources.NAME.variables", Form: formMapping,
			Description: "The values of the query's variables. Texts may hold references.",
			ofSource: func(l *loader, s *Source, g given) (err error) {
				s.Variables, err = l.variables(g)
				return err
			},
		},
		{
			Name: "sources.NAME.headers", Form: formMapping,
			Description: "Headers of every request. The value of one that carries a secret is a reference.",
			ofSource: func(l *loader, s *Source, g given) (err error) {
				s.Headers, err = l.headers(g)
				return err
			},
		},
		{
			Name: "sources.NAME.token", Form: "a reference like ${SWAPI_TOKEN}",
			Description: "A token that is sent as Authorization: Bearer.",
			ofSource: func(l *loader, s *Source, g given) (err error) {
				s.Token, err = l.secret(g, true)
				return err
			},
		},
		{
			Name: "sources.NAME.timeout", Default: "1m", Form: formDuration,
			Description: "How long one request may take, its answer included.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Timeout, err = g.duration()
				return err
			},
		},
		{
			Name: "sources.NAME.maxBytes", Form: formSize,
			Description: "The most bytes of an answer, all pages together, counted after decompression, or of a file: 256MiB for an endpoint and 16GiB for a file, unless it is set.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.MaxBytes, err = g.size()
				return err
			},
		},
		{
			Name: "sources.NAME.maxPages", Default: "1000", Form: formNumber,
			Description: "The most pages of a connection.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.MaxPages, err = g.number(1, 1_000_000)
				return err
			},
		},
		{
			Name: "sources.NAME.retries", Default: "4", Form: formNumber,
			Description: "How often a request is repeated that failed for a reason that may pass.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Retries, err = g.number(0, 20)
				return err
			},
		},
		{
			Name: "sources.NAME.rate", Default: "0", Form: "a number, or one like 5/s, 100/m or 1000/h",
			Description: "The most requests, in a second unless it says otherwise; 0 sets no limit.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Rate, err = g.rate()
				return err
			},
		},
		{
			Name: "sources.NAME.partial", Default: "deny", Form: "deny or allow",
			Description: "With allow, an answer that reports errors beside its data is imported as far as it goes: nothing counts as gone, and no known value is overwritten where the answer failed.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("deny", "allow")
				s.Partial = word == "allow"
				return err
			},
		},
		{
			Name: "sources.NAME.redirects", Default: "same-host", Form: "same-host or any",
			Description: "With any, a redirect to another host is followed, without headers and token.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("same-host", "any")
				s.CrossHost = word == "any"
				return err
			},
		},
		{
			Name: "sources.NAME.snapshot", Default: "snapshots/NAME.json", Form: "a file, or none",
			Description: "Where the last good answer of an endpoint is kept, found from the project's folder.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Snapshot, err = g.text()
				return err
			},
		},
		{
			Name: "sources.NAME.spool", Default: ".larder/spool/NAME", Form: "a file without its ending, or none",
			Description: "Where the pages of a paged read are kept while it is under way, so that the next one continues it; found from the project's folder.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Spool, err = g.text()
				return err
			},
		},
		{
			Name: "sources.NAME.resume", Default: "1h", Form: formDuration,
			Description: "How old the last page of a read that broke off may be for it to be continued.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Resume, err = g.duration()
				return err
			},
		},
		{
			Name: "sources.NAME.userAgent", Form: "a text",
			Description: "What larder calls itself, instead of its name, version and address.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				if s.UserAgent, err = g.text(); err == nil && strings.ContainsFunc(s.UserAgent, unicode.IsControl) {
					err = fmt.Errorf("expected a text without line breaks or other control characters")
				}
				return err
			},
		},
	}
}

// address takes a text in which a password is only allowed as a reference.
func (l *loader) address(g given) (Secret, error) {
	text, err := g.text()
	if err != nil {
		return Secret{}, err
	}
	return l.withoutPassword(text, g)
}

// withoutPassword is a text of the given value in which a password is only
// allowed as a reference.
func (l *loader) withoutPassword(text string, g given) (Secret, error) {
	// A reference's braces have no place in a URL.
	plain := reference.ReplaceAllString(text, "REFERENCE")
	if parsed, err := url.Parse(plain); err == nil && parsed.User != nil && g.file {
		if password, _ := parsed.User.Password(); password != "" && password != "REFERENCE" {
			return Secret{}, fmt.Errorf("a password stands in larder.yaml: put a reference like ${PASSWORD} in its place")
		}
	}
	return newSecret(text, l.dir, l.lookup)
}

// secret takes a text that must be a reference when it stands in larder.yaml
// and is needed to stay secret.
func (l *loader) secret(g given, confidential bool) (Secret, error) {
	text, err := g.text()
	if err != nil {
		return Secret{}, err
	}
	s, err := newSecret(text, l.dir, l.lookup)
	if err == nil && confidential && g.file && text != "" && !s.Refers() {
		return Secret{}, fmt.Errorf("a secret stands in larder.yaml: put a reference like ${TOKEN} or ${file:token.txt} in its place")
	}
	return s, err
}

// headerName is a token of RFC 9110, section 5.6.2.
var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (l *loader) headers(g given) (map[string]Secret, error) {
	members, err := g.mapping()
	if err != nil {
		return nil, err
	}
	headers := map[string]Secret{}
	for _, member := range members {
		name := keyOf(member)
		if !headerName.MatchString(name) {
			return nil, fmt.Errorf("%q is no name of a header", name)
		}
		value, err := l.secret(given{node: member.Value, file: g.file}, confidentialHeader(name))
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		headers[http.CanonicalHeaderKey(name)] = value
	}
	return headers, nil
}

// confidentialHeader reports whether a header of that name carries a secret.
func confidentialHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "cookie", "key", "pass", "secret", "session", "token"},
		func(part string) bool { return strings.Contains(name, part) })
}

func (l *loader) variables(g given) (map[string]any, error) {
	members, err := g.mapping()
	if err != nil {
		return nil, err
	}
	variables := map[string]any{}
	for _, member := range members {
		value, err := jsonValue(member.Value)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", keyOf(member), err)
		}
		variables[keyOf(member)] = value
	}
	return variables, nil
}

// sortedSources are the sources by name.
func (s *Settings) sortedSources() []*Source {
	list := make([]*Source, 0, len(s.Sources))
	for _, name := range slices.Sorted(maps.Keys(s.Sources)) {
		list = append(list, s.Sources[name])
	}
	return list
}
