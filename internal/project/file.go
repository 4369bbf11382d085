package project

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/source/module"
)

// The kinds of sources.
const (
	kindGraphQL = "graphql"
	kindFile    = "file"
)

// fileSettings are the settings that only files have.
func fileSettings() []Setting {
	return []Setting{
		{
			Name: "sources.NAME.path", Form: "a file",
			Description: "The file of a source of the kind file, found from the project's folder, instead of url; with a slash at its end, a folder of them.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				if s.Path, err = g.text(); !g.file {
					s.URL = Secret{} // what stands above larder.yaml takes the place of the address there
				}
				return err
			},
		},
		{
			Name: "sources.NAME.format", Form: formatForm(),
			Description: "What the file holds, where the ending of its name does not tell.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf(formatWords()...)
				s.Format = source.Format(word)
				return err
			},
		},
		{
			Name: "sources.NAME.delimiter", Form: "a character, or tab",
			Description: "What stands between the cells of a CSV file; without it, the one of comma, semicolon and tab that the first row has most of.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Delimiter, err = delimiter(g)
				return err
			},
		},
		{
			Name: "sources.NAME.ids", Default: "new", Form: "new or keep",
			Description: "With keep, new records get the id that the file calls so, as one does that larder exported.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("new", "keep")
				s.KeepIDs = word == "keep"
				return err
			},
		},
		{
			Name: "sources.NAME.evaluate", Default: "1s", Form: formDuration,
			Description: "How long the evaluation of a data module may take.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Evaluate, err = g.duration()
				return err
			},
		},
		{
			Name: "sources.NAME.memory", Default: "64MiB", Form: formSize,
			Description: "How much memory a data module may take.",
			ofSource: func(_ *loader, s *Source, g given) error {
				size, err := g.size()
				if err == nil && (size < 4<<20 || size > 2<<30) {
					err = errors.New("expected a size from 4MiB to 2GiB")
				}
				s.Memory = size
				return err
			},
		},
	}
}

func formatWords() []string {
	words := []string{}
	for _, format := range source.Formats() {
		words = append(words, string(format))
	}
	return words
}

func formatForm() string {
	words := formatWords()
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func delimiter(g given) (rune, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	return Delimiter(text)
}

// Delimiter is the character that a setting or flag names: itself, or tab.
func Delimiter(text string) (rune, error) {
	if text == "tab" || text == "\\t" {
		return '\t', nil
	}
	sign, size := utf8.DecodeRuneInString(text)
	if size != len(text) || size == 0 {
		return 0, fmt.Errorf("expected one character, or tab, found %q", text)
	}
	return sign, nil
}

// checkFile checks what can be known of a file before it is read.
func (l *loader) checkFile(s *Source) {
	variable := environmentName("sources." + s.Name + ".path")
	switch {
	case s.Path == "" && !s.URL.Given():
		l.fail(s.place, fmt.Errorf("the source %s has no path: add one (or a url), or set %s", s.Name, variable))
		return
	case s.Query != "":
		l.fail(s.place, fmt.Errorf("the source %s is a file and has a query: remove it, for a file is read whole", s.Name))
		return
	}
	settings := s.fileSettings(l.dir)
	if s.URL.Given() {
		// The real address may need secrets that only an import has.
		settings.URL = reference.ReplaceAllString(s.URL.text, "REFERENCE")
		if !strings.Contains(settings.URL, "://") {
			return
		}
	}
	if _, err := source.NewFile(settings); err != nil {
		l.fail(s.place, fmt.Errorf("the source %s: %w", s.Name, err))
	}
}

// fileSettings are the source's without its references.
func (s *Source) fileSettings(dir string) source.FileSettings {
	settings := source.FileSettings{
		Dir: dir, Path: s.Path, Format: s.Format, Delimiter: s.Delimiter, Timeout: s.Timeout, MaxBytes: s.MaxBytes,
		Retries: s.Retries, Rate: s.Rate, CrossHost: s.CrossHost, Limits: module.Limits{Time: s.Evaluate, Memory: s.Memory},
	}
	if s.Retries == 0 {
		settings.Retries = -1
	}
	return settings
}

// openFile makes a file ready to be read. Offline, a file from an address
// cannot be.
func (p *Project) openFile(s *Source, how Opening) (source.Source, error) {
	settings := s.fileSettings(p.Dir)
	if s.URL.Given() {
		if how.Offline {
			return nil, fmt.Errorf("source %s is a file at an address, so it cannot be read offline: keep it in the project and set path", s.Name)
		}
		resolved, err := p.resolve(s)
		if err != nil {
			return nil, err
		}
		settings.URL, settings.Headers, settings.Token = resolved.URL, resolved.Headers, resolved.Token
		settings.Known, settings.Hosts, settings.UserAgent = how.Known, p.hosts, cmp.Or(s.UserAgent, how.UserAgent)
	}
	file, err := source.NewFile(settings)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", s.Name, err)
	}
	return file, nil
}
