package introspect_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/introspect"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/modeltest"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// told is what a database can tell of a scalar that larder has stored.
var told = map[string]map[model.Scalar]model.Scalar{
	"postgres": {model.ID: model.String, model.Duration: model.Int64},
	"sqlite": {
		model.ID: model.String, model.Int: model.Int64, model.Decimal: model.Int64, model.Boolean: model.Int64, model.Duration: model.Int64,
		model.UUID: model.String, model.Date: model.String, model.DateTime: model.String, model.JSON: model.String, model.Bytes: model.String,
	},
}

// compare holds the models that a database gave against those it was made by.
func compare(engine string, made, found *model.Schema) error {
	byTable := map[string]*model.Type{}
	for _, t := range found.Types {
		byTable[t.Table()] = t
	}
	for _, t := range made.Types {
		other := byTable[t.Table()]
		if other == nil {
			return fmt.Errorf("no type has the table %s", t.Table())
		}
		columns := map[string]*model.Field{}
		for _, f := range other.Fields {
			columns[f.Column()] = f
		}
		for _, f := range t.Fields {
			if f.Column() == "" {
				continue
			}
			if err := compareField(engine, f, columns[f.Column()]); err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, f.Name, err)
			}
		}
	}
	return nil
}

func compareField(engine string, f, other *model.Field) error {
	switch {
	case other == nil:
		return fmt.Errorf("no field has the column %s", f.Column())
	case f.Required != other.Required:
		return fmt.Errorf("required is %v", other.Required)
	case f.Unique != other.Unique:
		return fmt.Errorf("unique is %v", other.Unique)
	case f.Relation != nil && (other.Relation == nil || other.Relation.Target.Table() != f.Relation.Target.Table() || other.Relation.OnDelete != f.Relation.OnDelete):
		return fmt.Errorf("the relation is %+v", other.Relation)
	case f.Relation != nil || f.Kind == model.JSONColumn:
		return nil
	}
	want := f.Scalar
	if known, differs := told[engine][want]; differs {
		want = known
	}
	if other.Scalar != want {
		return fmt.Errorf("%s is %s", f.Scalar, other.Scalar)
	}
	if engine == "postgres" && want == model.Decimal && (other.Precision != f.Precision || other.Scale != f.Scale) {
		return fmt.Errorf("the digits are %d, %d", other.Precision, other.Scale)
	}
	return nil
}

// TestTablesOfLardersOwnAreToldAsTheyWereMade makes tables of random models and
// models of the tables.
func TestTablesOfLardersOwnAreToldAsTheyWereMade(t *testing.T) {
	database := postgrestest.Database(t)
	engines := map[string]func(path string) (store.Engine, error){
		"sqlite": func(path string) (store.Engine, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) },
		"postgres": func(string) (store.Engine, error) {
			return postgres.Open(t.Context(), postgrestest.Schema(t, database), postgres.Options{Connections: 2})
		},
	}
	rounds := 0
	rapid.Check(t, func(r *rapid.T) {
		const enough = 15 // a schema of PostgreSQL takes a while
		if rounds++; rounds > enough {
			return
		}
		made := modeltest.Draw(r).Schema
		for name, open := range engines {
			folder := filepath.Join(t.TempDir(), fmt.Sprint(rounds))
			found, err := remade(t, made, folder, open)
			if err == nil {
				err = compare(name, made, found)
			}
			if err != nil {
				r.Fatalf("on %s: %v\nmade by\n%s\nfound\n%v", name, err, made, found)
			}
		}
	})
}

// remade are the models of tables that the schema made.
func remade(t *testing.T, schema *model.Schema, folder string, open func(string) (store.Engine, error)) (found *model.Schema, err error) {
	dir, err := migrate.Open(filepath.Join(folder, "migrations"))
	if err != nil {
		return nil, err
	}
	if _, err := dir.Diff("init", schema); err != nil {
		return nil, err
	}
	engine, err := open(filepath.Join(folder, "larder.db"))
	if err != nil {
		return nil, err
	}
	defer engine.Close() //nolint:errcheck // nothing in it is kept
	if _, err := migrate.Up(t.Context(), engine, dir, migrate.Options{}); err != nil {
		return nil, err
	}
	d, err := introspect.Read(t.Context(), engine)
	if err != nil {
		return nil, err
	}
	if err := d.Look(t.Context(), engine); err != nil {
		return nil, err
	}
	result, err := d.Models()
	if err != nil {
		return nil, err
	}
	for _, table := range result.Schema.Types {
		if strings.HasPrefix(table.Table(), "larder_") {
			return nil, fmt.Errorf("larder's own table %s is served", table.Table())
		}
	}
	return result.Schema, nil
}
