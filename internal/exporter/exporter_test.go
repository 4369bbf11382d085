package exporter_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/exporter"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

const shopModels = `
type List {
  name: String! @unique
  items: [Item!]! @ref(onDelete: CASCADE)
  shops: [Shop!]!
}
type Item {
  name: String!
  note: String
  price: Decimal @since(version: 2)
  tags: [String!]!
  extra: JSON
  secret: String @hidden
  list: List
}
type Shop { name: String!, lists: [List!]! }`

// shop is a small database.
type shop struct {
	*store.Store
	t      *testing.T
	engine store.Engine
	schema *model.Schema
}

func newShop(t *testing.T) *shop {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte(shopModels))
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, engine: openSQLite(t), schema: schema}
	s.Store = store.New(s.engine, schema)
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	s.exec(append(migrate.Builtin("sqlite"), migrate.Create("sqlite", schema)...)...)
	s.exec(
		`INSERT INTO list (id, name) VALUES (3, 'Week'), (5, 'Party')`,
		`INSERT INTO shop (id, name) VALUES (1, 'Corner'), (2, 'Market')`,
		`INSERT INTO list_shops VALUES (3, 0, 2), (3, 1, 1)`,
		`INSERT INTO item (id, name, note, price, extra, secret, list_id) VALUES
			(1, 'Milk', '', 12500, '{"a":[1]}', 'psst', 5), (2, 'Salt, coarse', NULL, NULL, '"x"', NULL, NULL), (3, '=1+1', 'a "b"'||char(13)||char(10), -1, NULL, NULL, 3)`,
		`INSERT INTO item_tags VALUES (1, 0, 'b'), (1, 1, 'a,"c"')`)
	return s
}

func (s *shop) exec(statements ...string) {
	s.t.Helper()
	err := s.engine.Write(s.t.Context(), func(ctx context.Context, tx store.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return errors.Join(err, errors.New(sql))
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// export is an export of the resources, all for none.
func (s *shop) export(format source.Format, selection exporter.Selection, resources ...string) exporter.Export {
	s.t.Helper()
	for _, name := range resources {
		selection.Types = append(selection.Types, s.schema.ByResource(0, name))
	}
	tables, err := exporter.Tables(s.schema, selection)
	if err != nil {
		s.t.Fatal(err)
	}
	return exporter.Export{Tables: tables, Format: format}
}

func TestRecordsAreWrittenInEachFormat(t *testing.T) {
	s := newShop(t)
	everything := exporter.Selection{}
	for _, test := range []struct {
		name      string
		format    source.Format
		selection exporter.Selection
		resources []string
		want      string
	}{
		{"lines", source.NDJSON, everything, []string{"items"}, `
{"id":1,"name":"Milk","note":"","price":1.25,"tags":["b","a,\"c\""],"extra":{"a":[1]},"listId":5}
{"id":2,"name":"Salt, coarse","note":null,"price":null,"tags":[],"extra":"x","listId":null}
{"id":3,"name":"=1+1","note":"a \"b\"\r\n","price":-0.0001,"tags":[],"extra":null,"listId":3}
`},
		{"a table", source.CSV, everything, []string{"items"}, `
id,name,note,price,tags,extra,listId
1,Milk,"",1.25,"[""b"",""a,\""c\""""]","{""a"":[1]}",5
2,"Salt, coarse",,,[],"""x""",
3,=1+1,"a ""b""` + "\r\n" + `",-0.0001,[],,3
`},
		{"a list", source.JSON, everything, []string{"lists"}, `
[
{"id":3,"name":"Week","shops":[2,1]},
{"id":5,"name":"Party","shops":[]}
]
`},
		{"a list in which there is nothing", source.JSON, exporter.Selection{Query: "id=eq.9"}, []string{"lists"}, "\n[]\n"},
		{"several lists", source.JSON, everything, []string{"shops", "lists"}, `
{
"shops": [
{"id":1,"name":"Corner"},
{"id":2,"name":"Market"}
],
"lists": [
{"id":3,"name":"Week","shops":[2,1]},
{"id":5,"name":"Party","shops":[]}
]
}
`},
		{"items in their lists, and beside them those of none", source.JSON, exporter.Selection{Nested: true, Version: 1}, nil, `
{
"lists": [
{"id":3,"name":"Week","items":[{"id":3,"name":"=1+1","note":"a \"b\"\r\n","tags":[],"extra":null}],"shops":[2,1]},
{"id":5,"name":"Party","items":[{"id":1,"name":"Milk","note":"","tags":["b","a,\"c\""],"extra":{"a":[1]}}],"shops":[]}
],
"items": [
{"id":2,"name":"Salt, coarse","note":null,"tags":[],"extra":"x","listId":null}
],
"shops": [
{"id":1,"name":"Corner"},
{"id":2,"name":"Market"}
]
}
`},
		{"hidden fields", source.CSV, exporter.Selection{Hidden: true, Query: "name=eq.Milk"}, []string{"items"}, `
id,name,note,price,tags,extra,secret,listId
1,Milk,"",1.25,"[""b"",""a,\""c\""""]","{""a"":[1]}",psst,5
`},
		{"a query with an embed, an order and a limit", source.CSV, exporter.Selection{Query: "?select=what:name,...list(of:name),count:id&order=name.desc&limit=2"}, []string{"items"}, `
what,of,count
"Salt, coarse",,2
Milk,Party,1
`},
		{"sums", source.CSV, exporter.Selection{Query: "select=listId,price.sum()"}, []string{"items"}, `
listId,sum
3,-0.0001
5,1.25
,
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := s.export(test.format, test.selection, test.resources...).Write(t.Context(), s.Store, &out)
			if got := "\n" + out.String(); err != nil || got != test.want {
				t.Errorf("%v\ngot %s\nwant %s", err, got, test.want)
			}
		})
	}
}

func TestSelectionsThatCannotBeWrittenAreRefused(t *testing.T) {
	s := newShop(t)
	items := []*model.Type{s.schema.Type("Item")}
	for _, test := range []struct {
		selection exporter.Selection
		want      string
	}{
		{exporter.Selection{Hidden: true, Version: 1}, "no version of the API has hidden fields"},
		{exporter.Selection{Query: "id=eq.1"}, "a query is of one resource"},
		{exporter.Selection{Types: items, Nested: true, Query: "id=eq.1"}, "select=*,items(*)"},
		{exporter.Selection{Types: items, Query: "title=eq.1"}, "title"},
		{exporter.Selection{Types: items, Query: "secret=eq.1"}, "secret"},
		{exporter.Selection{Types: items, Query: "price=eq.1", Version: 1}, "price"},
	} {
		if _, err := exporter.Tables(s.schema, test.selection); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", test.selection, err, test.want)
		}
	}
	_, err := s.export(source.CSV, exporter.Selection{Query: "select=note"}, "items").Write(t.Context(), s.Store, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "a null alone in its row") {
		t.Errorf("error %v", err)
	}
	_, err = s.export(source.NDJSON, exporter.Selection{}).Write(t.Context(), s.Store, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "holds one resource") {
		t.Errorf("error %v", err)
	}
}

func TestAnExportIsOfOneMoment(t *testing.T) {
	s := newShop(t)
	e := s.export(source.NDJSON, exporter.Selection{}, "lists", "items")
	changes := 0
	e.Progress = func(now exporter.Progress) {
		if changes++; changes == 1 {
			s.exec(`INSERT INTO list (name) VALUES ('later')`, `UPDATE item SET name = 'later'`)
		}
		if now.Total != map[string]int{"lists": 2, "items": 3}[now.Resource] {
			t.Errorf("progress %+v", now)
		}
	}
	folder := filepath.Join(t.TempDir(), "out")
	written, err := e.Folder(t.Context(), s.Store, folder)
	if err != nil || written[0].Records != 2 || written[1].Records != 3 {
		t.Fatalf("%+v, %v", written, err)
	}
	for _, name := range []string{"lists.ndjson", "items.ndjson"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || bytes.Contains(text, []byte("later")) {
			t.Errorf("%s holds what came later, or nothing: %s %v", name, text, err)
		}
	}
}

func TestAnExportThatBreaksLeavesNothing(t *testing.T) {
	s := newShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	e := s.export(source.NDJSON, exporter.Selection{}, "lists", "items")
	e.Progress = func(now exporter.Progress) {
		if now.Resource == "items" {
			cancel()
		}
	}
	parent := t.TempDir()
	if _, err := e.Folder(ctx, s.Store, filepath.Join(parent, "out")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAFileThatExistsIsOnlyReplacedWhenAsked(t *testing.T) {
	s := newShop(t)
	e := s.export(source.JSON, exporter.Selection{}, "lists")
	file := filepath.Join(t.TempDir(), "lists.json")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := e.File(t.Context(), s.Store, file)
	if text, _ := os.ReadFile(file); err == nil || !strings.Contains(err.Error(), "--force") || string(text) != "mine" {
		t.Errorf("error %v, file %s", err, text)
	}
	e.Overwrite = true
	written, err := e.File(t.Context(), s.Store, file)
	text, _ := os.ReadFile(file)
	if err != nil || int64(len(text)) != written[0].Bytes+1 || written[0].File != file { // and a line end
		t.Errorf("%+v, %v, file %s", written, err, text)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	for path, want := range map[string]string{
		filepath.Join(file, "deeper.json"):                  "not a directory",
		filepath.Join(filepath.Dir(file), "no", "out.json"): "no such file or directory",
		filepath.Dir(file):                                  "it is a folder",
	} {
		if _, err := e.File(t.Context(), s.Store, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}
