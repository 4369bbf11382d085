package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/larderhq/larder/internal/infer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
)

// newFlags say what a new project is made from.
type newFlags struct {
	url, query, queryFile string
	file, format          string
	database              string
	delimiter             string
	operation, variables  string
	headers               []string
	token, source         string
	variablesRead         map[string]any
}

func (p *program) newCommand() *cobra.Command {
	f := &newFlags{}
	cmd := &cobra.Command{
		Use:   "new NAME (--graphql URL --query QUERY | --file FILE | --database DATABASE)",
		Short: "Make a project from a source",
		Long: `New asks a GraphQL endpoint for its schema and for the answer to the query,
derives the models from both, and writes a project folder: larder.yaml,
models.graphql, the first migration for SQLite and PostgreSQL, and the answer
as a snapshot. What it guessed it says, and writes beside the models.

With --file it reads a data file instead: a TypeScript or JavaScript module
that exports lists of objects, JSON, NDJSON or CSV. The file stays where it is
when it lies in the project's folder, as with larder new . --file data.json;
else it is copied into the project, with what it imports. An address (http or
https) is fetched anew at every import.

With --database it reads what a database has that is there already, a SQLite
file or a postgres:// URL, and writes models by which larder serves its records
without owning its tables. It changes nothing in it.`,
		Example: `  larder new planets --graphql https://swapi-graphql.netlify.app/graphql \
    --query '{ allPlanets { planets { name population terrains climates } } }'
  larder new shopping --file app/data/data.ts
  larder new music --database chinook.db`,
		Args: func(cmd *cobra.Command, arguments []string) error {
			if err := cobra.ExactArgs(1)(cmd, arguments); err != nil {
				return err
			}
			return f.check()
		},
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if f.database != "" {
				return p.newFromDatabase(cmd.Context(), arguments[0], f.database)
			}
			return p.newProject(cmd.Context(), arguments[0], f)
		},
	}
	cmd.Flags().StringVar(&f.url, "graphql", "", "the endpoint's `URL`")
	cmd.Flags().StringVar(&f.query, "query", "", "the `query` whose answer holds the records")
	cmd.Flags().StringVar(&f.queryFile, "query-file", "", "a `file` that holds the query")
	cmd.Flags().StringVar(&f.file, "file", "", "the data `file`, or its address")
	cmd.Flags().StringVar(&f.database, "database", "", "a `database` that is there: a SQLite file, or a postgres:// URL")
	cmd.Flags().StringVar(&f.format, "format", "", "what the file holds, where its name does not tell: json, ndjson, csv or module (`format`)")
	cmd.Flags().StringVar(&f.delimiter, "delimiter", "", "what separates the cells of a CSV file, a `character` or tab (default: the one of , ; and tab that its header has most of)")
	cmd.Flags().StringVar(&f.operation, "operation", "", "the `name` of the operation, where the query has several")
	cmd.Flags().StringVar(&f.variables, "variables", "", "the query's variables as a `JSON` object")
	cmd.Flags().StringArrayVar(&f.headers, "header", nil, "a `header` of each request, as in 'X-Team: larder'; may be given again")
	cmd.Flags().StringVar(&f.token, "token", "", "a bearer token, as a `reference` like ${SWAPI_TOKEN}")
	cmd.Flags().StringVar(&f.source, "name", "", "what the source is called in larder.yaml (default: from the host's or the file's name)")
	return cmd
}

// check says what is wrong with the command line.
func (f *newFlags) check() error {
	switch {
	case f.database != "":
		return f.checkDatabase()
	case f.file != "":
		return f.checkFile()
	case f.format != "":
		return errors.New("--format is of a file: name one with --file FILE")
	case f.delimiter != "":
		return errors.New("--delimiter is of a file: name one with --file FILE")
	case f.url == "":
		return errors.New("name an endpoint with --graphql URL, a data file with --file FILE, or a database with --database")
	case f.query == "" && f.queryFile == "":
		return errors.New("say what to ask the endpoint with --query or --query-file")
	case f.query != "" && f.queryFile != "":
		return errors.New("expected one of --query and --query-file, got both")
	}
	if f.variables != "" {
		decoder := json.NewDecoder(strings.NewReader(f.variables))
		decoder.UseNumber() // they go to larder.yaml as they are written
		err := decoder.Decode(&f.variablesRead)
		if err == nil && !errors.Is(decoder.Decode(new(any)), io.EOF) {
			err = errors.New("something follows it")
		}
		if err != nil {
			return fmt.Errorf("--variables: expected a JSON object like {\"first\": 10}: %w", err)
		}
	}
	if f.source == "" {
		f.source = sourceNameOf(f.url)
	}
	return f.checkHeaders()
}

// checkFile is check for a project that is made from a file.
func (f *newFlags) checkFile() error {
	switch {
	case f.url != "":
		return errors.New("expected one of --graphql and --file, got both")
	case f.query != "" || f.queryFile != "" || f.operation != "" || f.variables != "":
		return errors.New("a file is read whole: --query, --query-file, --operation and --variables go with --graphql")
	case !f.isAddress() && (f.token != "" || len(f.headers) > 0):
		return errors.New("--token and --header go with an address, and the file is none")
	}
	if f.source == "" {
		f.source = fileSourceName(f.file)
	}
	return f.checkHeaders()
}

func (f *newFlags) checkHeaders() error {
	for _, header := range f.headers {
		if name, _, ok := strings.Cut(header, ":"); !ok || strings.TrimSpace(name) == "" {
			return fmt.Errorf("--header %q: expected NAME: VALUE", header)
		}
	}
	return nil
}

// made is what a source gave for a project.
type made struct {
	result   *infer.Result
	answer   *source.Answer
	draft    project.Draft
	snapshot string // the answer's, in the project; "" when it keeps none
}

// newProject makes a project. A folder that it made is removed again when
// something fails.
func (p *program) newProject(ctx context.Context, dir string, f *newFlags) (err error) {
	derive := p.deriveGraphQL
	if f.file != "" {
		derive = p.deriveFile
	}
	m, err := derive(ctx, dir, f)
	if m != nil && m.answer != nil {
		defer m.answer.Close() //nolint:errcheck // the system clears its temporary files
	}
	if err != nil {
		return err
	}
	if _, missing := os.Stat(dir); errors.Is(missing, fs.ErrNotExist) {
		defer func() {
			if err != nil {
				_ = os.RemoveAll(dir) // it was not there, and what cannot be removed is seen
			}
		}()
	}
	if err := project.Write(dir, m.draft); err != nil {
		return err
	}
	defer func() {
		if err != nil && m.draft.InPlace {
			for _, name := range []string{project.SettingsFile, project.ModelsFile, "migrations"} {
				_ = os.RemoveAll(filepath.Join(dir, name)) // none of them was there
			}
		}
	}()
	migrations, err := migrate.Open(filepath.Join(dir, "migrations"))
	if err != nil {
		return err
	}
	first, err := migrations.Diff("init", m.result.Schema)
	if err != nil {
		return fmt.Errorf("write the first migration: %w", err)
	}
	if m.snapshot != "" {
		if err := source.WriteSnapshot(filepath.Join(dir, m.snapshot), m.answer); err != nil {
			return err
		}
	}
	p.sayNew(dir, f, m, first)
	return nil
}

// settings are those of the source, its references looked up.
func (f *newFlags) settings(environ []string) (source.GraphQLSettings, error) {
	settings := source.GraphQLSettings{Query: f.query, Operation: f.operation, Headers: map[string]string{}, UserAgent: source.UserAgent(release())}
	resolve := func(what, text string) (string, error) {
		secret, err := project.NewSecret(text, ".", environ)
		if err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		value, err := secret.Resolve()
		if err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
		return value, nil
	}
	var err error
	asked, flag := f.url, "--graphql"
	if f.file != "" {
		asked, flag = f.file, "--file"
	}
	if settings.URL, err = resolve(flag, asked); err != nil {
		return settings, err
	}
	if settings.Token, err = resolve("--token", f.token); err != nil {
		return settings, err
	}
	for name, value := range f.headerMap() {
		if settings.Headers[name], err = resolve("--header "+name, value); err != nil {
			return settings, err
		}
	}
	if f.variables != "" {
		variables, err := resolve("--variables", f.variables)
		if err != nil {
			return settings, err
		}
		settings.Variables = json.RawMessage(variables)
	}
	return settings, nil
}

func (f *newFlags) headerMap() map[string]string {
	headers := map[string]string{}
	for _, header := range f.headers {
		name, value, _ := strings.Cut(header, ":")
		headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return headers
}

// deriveGraphQL asks the endpoint for its schema, holds the query against it,
// asks the query, and derives the models from what came.
func (p *program) deriveGraphQL(ctx context.Context, _ string, f *newFlags) (*made, error) {
	if f.queryFile != "" {
		text, err := os.ReadFile(f.queryFile)
		if err != nil {
			return nil, fmt.Errorf("read the query: %w", err)
		}
		f.query = string(text)
	}
	settings, err := f.settings(p.environ)
	if err != nil {
		return nil, err
	}
	endpoint, err := source.NewGraphQL(settings)
	if err != nil {
		return nil, err
	}
	schema, err := p.introspect(ctx, settings)
	if err != nil {
		return nil, err
	}
	m := &made{snapshot: filepath.Join("snapshots", f.source+".json")}
	bars := p.out.newProgress(f.source)
	defer bars.done()
	m.result, err = infer.GraphQL(infer.Request{
		Schema: schema, Query: f.query, Operation: f.operation, Source: f.source,
		// The query is asked once it has proved to fit the schema.
		Records: func(path string) iter.Seq2[source.Record, error] {
			if m.answer == nil {
				fetched, err := endpoint.Fetch(ctx, bars.fetched)
				if err != nil {
					return func(yield func(source.Record, error) bool) { yield(source.Record{}, err) }
				}
				m.answer = fetched
			}
			return m.answer.Records(path)
		},
	})
	if err != nil {
		return m, err
	}
	m.draft = project.Draft{Models: m.result.SDL, Sources: []project.DraftSource{{
		Name: f.source, URL: f.url, Query: f.query, Operation: f.operation,
		Variables: f.variablesRead, Headers: f.headerMap(), Token: f.token,
	}}}
	return m, nil
}

// introspect is the endpoint's schema, nil where it does not tell.
func (p *program) introspect(ctx context.Context, settings source.GraphQLSettings) (*ast.Schema, error) {
	told, err := source.Introspect(ctx, settings)
	if errors.Is(err, source.ErrIntrospectionOff) {
		p.out.warn("the endpoint does not tell its schema, so the models are derived from the values alone (%v)", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the schema: %w", err)
	}
	schema, err := infer.ParseIntrospection(told)
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", settings.URL, err)
	}
	return schema, nil
}

// sayNew tells what was made and guessed, and what comes next.
func (p *program) sayNew(dir string, f *newFlags, m *made, first *migrate.Migration) {
	facts := struct {
		Project string   `json:"project"`
		Source  string   `json:"source"`
		Files   []string `json:"files"`
		Types   []string `json:"types"`
		Notes   []string `json:"notes"`
	}{dir, f.source, []string{project.SettingsFile, project.ModelsFile}, []string{}, append([]string{}, m.result.Notes...)}
	for _, dialect := range []string{migrate.SQLite, migrate.Postgres} {
		facts.Files = append(facts.Files, filepath.Join("migrations", first.File(dialect)))
	}
	if m.snapshot != "" {
		facts.Files = append(facts.Files, m.snapshot)
	}
	copies := slices.Sorted(maps.Keys(m.draft.Copies))
	for _, name := range copies {
		facts.Files = append(facts.Files, filepath.FromSlash(name))
	}
	for _, t := range m.result.Schema.Types {
		facts.Types = append(facts.Types, t.Name)
	}
	p.out.event("new", facts)
	for _, notice := range m.answer.Notices {
		p.out.warn("%s", notice)
	}
	did := "asked"
	if f.file != "" {
		did = "read"
	}
	p.out.step(good, did, "%s: %s", m.answer.Address, bytesText(m.answer.Bytes))
	p.out.step(good, "models", "%s", strings.Join(facts.Types, ", "))
	for _, note := range m.result.Notes {
		p.out.step(warning, "guessed", "%s", note)
	}
	if len(copies) > 0 {
		p.out.step(good, "copied", "%s into %s, since a project reads none from outside: edit the copy from now on", count(len(copies), "file"), dir)
	}
	for i, file := range facts.Files {
		if i == 0 {
			p.out.step(good, "wrote", "%s", filepath.Join(dir, file))
			continue
		}
		p.out.detail("%s", filepath.Join(dir, file))
	}
	p.out.line("\nlook over %s, then: larder up %s", filepath.Join(dir, project.ModelsFile), dir)
}

// sourceNameOf makes a source's name from the endpoint's host: "swapi" of
// swapi-graphql.netlify.app. Where the host says nothing it is "upstream".
func sourceNameOf(endpoint string) string {
	const fallback = "upstream"
	parsed, err := url.Parse(endpoint)
	if err != nil || net.ParseIP(parsed.Hostname()) != nil {
		return fallback
	}
	for label := range strings.SplitSeq(strings.ToLower(parsed.Hostname()), ".") {
		label = plainLabel.ReplaceAllString(label, "")
		if nameLabel.MatchString(label) {
			return label
		}
	}
	return fallback
}

// plainLabel is what a host's label says that is true of every endpoint.
var plainLabel = regexp.MustCompile(`^(www|api|graphql|gql|localhost)$|^(api|graphql|gql)-|-(api|graphql|gql)$`)

var nameLabel = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
