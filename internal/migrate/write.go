package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// Allow lets a plan do what is otherwise held.
type Allow string

// AllowDrop lets a plan drop what holds data, or narrow it.
const AllowDrop Allow = "drop"

// Plan is what it takes to get from the models of the last migration to those
// of now.
type Plan struct {
	Changes  []Change
	Findings []Finding // what to think about before it is applied

	difference *difference
	schema     *model.Schema
}

// Held is a plan that loses data and was not allowed to.
type Held struct {
	Findings []Finding // those that lose data
}

// Error names what would be lost.
func (h *Held) Error() string {
	lines := make([]string, len(h.Findings))
	for i, f := range h.Findings {
		lines[i] = f.Message
	}
	return fmt.Sprintf("held: %s; nothing was written, --allow %s lets it through", strings.Join(lines, "; "), AllowDrop)
}

// Plan compares the models with those of the last migration. The error is a
// *model.Error for a change that no migration can make.
func (d *Dir) Plan(schema *model.Schema) (*Plan, error) {
	last, err := d.Models()
	if err != nil {
		return nil, fmt.Errorf("read the models of the last migration: %w", err)
	}
	difference, err := compare(last, schema)
	if err != nil {
		return nil, err
	}
	p := &Plan{Changes: difference.changes, difference: difference, schema: schema}
	for _, c := range p.Changes {
		p.Findings = append(p.Findings, lintChange(c)...)
	}
	return p, nil
}

// Concurrently leaves out of the findings the locks that a migration which is
// written by DiffConcurrently does not take.
func (p *Plan) Concurrently() {
	p.Findings = slices.DeleteFunc(p.Findings, func(f Finding) bool {
		c, ok := f.change.(addIndex)
		return ok && f.Severity == Locking && !c.index.unique
	})
}

// Held is nil when the plan loses nothing or is allowed to, else a *Held.
func (p *Plan) Held(allowed ...Allow) error {
	for _, a := range allowed {
		if a == AllowDrop {
			return nil
		}
	}
	held := &Held{}
	for _, f := range p.Findings {
		if f.Severity == Destructive {
			held.Findings = append(held.Findings, f)
		}
	}
	if held.Findings == nil {
		return nil
	}
	return held
}

// SQL is the plan's migration for a dialect, without the head of a file. The
// error is that of a dialect that there is not.
func (p *Plan) SQL(dialectName string) (string, error) {
	if dialectName != SQLite && dialectName != Postgres {
		return "", fmt.Errorf("no SQL dialect %q: larder writes %q and %q", dialectName, SQLite, Postgres)
	}
	return script(dialectOf(dialectName).steps(p.difference)), nil
}

// Diff writes the next migration, which takes the tables to the models of the
// schema, and returns it; nil when the tables are as the models want them. A
// plan that loses data is a *Held and writes nothing, unless AllowDrop is
// among the allowances. All of its files are written or none.
func (d *Dir) Diff(name string, schema *model.Schema, allowed ...Allow) (*Migration, error) {
	written, err := d.diff(name, schema, false, allowed)
	if err != nil || len(written) == 0 {
		return nil, err
	}
	return written[0], nil
}

// DiffConcurrently is Diff, but gives each new index of a table that is there
// already a migration of its own, in which PostgreSQL builds it without keeping
// writers off the table. The first migration makes all other changes and, on
// SQLite, the indexes too.
func (d *Dir) DiffConcurrently(name string, schema *model.Schema, allowed ...Allow) ([]*Migration, error) {
	return d.diff(name, schema, true, allowed)
}

func (d *Dir) diff(name string, schema *model.Schema, concurrently bool, allowed []Allow) ([]*Migration, error) {
	p, err := d.Plan(schema)
	if err != nil {
		return nil, err
	}
	if len(p.Changes) == 0 {
		return nil, nil
	}
	if err := p.Held(allowed...); err != nil {
		return nil, err
	}
	m, err := d.next(name)
	if err != nil {
		return nil, err
	}
	m.models = []byte(schema.String())
	now, later := p.difference, []addIndex(nil)
	if concurrently {
		now, later = p.difference.withoutIndexes()
	}
	m.sql[SQLite] = head(m, sqlite{}, p.difference) + script(sqlite{}.steps(p.difference))
	m.sql[Postgres] = head(m, postgres{}, now) + script(postgres{}.steps(now))
	all := []*Migration{m}
	for i, c := range later {
		if i == 0 && len(now.changes) == 0 {
			m.sql[Postgres] = concurrentText(m, c)
			continue
		}
		built := m.after(len(all), c.index.name)
		built.sql[SQLite] = fmt.Sprintf("-- %s for %s: nothing to do, %s has made the index.\n", built, SQLite, m)
		built.sql[Postgres] = concurrentText(built, c)
		all = append(all, built)
	}
	return all, d.write(all...)
}

// withoutIndexes parts the indexes that can be built concurrently from the
// other changes.
func (d *difference) withoutIndexes() (*difference, []addIndex) {
	rest, indexes := *d, []addIndex(nil)
	rest.changes = nil
	for _, c := range d.changes {
		if x, ok := c.(addIndex); ok && !x.fresh && !x.index.unique {
			indexes = append(indexes, x)
		} else {
			rest.changes = append(rest.changes, c)
		}
	}
	return &rest, indexes
}

// concurrentText is a PostgreSQL file that builds an index concurrently.
func concurrentText(m *Migration, c addIndex) string {
	return fmt.Sprintf("%s%s\n\n-- %s\nCREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (%s);\n",
		title(m, postgres{}), noTransaction, c, quote(c.index.name), quote(c.index.table), quoteAll(c.index.columns))
}

// Empty writes the next migration as a pair of files without statements, for a
// person to fill by hand; larder migrate hash then takes their new checksums.
func (d *Dir) Empty(name string) (*Migration, error) {
	m, err := d.next(name)
	if err != nil {
		return nil, err
	}
	for _, e := range dialects() {
		m.sql[e.name()] = fmt.Sprintf("-- %s for %s: write the statements here, then run larder migrate hash.\n"+
			"-- They run once, in one transaction, and change no models.\n", m, e.name())
	}
	return m, d.write(m)
}

// Hash writes checksums.txt anew for the migrations folder at path and returns
// the names of the files whose sum was missing or another. A database refuses
// a file that it applied with another sum all the same.
func Hash(path string) ([]string, error) {
	d, sums, err := read(path)
	if err != nil {
		return nil, err
	}
	listed, err := d.listed()
	var broken *FileError
	if err != nil && !errors.As(err, &broken) {
		return nil, err
	}
	var changed []string
	for _, name := range sorted(sums) {
		if listed[name] != sums[name] {
			changed = append(changed, name)
		}
	}
	return changed, writeAll(path, map[string]string{checksumFile: checksumText(sums)})
}

// next is the migration after the last, without content.
func (d *Dir) next(name string) (*Migration, error) {
	clean := strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
	if strings.Trim(clean, "_") == "" {
		return nil, fmt.Errorf("expected a name for the migration that tells what it does, such as add_price, got %q", name)
	}
	return &Migration{
		Version: len(d.migrations) + 1, Name: clean,
		sql: map[string]string{}, checksums: map[string]string{},
	}, nil
}

// after is the n-th migration after m, without content.
func (m *Migration) after(n int, what string) *Migration {
	return &Migration{
		Version: m.Version + n, Name: m.Name + "_" + strings.ToLower(what),
		sql: map[string]string{}, checksums: map[string]string{},
	}
}

// title is the first line of a file.
func title(m *Migration, e dialect) string {
	return fmt.Sprintf("-- %s for %s. Once a database has applied it, it must not change.\n", m, e.name())
}

// head opens a file: what it is, and what the runner must know of it.
func head(m *Migration, e dialect, d *difference) string {
	text := title(m, e)
	if e.name() == SQLite && dropsTables(d) {
		text += foreignKeysOff + "\n"
	}
	return text + "\n"
}

// dropsTables reports whether the difference drops or rebuilds a table.
func dropsTables(d *difference) bool {
	if len(sqlite{}.rebuilds(d)) > 0 {
		return true
	}
	for _, c := range d.changes {
		if _, ok := c.(dropTable); ok {
			return true
		}
	}
	return false
}

// write puts the migrations' files and the new checksums into the folder.
func (d *Dir) write(migrations ...*Migration) error {
	sums, err := d.listed()
	if err != nil {
		return err
	}
	files := map[string]string{}
	for _, m := range migrations {
		for engine, sql := range m.sql {
			files[m.File(engine)] = sql
			m.checksums[engine] = checksum(sql)
		}
		if m.models != nil {
			files[m.String()+modelSuffix] = string(m.models)
		}
	}
	for name, content := range files {
		sums[name] = checksum(content)
	}
	files[checksumFile] = checksumText(sums)
	if err := os.MkdirAll(d.path, 0o750); err != nil {
		return fmt.Errorf("create the migrations folder: %w", err)
	}
	if err := writeAll(d.path, files); err != nil {
		return err
	}
	for _, m := range migrations {
		d.migrations = append(d.migrations, *m)
	}
	return nil
}

func checksum(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// checksumText is the content of checksums.txt.
func checksumText(sums map[string]string) string {
	var out strings.Builder
	for _, name := range sorted(sums) {
		fmt.Fprintf(&out, "%s  %s\n", sums[name], name)
	}
	return out.String()
}

// writeAll writes files into a folder: all contents first, under other names,
// then the names, the checksums last of all. What fails takes the rest back.
func writeAll(path string, files map[string]string) (err error) {
	var made []string
	defer func() {
		for _, name := range made {
			if err != nil {
				err = errors.Join(err, os.Remove(name))
			}
		}
	}()
	var renames [][2]string
	for _, name := range sorted(files) {
		final := filepath.Join(path, name)
		temporary := final + ".new"
		if err := writeFile(temporary, files[name]); err != nil {
			return fmt.Errorf("write %s: %w", final, err)
		}
		made = append(made, temporary)
		renames = append(renames, [2]string{temporary, final})
	}
	for i, r := range renames { // checksums.txt sorts behind the numbers
		if err := os.Rename(r[0], r[1]); err != nil {
			return fmt.Errorf("write %s: %w", r[1], err)
		}
		made[i] = r[1]
	}
	made = nil
	return nil
}

// writeFile writes a file and waits until it is on the disk.
func writeFile(name, content string) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644) //nolint:gosec // migrations are read by everyone who reads the project
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}
