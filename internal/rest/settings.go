package rest

import (
	"log/slog"
	"time"

	"github.com/larderhq/larder/internal/query"
)

// Settings say how the API is served. A zero field has the default that its
// comment names.
type Settings struct {
	Name    string       // of the project, for the index and the docs; default "larder"
	Release string       // of larder, for the index; default "devel"
	Logger  *slog.Logger // where requests (Info) and failures (Error) go; default: nowhere

	// DefaultVersion is the API version of a request that names none. Default:
	// the oldest of Versions, so that a new version breaks no client.
	DefaultVersion int
	// Versions are the API versions served. Default: those of the models, see
	// model.Schema.Versions.
	Versions []Version

	PageSize   int          // rows of a list that asks for no limit; default 20
	Query      query.Limits // of the URL; Query.MaxLimit is the most rows a page may have, a larger limit is cut to it
	BodyBytes  int64        // of a request body, also after decompression; default 8 MiB
	BodyDepth  int          // of JSON within JSON in a body; default 64
	BodyItems  int          // records in one create; default 10,000
	HeadBytes  int          // of a request's line and header; default 64 KiB
	Compress   int          // bytes from which an answer is compressed; default 1,400; negative: never
	Idempotent int          // bytes that an Idempotency-Key may have; default 255
	// Stateless says that the database has no place for what larder itself
	// remembers: a request with an Idempotency-Key is refused.
	Stateless bool

	// RequirePreconditions makes every change of one existing record ask for
	// If-Match or If-None-Match (428 without, RFC 6585 section 3).
	RequirePreconditions bool

	// Origins are the origins whose scripts may use the API ("https://app.example",
	// or "*" for all). Default: none but the API's own.
	Origins []string
	// Hosts are further names under which the server may be asked when it
	// listens on loopback. There, a Host header that is no loopback name is
	// refused, because a web page could otherwise reach the API by pointing a
	// name of its own at 127.0.0.1 (DNS rebinding). "*" allows any; a proxy on
	// the same machine that passes the Host on needs its name here.
	Hosts []string

	RequestTimeout time.Duration // for the work of one request; default 30 s
	HeaderTimeout  time.Duration // to receive a request's header; default 10 s
	ReadTimeout    time.Duration // to receive a whole request; default 60 s
	WriteTimeout   time.Duration // from the end of the header to the end of the answer; default 120 s
	IdleTimeout    time.Duration // of a connection between requests; default 120 s
	GracePeriod    time.Duration // for running requests when the server stops; default 10 s

	// Imports are managed under /api/_imports; nil: there is no such path.
	Imports Imports
}

// Version is one version of the API.
type Version struct {
	Number     int
	Deprecated time.Time // when it became or becomes deprecated (RFC 9745); zero: it is not
	Sunset     time.Time // when it goes away (RFC 8594); zero: no plan
	Link       string    // URL of a page that tells of its end; "": none
}

// withDefaults returns s with every zero replaced by its default, but for the
// versions, which follow from the models.
func (s Settings) withDefaults() Settings {
	if s.Name == "" {
		s.Name = "larder"
	}
	if s.Release == "" {
		s.Release = "devel"
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.Query = s.Query.WithDefaults()
	setDefault(&s.PageSize, 20)
	s.PageSize = min(s.PageSize, s.Query.MaxLimit)
	setDefault(&s.BodyBytes, 8<<20)
	setDefault(&s.BodyDepth, 64)
	setDefault(&s.BodyItems, 10_000)
	setDefault(&s.HeadBytes, 64<<10)
	setDefault(&s.Compress, 1400)
	setDefault(&s.Idempotent, 255)
	setDefault(&s.RequestTimeout, 30*time.Second)
	setDefault(&s.HeaderTimeout, 10*time.Second)
	setDefault(&s.ReadTimeout, time.Minute)
	setDefault(&s.WriteTimeout, 2*time.Minute)
	setDefault(&s.IdleTimeout, 2*time.Minute)
	setDefault(&s.GracePeriod, 10*time.Second)
	return s
}

func setDefault[T comparable](field *T, standard T) {
	var zero T
	if *field == zero {
		*field = standard
	}
}
