package project

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/larderhq/larder/internal/source"
)

// checkSource checks what can be known of a source before it is asked.
func (l *loader) checkSource(s *Source) {
	if s.Kind == kindFile {
		l.checkFile(s)
		return
	}
	if s.Path != "" {
		l.fail(s.place, fmt.Errorf("the source %s has a path and is no file: add `kind: file`, or remove the path", s.Name))
		return
	}
	if !s.URL.Given() {
		l.fail(s.place, fmt.Errorf("the source %s has no url: add one, or set %s", s.Name,
			environmentName("sources."+s.Name+".url")))
	}
	if s.Query == "" {
		l.fail(s.place, fmt.Errorf("the source %s has no query: add query or queryFile", s.Name))
		return
	}
	settings := s.settings()
	settings.URL = "https://host/" // the real one may need secrets that only an import has
	if _, err := source.NewGraphQL(settings); err != nil {
		l.fail(s.place, fmt.Errorf("the source %s: %w", s.Name, err))
	}
}

// settings are the source's without its references.
func (s *Source) settings() source.GraphQLSettings {
	settings := source.GraphQLSettings{
		Query: s.Query, Operation: s.Operation, Timeout: s.Timeout, MaxBytes: s.MaxBytes, MaxPages: s.MaxPages,
		Retries: s.Retries, Rate: s.Rate, Partial: s.Partial, CrossHost: s.CrossHost, UserAgent: s.UserAgent, Resume: s.Resume,
	}
	if s.Retries == 0 {
		settings.Retries = -1
	}
	return settings
}

// resolve are the source's settings with its references looked up.
func (p *Project) resolve(s *Source) (source.GraphQLSettings, error) {
	settings := s.settings()
	settings.Headers = map[string]string{}
	var errs []error
	look := func(name string, secret Secret) string {
		value, err := secret.Resolve()
		if err != nil {
			errs = append(errs, fmt.Errorf("sources.%s.%s: %w", s.Name, name, err))
		}
		return value
	}
	settings.URL = look("url", s.URL)
	settings.Token = look("token", s.Token)
	for name, value := range s.Headers {
		settings.Headers[name] = look("headers."+name, value)
	}
	if len(s.Variables) > 0 {
		variables := resolveIn(s.Variables, func(text string) string {
			return look("variables", Secret{text: text, dir: p.Dir, lookup: s.URL.lookup})
		})
		var err error
		if settings.Variables, err = json.Marshal(variables); err != nil {
			errs = append(errs, fmt.Errorf("sources.%s.variables: %w", s.Name, err))
		}
	}
	return settings, errors.Join(errs...)
}

// resolveIn replaces the texts in a JSON value.
func resolveIn(value any, look func(string) string) any {
	switch v := value.(type) {
	case string:
		return look(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = resolveIn(element, look)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, member := range v {
			object[name] = resolveIn(member, look)
		}
		return object
	default:
		return value
	}
}

// Opening says how a source is opened.
type Opening struct {
	Offline   bool              // only the snapshot is read
	Live      bool              // no snapshot stands in for upstream
	Fresh     bool              // a read that broke off is not continued
	Known     source.Validators // of the answer that is known: unless there is something new, nothing is fetched
	UserAgent string            // what larder calls itself where the project does not say
}

// Open makes the named source ready to fetch, with the snapshot that may stand
// in for it. Secrets are looked up now.
func (p *Project) Open(name string, how Opening) (source.Source, error) {
	s := p.Settings.Sources[name]
	if s == nil {
		return nil, unknown("source", name, p.SourceNames())
	}
	if s.Kind == kindFile {
		return p.openFile(s, how)
	}
	settings, err := p.resolve(s)
	if err != nil {
		return nil, err
	}
	settings.Known, settings.Hosts, settings.UserAgent = how.Known, p.hosts, cmp.Or(s.UserAgent, how.UserAgent)
	if s.Spool != "none" {
		settings.Spool = p.path(s.Spool)
	}
	if how.Fresh {
		settings.Resume = -1
	}
	live, err := source.NewGraphQL(settings)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", name, err)
	}
	snapshot := p.Snapshot(name)
	if how.Live {
		return live, nil
	}
	if snapshot == "" {
		if how.Offline {
			return nil, fmt.Errorf("source %s keeps no snapshot (`snapshot: none`), so it cannot be read offline", name)
		}
		return live, nil
	}
	return source.WithSnapshot(live, snapshot, how.Offline), nil
}

// Snapshot is the file that holds the source's snapshot, "" when the project
// keeps none, as of a file.
func (p *Project) Snapshot(name string) string {
	s := p.Settings.Sources[name]
	if s == nil || s.Snapshot == "none" || s.Kind == kindFile {
		return ""
	}
	return p.path(s.Snapshot)
}

// path finds a file from the project's folder.
func (p *Project) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(p.Dir, filepath.FromSlash(file))
}

// Fingerprint is a hash of everything here that decides what an import of the
// source makes of what upstream says: the source's settings and the models. Of
// secrets it knows the references, not what they stand for.
func (p *Project) Fingerprint(name string) string {
	s := *p.Settings.Sources[name]
	s.place, s.Schedule = "", Schedule{}
	texts := map[string]string{}
	if address, err := url.Parse(s.URL.text); err == nil {
		address.User = nil
		texts["url"] = address.String()
	}
	for header, value := range s.Headers {
		if !confidentialHeader(header) {
			texts[header] = value.text
		}
	}
	settings, err := json.Marshal([]any{s, texts, p.Schema.String()})
	if err != nil {
		return "" // which is never what an import was made with
	}
	sum := sha256.Sum256(settings)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// SourceNames are the names of the declared sources, sorted.
func (p *Project) SourceNames() []string {
	names := []string{}
	for _, s := range p.Settings.sortedSources() {
		names = append(names, s.Name)
	}
	return names
}
