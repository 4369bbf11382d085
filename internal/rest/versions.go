package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// highestVersion is the highest API version that the models name, at least 1.
func highestVersion(schema *model.Schema) int {
	highest := 1
	for _, t := range schema.Types {
		highest = max(highest, t.Since, t.Until)
		for _, field := range t.Fields {
			highest = max(highest, field.Since, field.Until)
		}
	}
	return highest
}

// settleVersions fills the versions that the settings leave open and holds
// what they say against the schema.
func (s *Settings) settleVersions(schema *model.Schema) error {
	if len(s.Versions) == 0 {
		for number := 1; number <= highestVersion(schema); number++ {
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
			return &problem{status: http.StatusBadRequest, code: codeVersion, message: fmt.Sprintf("%s: an API version is a number, came %q", source, abbreviate(text))}
		}
		if version != 0 && version != number {
			return &problem{status: http.StatusBadRequest, code: codeVersion, message: fmt.Sprintf("%s asks for version %d of the API and %s for version %d", from, version, source, number), hint: "name one version"}
		}
		if _, known := s.byVersion[number]; !known {
			return s.settings.noVersion(http.StatusNotAcceptable, text)
		}
		version, from = number, source
		return nil
	}
	if values := r.Header["Accept-Version"]; len(values) > 0 {
		if err := consider(values[0], "Accept-Version"); err != nil {
			return 0, err
		}
	}
	if inAccept != "" {
		if err := consider(inAccept, "Accept"); err != nil {
			return 0, err
		}
	}
	if strings.Contains(r.URL.RawQuery, "version=") {
		if text := query.Version(r.URL.RawQuery); text != "" {
			if err := consider(text, "the query"); err != nil {
				return 0, err
			}
		}
	}
	if version == 0 {
		version = s.settings.DefaultVersion
	}
	return version, nil
}

// lifeHeaders are the headers that announce the end of a version: Deprecation
// (RFC 9745, a structured date) and Sunset (RFC 8594, an HTTP date).
func lifeHeaders(version Version) (deprecation, sunset []string) {
	if !version.Deprecated.IsZero() {
		deprecation = []string{"@" + strconv.FormatInt(version.Deprecated.Unix(), 10)}
	}
	if !version.Sunset.IsZero() {
		sunset = []string{version.Sunset.UTC().Format(http.TimeFormat)}
	}
	return deprecation, sunset
}
