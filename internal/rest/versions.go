package rest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// settleVersions fills the versions that the settings leave open and holds
// what they say against the schema.
func (s *Settings) settleVersions(schema *model.Schema) error {
	if len(s.Versions) == 0 {
		for _, number := range schema.Versions() {
			s.Versions = append(s.Versions, Version{Number: number})
		}
	}
	s.Versions = slices.Clone(s.Versions)
	slices.SortFunc(s.Versions, func(a, b Version) int { return a.Number - b.Number })
	for i, version := range s.Versions {
		if version.Number < 1 {
			return fmt.Errorf("API version %d: versions count from 1", version.Number)
		}
		if i > 0 && s.Versions[i-1].Number == version.Number {
			return fmt.Errorf("API version %d is listed twice", version.Number)
		}
	}
	if s.DefaultVersion == 0 {
		s.DefaultVersion = s.Versions[0].Number
	}
	if !slices.ContainsFunc(s.Versions, func(v Version) bool { return v.Number == s.DefaultVersion }) {
		return fmt.Errorf("the default API version %d is not one of the versions served: %s", s.DefaultVersion, s.versionList())
	}
	return nil
}

// versionList is "1, 2, 3".
func (s *Settings) versionList() string {
	numbers := make([]string, len(s.Versions))
	for i, version := range s.Versions {
		numbers[i] = strconv.Itoa(version.Number)
	}
	return strings.Join(numbers, ", ")
}

// noVersion is the problem of a version that is not served: 404 where the path
// asked for it, 406 where a header or the query did.
func (s *Settings) noVersion(status int, came string) *problem {
	return &problem{
		status: status, code: codeNoVersion,
		message: fmt.Sprintf("there is no version %s of this API", abbreviate(came)),
		details: "the versions served are " + s.versionList(),
	}
}

// requestedVersion is the version that a request asks for by its path (0: the
// path names none), Accept-Version, the version parameter of Accept and the
// version parameter of the query. What is said more than once must agree.
func (s *Server) requestedVersion(r *http.Request, inPath int, inAccept string) (int, error) {
	version, from := inPath, "the path"
	consider := func(text, source string) error {
		number, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(text), "v"))
		if err != nil {
			return &problem{status: http.StatusBadRequest, code: codeVersion, message: fmt.Sprintf("%s: an API version is a number, came %q", source, abbreviate(text)), details: "the versions served are " + s.settings.versionList()}
		}
		if version != 0 && version != number {
			return &problem{status: http.StatusBadRequest, code: codeVersion, message: fmt.Sprintf("%s asks for version %d of the API and %s for version %d", from, version, source, number), hint: "name one version"}
		}
		if s.byVersion[number] == nil {
			return s.settings.noVersion(http.StatusNotAcceptable, text)
		}
		version, from = number, source
		return nil
	}
	for _, value := range r.Header["Accept-Version"] {
		if err := consider(value, "Accept-Version"); err != nil {
			return 0, err
		}
	}
	if inAccept != "" {
		if err := consider(inAccept, "Accept"); err != nil {
			return 0, err
		}
	}
	for _, text := range query.Versions(r.URL.RawQuery) {
		if err := consider(text, "the query"); err != nil {
			return 0, err
		}
	}
	if version == 0 {
		version = s.settings.DefaultVersion
	}
	return version, nil
}

// editionFor is the edition that a request asks for at a path that is no
// resource's, whatever the form that it accepts.
func (s *Server) editionFor(r *http.Request, inPath int) (*edition, error) {
	accepted, err := accept(r)
	if err != nil {
		accepted.version = ""
	}
	version, err := s.requestedVersion(r, inPath, accepted.version)
	return s.byVersion[version], err
}

// versionHeader is what every answer in a version says of it: its number, and
// of one that goes away Deprecation (RFC 9745, a structured date), Sunset (RFC
// 8594, an HTTP date) and where to read more.
func versionHeader(version Version) http.Header {
	header := http.Header{"Api-Version": {strconv.Itoa(version.Number)}}
	var links []string
	announce := func(name string, at time.Time, value, relation string) {
		if at.IsZero() {
			return
		}
		header[name] = []string{value}
		if version.Link != "" {
			links = append(links, "<"+version.Link+`>; rel="`+relation+`"; type="text/html"`)
		}
	}
	announce("Deprecation", version.Deprecated, "@"+strconv.FormatInt(version.Deprecated.Unix(), 10), "deprecation")
	announce("Sunset", version.Sunset, version.Sunset.UTC().Format(http.TimeFormat), "sunset")
	if links != nil {
		header["Link"] = []string{strings.Join(links, ", ")}
	}
	return header
}

// announce sends the headers of the edition that answers, also with a problem.
func (w *recorder) announce(e *edition) {
	header := w.Header()
	for name, values := range e.header {
		header[name] = values
	}
	w.links = e.header["Link"]
}

// inVersion shows the fields of a violation as the exchange's version knows
// them. Those that it does not have stay unnamed.
func (x *exchange) inVersion(err error) error {
	var v *store.Violation
	if x.resource == nil || !errors.As(err, &v) {
		return err
	}
	seen := *v
	seen.Fields = nil
	for _, field := range v.Fields {
		own := x.schema.Own(field)
		if own.Served(x.Number) && own.Owner.Served(x.Number) {
			seen.Fields = append(seen.Fields, own)
		}
	}
	seen.Place = slices.Clone(v.Place)
	for i, step := range v.Place {
		if step.Relation != nil {
			seen.Place[i].Relation = x.schema.Own(step.Relation)
		}
	}
	return &seen
}
