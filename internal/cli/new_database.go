package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/larderhq/larder/internal/introspect"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// checkDatabase is check for a project that is made from a database.
func (f *newFlags) checkDatabase() error {
	if f.url != "" || f.file != "" || f.query != "" || f.queryFile != "" || f.operation != "" || f.variables != "" ||
		f.format != "" || f.token != "" || f.source != "" || len(f.headers) > 0 {
		return errors.New("a database is read whole: --database goes with no other flag that says what a project is made from")
	}
	return nil
}

// newFromDatabase makes a project that serves a database which larder did not
// make. address is a SQLite file or a postgres:// URL, and may hold references.
func (p *program) newFromDatabase(ctx context.Context, dir, address string) error {
	secret, err := project.NewSecret(address, ".", p.environ)
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	resolved, err := secret.Resolve()
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	result, err := introspected(ctx, resolved)
	if err != nil {
		return err
	}
	written, hidden, err := writtenAddress(dir, address, resolved)
	if err != nil {
		return err
	}
	if err := project.Write(dir, project.Draft{Models: result.SDL, Database: written}); err != nil {
		return err
	}
	p.sayDatabase(dir, result, hidden)
	return nil
}

// introspected are models of the database.
func introspected(ctx context.Context, address string) (result *introspect.Result, err error) {
	var engine store.Engine
	if isPostgres(address) {
		engine, err = opened(postgres.Open(ctx, address, postgres.Options{}))
	} else {
		engine, err = opened(sqlite.Open(ctx, address, sqlite.Options{External: true}))
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(engine, err) }()
	database, err := introspect.Read(ctx, engine)
	if err != nil {
		return nil, err
	}
	if err := database.Look(ctx, engine); err != nil {
		return nil, err
	}
	return database.Models()
}

// databaseReference stands in larder.yaml for a URL that holds a password.
const databaseReference = "${DATABASE_URL}"

// writtenAddress is the database's address as larder.yaml has it: a file from
// the project's folder, and of a URL with a password a reference, which hidden
// tells.
func writtenAddress(dir, address, resolved string) (written string, hidden bool, err error) {
	switch {
	case strings.Contains(address, "${"):
		return address, false, nil
	case isPostgres(address):
		parsed, err := url.Parse(address)
		if err != nil {
			return databaseReference, true, nil //nolint:nilerr // the driver has read it in its own way
		}
		if _, hasPassword := parsed.User.Password(); hasPassword || parsed.Query().Has("password") {
			return databaseReference, true, nil
		}
		return address, false, nil
	}
	file, err := filepath.Abs(resolved)
	if err != nil {
		return "", false, fmt.Errorf("find the database: %w", err)
	}
	folder, err := filepath.Abs(dir)
	if err != nil {
		return "", false, fmt.Errorf("find the project: %w", err)
	}
	if relative, err := filepath.Rel(folder, file); err == nil {
		return filepath.ToSlash(relative), false, nil
	}
	return file, false, nil
}

// sayDatabase tells what was made, what models cannot hold, and what comes next.
func (p *program) sayDatabase(dir string, result *introspect.Result, hidden bool) {
	facts := struct {
		Project string   `json:"project"`
		Files   []string `json:"files"`
		Types   []string `json:"types"`
		Notes   []string `json:"notes"`
	}{dir, []string{project.SettingsFile, project.ModelsFile}, []string{}, append([]string{}, result.Notices...)}
	for _, t := range result.Schema.Types {
		facts.Types = append(facts.Types, t.Name)
	}
	p.out.event("new", facts)
	p.out.step(good, "models", "%s", strings.Join(facts.Types, ", "))
	for _, notice := range result.Notices {
		p.out.step(warning, "note", "%s", notice)
	}
	for _, file := range facts.Files {
		p.out.step(good, "wrote", "%s", filepath.Join(dir, file))
	}
	if hidden {
		name := strings.Trim(databaseReference, "${}")
		p.out.step(warning, "secret", "the URL holds a password, so %s names the variable %s in its place: set it to the URL before you serve", project.SettingsFile, name)
	}
	p.out.line("\nlook over %s, then: larder serve %s", filepath.Join(dir, project.ModelsFile), dir)
}

// openStore is the store of the project's records. Tables that are not larder's
// must have what the models name, and violations bear the names that these have
// for their constraints.
func openStore(ctx context.Context, loaded *project.Project, engine store.Engine) (*store.Store, error) {
	if !loaded.Settings.External {
		return store.New(engine, loaded.Schema), nil
	}
	database, err := introspect.Read(ctx, engine)
	if err != nil {
		return nil, err
	}
	if err := database.Check(loaded.Schema); err != nil {
		return nil, fmt.Errorf("%s does not fit the database: %w", project.ModelsFile, err)
	}
	return store.NewExternal(engine, loaded.Schema, database.Constraints()), nil
}

// planExternal says whether the models fit a database that larder does not own.
func (p *program) planExternal(ctx context.Context, loaded *project.Project) error {
	return p.withDatabase(ctx, loaded, func(engine store.Engine) error {
		if _, err := openStore(ctx, loaded, engine); err != nil {
			return err
		}
		p.out.step(good, "models", "fit the database, whose tables are not larder's to change")
		return nil
	})
}
