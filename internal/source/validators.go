package source

import (
	"net/http"
	"time"
)

// UnchangedError says that upstream has nothing new since the answer whose
// [Validators] were given: there is no answer, because it would be the same.
type UnchangedError struct{ Address string }

func (e *UnchangedError) Error() string { return e.Address + " has nothing new" }

// Validators are what upstream gave with an answer, by which it tells later
// whether it has anything new (RFC 9110 section 8.8). Both may be empty.
type Validators struct {
	ETag         string
	LastModified string // only where it is strong, as an HTTP date
}

// Given reports whether there is any.
func (v Validators) Given() bool { return v != Validators{} }

// validatorsOf are those of an answer. A Last-Modified date counts where the
// answer was made at least a second later: what changes twice within a second
// has one date for two contents (RFC 9110 section 8.8.2.2).
func validatorsOf(response *http.Response) Validators {
	v := Validators{ETag: response.Header.Get("ETag")}
	modified, err := http.ParseTime(response.Header.Get("Last-Modified"))
	if err != nil {
		return v
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil && date.Sub(modified) >= time.Second {
		v.LastModified = response.Header.Get("Last-Modified")
	}
	return v
}

// conditional reports whether upstream is asked only for what is new. Of a read
// in pages the first one cannot speak for the others.
func (f *fetch) conditional() bool {
	return f.settings.Known.Given() && len(f.spool.pages) == 0 && !f.plain
}

// condition puts the validators into the request. If-Modified-Since means
// nothing in a POST (RFC 9110 section 13.1.3).
func (f *fetch) condition(request *http.Request) {
	if known := f.settings.Known; known.ETag != "" {
		request.Header.Set("If-None-Match", known.ETag)
	}
	if known := f.settings.Known; known.LastModified != "" && f.method == http.MethodGet {
		request.Header.Set("If-Modified-Since", known.LastModified)
	}
}
