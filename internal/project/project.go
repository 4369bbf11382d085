// Package project reads a project folder: larder.yaml, the models, the query
// files and the settings that flags and the environment put over them. [Load]
// checks everything that can be checked without a network or a database, so
// that what comes later meets no surprise; [AllSettings] is the one table of
// what can be set, from which flags and documentation are made.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
)

// The names of a project's files.
const (
	SettingsFile = "larder.yaml"
	ModelsFile   = "models.graphql"
)

// Project is a project folder with its settings, checked.
type Project struct {
	Dir      string // absolute
	Settings Settings
	Schema   *model.Schema
	Notices  []string // sentences for the person: what looks like a mistake and is none for sure

	hosts *source.Hosts
}

// Overrides are what a command line says.
type Overrides struct {
	// Flags holds values by the setting's name: "listen", "sources.swapi.url".
	Flags map[string]string
}

// Load reads the project in dir. environ has the form of [os.Environ]; of it,
// the variables count that begin with LARDER_, and those that references name.
// Errors are joined, so that a person sees all of them; each names its place.
func Load(dir string, overrides Overrides, environ []string) (*Project, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the project: %w", err)
	}
	l := &loader{dir: absolute, environ: environ, lookup: lookupIn(environ)}
	if err := l.load(overrides); err != nil {
		return nil, err
	}
	schema, err := l.models()
	if err != nil {
		return nil, err
	}
	if err := l.checkTogether(schema); err != nil {
		return nil, err
	}
	if l.settings.API.Name == "" {
		l.settings.API.Name = filepath.Base(absolute)
	}
	return &Project{
		Dir: absolute, Settings: l.settings, Schema: schema, Notices: l.notices,
		hosts: source.NewHosts(filepath.Join(absolute, ".larder", "hosts")),
	}, nil
}

// ModelsFile is the file that declares the models.
func (p *Project) ModelsFile() string { return filepath.Join(p.Dir, ModelsFile) }

// Migrations is the folder of the migrations, which may not exist yet.
func (p *Project) Migrations() string { return filepath.Join(p.Dir, "migrations") }

// Database is where the database is, its references resolved: an absolute path
// or a postgres:// URL, which may hold a password.
func (p *Project) Database() (string, error) {
	text, err := p.Settings.Database.Resolve()
	if err != nil {
		return "", fmt.Errorf("database: %w", err)
	}
	if strings.Contains(text, "://") || filepath.IsAbs(text) {
		return text, nil
	}
	return filepath.Join(p.Dir, text), nil
}

// Replicas are the URLs of the copies of the database, their references
// resolved; they may hold passwords.
func (p *Project) Replicas() ([]string, error) {
	var addresses []string
	for _, replica := range p.Settings.Postgres.Replicas {
		address, err := replica.Resolve()
		if err != nil {
			return nil, fmt.Errorf("databaseReplicas: %w", err)
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// loader is one Load under way.
type loader struct {
	dir      string
	environ  []string
	lookup   func(string) (string, bool)
	settings Settings
	notices  []string
	errs     []error
}

func (l *loader) fail(place string, err error) {
	l.errs = append(l.errs, fmt.Errorf("%s: %w", place, err))
}

// load applies the places in order, the strongest last.
func (l *loader) load(overrides Overrides) error {
	l.settings.Sources = map[string]*Source{}
	for _, setting := range AllSettings() {
		if setting.Default != "" && !setting.OfSource() {
			if err := setting.take(l, given{value: setting.Default}); err != nil {
				return fmt.Errorf("the default of %s: %w", setting.Name, err)
			}
		}
	}
	if err := l.readSettings(); err != nil {
		return err
	}
	l.readEnvironment()
	l.readFlags(overrides)
	for _, s := range l.settings.sortedSources() {
		l.checkSource(s)
		if err := s.Schedule.settle(); err != nil {
			l.fail(s.place, fmt.Errorf("the source %s: %w", s.Name, err))
		}
	}
	return errors.Join(l.errs...)
}

// readFile reads a text file of the project.
func (l *loader) readFile(name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.dir, name)
	}
	content, err := os.ReadFile(name) //nolint:gosec // the project's owner names the file
	if err != nil {
		return "", err
	}
	return string(content), nil
}

// models reads models.graphql.
func (l *loader) models() (*model.Schema, error) {
	text, err := l.readFile(ModelsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no %s, which declares the models: write one, or let `larder new` make a project",
			l.dir, ModelsFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read the models: %w", err)
	}
	return model.Parse(ModelsFile, []byte(text))
}

// checkTogether checks what larder.yaml and the models say of each other.
func (l *loader) checkTogether(schema *model.Schema) error {
	var errs []error
	if err := l.checkOwner(schema); err != nil {
		errs = append(errs, err)
	}
	names, fed := []string{}, map[string]bool{}
	for _, s := range l.settings.sortedSources() {
		names = append(names, s.Name)
	}
	for _, t := range schema.Types {
		for _, from := range t.Sources {
			fed[from.Name] = true
			if l.settings.Sources[from.Name] != nil {
				continue
			}
			hint := "declare it under sources in " + SettingsFile
			if near := nearest(from.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			errs = append(errs, fmt.Errorf("%s:%d:%d: type %s comes from the source %q, which %s does not declare: %s",
				from.Position.File, from.Position.Line, from.Position.Column, t.Name, from.Name, SettingsFile, hint))
		}
	}
	errs = append(errs, l.checkVersions(schema)...)
	for _, name := range names {
		if !fed[name] {
			l.notices = append(l.notices, fmt.Sprintf("%s: the source %s feeds no model: give a type @source(name: %q, …), or remove it",
				l.settings.Sources[name].place, name, name))
		}
	}
	return errors.Join(errs...)
}

// checkOwner refuses models that only a database can have that larder did not
// make, where larder is to make it.
func (l *loader) checkOwner(schema *model.Schema) error {
	if l.settings.External {
		return nil
	}
	declaration, at := schema.External()
	if declaration == "" {
		return nil
	}
	return fmt.Errorf("%s:%d:%d: %s is for a database that larder did not make: set migrations: external in %s, or remove it",
		at.File, at.Line, at.Column, declaration, SettingsFile)
}

// sourceName is what a source may be called: its variables' names come from it.
var sourceName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// addSource makes a source with its defaults.
func (l *loader) addSource(name, place string) {
	if !sourceName.MatchString(name) {
		l.fail(place, fmt.Errorf("%q cannot be a source's name: expected letters, digits, - and _, a letter first", name))
		return
	}
	if name == "runs" || name == "conflicts" {
		l.fail(place, fmt.Errorf("%q cannot be a source's name, since the API has its %s at /api/_imports/%s: choose another", name, name, name))
		return
	}
	for _, other := range l.settings.sortedSources() {
		if environmentName("sources."+other.Name) == environmentName("sources."+name) {
			l.fail(place, fmt.Errorf("the sources %q and %q would share their variables (%s_…): rename one",
				other.Name, name, environmentName("sources."+name)))
			return
		}
	}
	s := &Source{Name: name, place: place}
	l.settings.Sources[name] = s
	for _, setting := range sourceSettings() {
		if setting.Default != "" {
			value := strings.ReplaceAll(setting.Default, "NAME", name)
			if err := setting.ofSource(l, s, given{value: value}); err != nil {
				l.fail("the default of "+setting.Name, err)
			}
		}
	}
}

// setSource applies a setting of a source.
func (l *loader) setSource(setting Setting, name string, g given) {
	if err := setting.ofSource(l, l.settings.Sources[name], g); err != nil {
		l.fail(g.place, fmt.Errorf("%s: %w", strings.Replace(setting.Name, "NAME", name, 1), err))
	}
}

// readEnvironment applies the variables that name settings; an empty one is
// as good as none.
func (l *loader) readEnvironment() {
	known := []string{}
	for _, setting := range AllSettings() {
		if !setting.OfSource() {
			known = append(known, setting.Environment())
			if value, _ := l.lookup(setting.Environment()); value != "" {
				if err := setting.take(l, given{place: setting.Environment(), value: value}); err != nil {
					l.fail(setting.Environment(), err)
				}
			}
			continue
		}
		for _, s := range l.settings.sortedSources() {
			variable := environmentName(strings.Replace(setting.Name, "NAME", s.Name, 1))
			known = append(known, variable)
			if value, _ := l.lookup(variable); value != "" {
				l.setSource(setting, s.Name, given{place: variable, value: value})
			}
		}
	}
	l.noticeMisspelt(known)
}

// noticeMisspelt tells of variables that are nearly a setting's. Others that
// begin alike are left alone: Kubernetes sets LARDER_PORT and its like for a
// service that is named larder.
func (l *loader) noticeMisspelt(known []string) {
	for _, entry := range l.environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "LARDER_") || slices.Contains(known, name) {
			continue
		}
		if near := misspelt(name, known); near != "" {
			l.notices = append(l.notices, fmt.Sprintf("the variable %s is no setting and is ignored: did you mean %s?", name, near))
		}
	}
	slices.Sort(l.notices)
}

// readFlags applies the command line.
func (l *loader) readFlags(overrides Overrides) {
	settings := AllSettings()
	for name, value := range overrides.Flags {
		if i := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name && !s.OfSource() }); i >= 0 {
			place := "--" + settings[i].Flag()
			if err := settings[i].take(l, given{place: place, value: value}); err != nil {
				l.fail(place, err)
			}
			continue
		}
		l.readSourceFlag(name, value)
	}
}

// readSourceFlag applies --source NAME.SETTING=VALUE.
func (l *loader) readSourceFlag(name, value string) {
	rest, _ := strings.CutPrefix(name, "sources.")
	source, key, _ := strings.Cut(rest, ".")
	place := "--source " + rest
	if l.settings.Sources[source] == nil {
		names := []string{}
		for _, s := range l.settings.sortedSources() {
			names = append(names, s.Name)
		}
		l.fail(place, unknown("source", source, names))
		return
	}
	for _, setting := range sourceSettings() {
		if setting.Name == "sources.NAME."+key {
			l.setSource(setting, source, given{place: place, value: value})
			return
		}
	}
	l.fail(place, unknown("setting of a source", key, sourceKeys()))
}

func sourceKeys() []string {
	keys := []string{}
	for _, setting := range sourceSettings() {
		keys = append(keys, strings.TrimPrefix(setting.Name, "sources.NAME."))
	}
	return keys
}

// unknown says that there is no such word, and which was probably meant.
func unknown(what, word string, words []string) error {
	if near := nearest(word, words); near != "" {
		return fmt.Errorf("there is no %s %q: did you mean %q?", what, word, near)
	}
	if len(words) == 0 {
		return fmt.Errorf("there is no %s %q, nor any other", what, word)
	}
	return fmt.Errorf("there is no %s %q: expected one of %s", what, word, strings.Join(words, ", "))
}
