// Package refreshtest holds what larder does in a long life of a store, of
// imports, changes here and failures, against what a reference in memory says
// must come of it. It is all tests.
package refreshtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/postgrestest"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
)

// TestARefreshLosesNothing runs sequences of steps, each of which is a change
// upstream, a change here through the API, an import, or the resolution of a
// conflict. After every step the store must be what the reference says.
//
// LARDER_TEST_SEQUENCES is how many sequences are run on each engine, and
// LARDER_TEST_SEED the first one's seed.
func TestARefreshLosesNothing(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "larder.db"), sqlite.Options{})
		runSequences(t, engine, err, number(t, "LARDER_TEST_SEQUENCES", 200))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		engine, err := postgres.Open(t.Context(), postgrestest.Schema(t, postgrestest.Database(t)), postgres.Options{Connections: 4})
		runSequences(t, engine, err, number(t, "LARDER_TEST_SEQUENCES", 40))
	})
}

// number is what the variable of the environment says.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: expected a number: %v", variable, err)
	}
	return n
}

func runSequences(t *testing.T, engine store.Engine, err error, sequences int) {
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	l := newLife(t, engine)
	for i := range sequences {
		seed := number(t, "LARDER_TEST_SEED", 1) + i
		random := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // no secret
		sequence := make([]uint64, 4+random.IntN(20))
		for n := range sequence {
			sequence[n] = random.Uint64()
		}
		if failure := l.run(sequence); failure != nil {
			sequence, failure = l.shrink(sequence, failure)
			t.Fatalf("sequence of the seed %d, shrunk to %d steps:\n%s\n%v", seed, len(sequence), strings.Join(l.log, "\n"), failure)
		}
	}
}

// shrink leaves out what the failure does not need.
func (l *life) shrink(sequence []uint64, failure error) ([]uint64, error) {
	for size := len(sequence) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(sequence); {
			shorter := slices.Delete(slices.Clone(sequence), at, at+size)
			if err := l.run(shorter); err != nil {
				sequence, failure = shorter, err
			} else {
				at += size
			}
		}
	}
	if again := l.run(sequence); again != nil {
		failure = again
	}
	return sequence, failure
}

// life is a store, the reference of it, and what the sources have to tell.
type life struct {
	t        *testing.T
	engine   store.Engine
	schemas  []*model.Schema // which differ in the policies of the types
	server   *rest.Server
	records  *store.Store
	ref      *reference
	upstream map[string]*upstream // by source
	log      []string
}

var typePolicies = [][2]string{{"", ""}, {", removed: KEEP", ", onConflict: UPSTREAM, removed: DETACH"}, {", onConflict: FAIL", ", removed: DELETE"}}

func newLife(t *testing.T, engine store.Engine) *life {
	t.Helper()
	l := &life{t: t, engine: engine}
	for _, policies := range typePolicies {
		schema, err := model.Parse("models.graphql", fmt.Appendf(nil, referenceModels, policies[0], policies[1]))
		if err != nil {
			t.Fatal(err)
		}
		l.schemas = append(l.schemas, schema)
	}
	dialect := engine.Dialect().Name()
	l.exec(append(migrate.Builtin(dialect), migrate.Create(dialect, l.schemas[0])...)...)
	l.records = store.New(engine, l.schemas[0])
	var err error
	if l.server, err = rest.New(rest.Settings{}, l.records, l.schemas[0]); err != nil {
		t.Fatal(err)
	}
	return l
}

// exec runs SQL in one transaction.
func (l *life) exec(statements ...string) {
	l.t.Helper()
	err := l.engine.Write(l.t.Context(), func(ctx context.Context, tx store.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, statement.Statement{SQL: sql}); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// run runs a sequence on the empty store. A step is a random number that says
// what is done, so that the steps left when others are taken out stay what they
// are as far as can be.
func (l *life) run(sequence []uint64) error {
	l.exec("DELETE FROM station", "DELETE FROM moon", "DELETE FROM planet", "DELETE FROM star",
		"DELETE FROM larder_origin", "DELETE FROM larder_conflict", "DELETE FROM larder_run")
	l.ref, l.log = &reference{}, nil
	l.upstream = map[string]*upstream{"north": {}, "south": {}}
	for _, seed := range sequence {
		s := &step{life: l, Rand: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // no secret
		if err := s.do(); err != nil {
			return err
		}
		if err := l.compare(); err != nil {
			return err
		}
	}
	return nil
}

// compare holds the store against the reference.
func (l *life) compare() error {
	has, err := l.text()
	if want := l.ref.text(); err == nil && has != want {
		return fmt.Errorf("the store has:\n%s\nand should have:\n%s", differing(has, want), differing(want, has))
	}
	return err
}

// differing are the lines of a text that the other has not.
func differing(text, other string) string {
	lines := strings.Split(other, "\n")
	return strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return slices.Contains(lines, line) }), "\n")
}

// step is one step of a sequence.
type step struct {
	*life
	*rand.Rand
}

func (s *step) do() error {
	switch n := s.IntN(20); {
	case n < 7:
		s.changeUpstream()
		return nil
	case n < 13:
		return s.changeHere()
	case n < 15:
		return s.resolve()
	}
	return s.refresh()
}

func (s *step) note(format string, args ...any) { s.log = append(s.log, fmt.Sprintf(format, args...)) }

// resources are where the API has the types.
var resources = map[string]string{"Star": "stars", "Planet": "planets", "Moon": "moons", "Station": "stations"}

// changeHere changes a record through the API.
func (s *step) changeHere() error {
	var here []*held
	for _, record := range s.ref.records {
		if !record.gone {
			here = append(here, record)
		}
	}
	record := one(s.Rand, here)
	if n := s.IntN(10); n == 0 || record == nil {
		return s.createHere(here)
	} else if n < 3 {
		s.note("DELETE %s/%s", resources[record.kind], record.id)
		s.ref.drop(record)
		_, err := s.ask(http.MethodDelete, resources[record.kind]+"/"+record.id, "", http.StatusNoContent)
		return err
	}
	optional, required := settable(record.kind)
	field := one(s.Rand, slices.Concat(optional, required))
	k, method, body := kindOf(record.kind), http.MethodPatch, ""
	switch n := s.IntN(8); {
	case n == 0 && record.kind == "Planet": // another star
		record.to = one(s.Rand, append(ofKind(here, "Star"), nil))
		body = `{"starId":` + idOf(record.to) + `}`
	case n == 0 && record.kind == "Station": // another planet
		record.to = one(s.Rand, ofKind(here, "Planet"))
		body = `{"planetId":` + idOf(record.to) + `}`
	case n == 1 && record.kind == "Planet":
		field, body = "terrains", `{"terrains":{"$append":"e"}}`
		list, _ := json.Marshal(append(elements(record.has[field]), "e")) //nolint:errchkjson // strings
		record.has[field] = string(list)
	case n < 4: // PUT
		record.has[field] = s.value(field)
		var members []string
		for _, field := range k.fields {
			if field == k.to {
				members = append(members, `"`+field+`Id":`+idOf(record.to))
			} else {
				members = append(members, `"`+field+`":`+record.has[field])
			}
		}
		method, body = http.MethodPut, "{"+strings.Join(members, ",")+"}"
	default:
		record.has[field] = s.value(field)
		body = `{"` + field + `":` + record.has[field] + `}`
	}
	s.note("%s %s/%s %s", method, resources[record.kind], record.id, body)
	_, err := s.ask(method, resources[record.kind]+"/"+record.id, body, http.StatusOK)
	return err
}

func ofKind(records []*held, kind string) (of []*held) {
	for _, record := range records {
		if record.kind == kind {
			of = append(of, record)
		}
	}
	return of
}

func idOf(record *held) string {
	if record == nil {
		return "null"
	}
	return record.id
}

// createHere creates a record whose unique values no other has.
func (s *step) createHere(here []*held) error {
	created := &held{kind: one(s.Rand, []string{"Star", "Planet", "Planet", "Moon", "Station"}), has: map[string]string{}}
	var members []string
	if created.kind == "Moon" || created.kind == "Station" {
		if created.to = one(s.Rand, ofKind(here, "Planet")); created.to == nil {
			return nil
		}
		members = append(members, `"planetId":`+created.to.id)
	}
	if created.kind != "Station" {
		created.has["name"] = fmt.Sprintf(`"%c%d"`, resources[created.kind][0], s.IntN(3))
		for _, other := range here {
			if other.kind == created.kind && other.has["name"] == created.has["name"] && (other.kind != "Moon" || other.to == created.to) {
				return nil
			}
		}
		members = append(members, `"name":`+created.has["name"])
	}
	optional, required := settable(created.kind)
	for _, field := range optional {
		created.has[field] = nullable(kindOf(created.kind).defaults[field])
		if s.IntN(2) == 0 {
			created.has[field] = s.value(field)
			members = append(members, `"`+field+`":`+created.has[field])
		}
	}
	for _, field := range required {
		created.has[field] = s.value(field)
		members = append(members, `"`+field+`":`+created.has[field])
	}
	body := "{" + strings.Join(members, ",") + "}"
	s.note("POST %s %s", resources[created.kind], body)
	text, err := s.ask(http.MethodPost, resources[created.kind], body, http.StatusCreated)
	if err != nil {
		return err
	}
	var answer struct{ ID json.Number }
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	created.id = answer.ID.String()
	s.ref.records = append(s.ref.records, created)
	return nil
}

// ask sends a request that must be answered with the status.
func (l *life) ask(method, path, body string, status int) ([]byte, error) {
	request := httptest.NewRequestWithContext(l.t.Context(), method, "http://localhost/api/v1/"+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	recorder := httptest.NewRecorder()
	l.server.ServeHTTP(recorder, request)
	if recorder.Code != status {
		return nil, fmt.Errorf("%s %s %s: %d %s", method, path, body, recorder.Code, recorder.Body)
	}
	return recorder.Body.Bytes(), nil
}

// resolve decides a conflict, maybe one that was decided before.
func (s *step) resolve() error {
	c := one(s.Rand, s.ref.conflicts)
	if c == nil {
		return nil
	}
	take := one(s.Rand, []model.OnConflict{model.KeepLocal, model.TakeUpstream})
	var id int64
	err := s.read(fmt.Sprintf(`SELECT "id" FROM larder_conflict WHERE "source" = '%s' AND "type" = '%s' AND "key" = '%s' AND "field" = '%s'`, c.source, c.kind, c.key, c.field),
		func(scan store.Scan) error { return scan(&id) })
	if err != nil {
		return err
	}
	s.note("resolve %s %s.%s: %s", c.kind, c.key, c.field, take)
	refusal := s.ref.resolve(c, take)
	if _, err = importer.Resolve(s.t.Context(), s.records, s.engine, s.schemas[0], id, take); (err != nil) != (refusal != nil) {
		return fmt.Errorf("the resolution says %w, and should say %w", err, refusal)
	}
	return nil
}

// refresh imports what a source has: maybe dry first, maybe with a failure
// before, which must leave nothing, or with one that passes.
func (s *step) refresh() error {
	i := s.importOf(one(s.Rand, []string{"north", "north", "south"}))
	s.note("import %s (complete: %t, types %d, on conflict: %s, removed: %s, priorities: %v, restore: %v)",
		i.source, i.complete, i.variant, i.options.OnConflict, i.options.Removed, i.options.Priorities, i.options.Restore)
	if s.IntN(4) == 0 {
		dry := i
		dry.options.DryRun = true
		if _, err := s.runOnce(s.engine, dry); err != nil {
			return fmt.Errorf("dry run: %w", err)
		}
	}
	attempts, first := s.IntN(3), s.IntN(100)
	if s.IntN(100) == 0 {
		attempts, first = 1000, 0 // at every statement
	}
	for n := range attempts {
		done, err := s.runOnce(&faulty{Engine: s.engine, left: first + n + 1}, i)
		if done || err != nil {
			return err
		}
		if err := s.compare(); err != nil {
			return fmt.Errorf("after a failure at the statement %d: %w", first+n+1, err)
		}
	}
	engine := s.engine
	if s.IntN(4) == 0 {
		engine = &faulty{Engine: s.engine, left: 1 + s.IntN(100), passes: true}
	}
	_, err := s.runOnce(engine, i)
	return err
}

// arrival is an import that is to be run.
type arrival struct {
	source   string
	complete bool
	variant  int // of schemas
	options  importer.Options
	policies policies
}

// importOf chooses how a source is imported.
func (s *step) importOf(name string) arrival {
	i := arrival{
		source: name, complete: s.IntN(5) > 0, variant: s.IntN(len(s.schemas)),
		policies: policies{conflict: map[string]model.OnConflict{}, removed: map[string]model.Removed{}, priorities: one(s.Rand, []map[string]int{nil, {"north": 1}, {"south": 1}})},
	}
	i.options = importer.Options{
		OnConflict: one(s.Rand, []model.OnConflict{"", "", model.KeepLocal, model.TakeUpstream, model.FailOnConflict}),
		Removed:    one(s.Rand, []model.Removed{"", "", model.RemovedDelete, model.RemovedDetach, model.RemovedKeep}),
		Priorities: i.policies.priorities,
	}
	if s.IntN(5) == 0 {
		i.policies.restore = fmt.Sprintf(`["p%d"]`, s.IntN(4))
		i.options.Restore = []string{one(s.Rand, []string{i.policies.restore, i.policies.restore[2:4]})}
	}
	for _, t := range s.schemas[i.variant].Types {
		i.policies.conflict[t.Name] = cmp.Or(i.options.OnConflict, model.KeepLocal)
		i.policies.removed[t.Name] = cmp.Or(i.options.Removed, model.RemovedDelete)
		for _, from := range t.Sources {
			if from.Name == name {
				i.policies.conflict[t.Name] = cmp.Or(from.OnConflict, i.policies.conflict[t.Name])
				i.policies.removed[t.Name] = cmp.Or(from.Removed, i.policies.removed[t.Name])
			}
		}
	}
	// Of nested records without a policy of their own as much stays as of their owners.
	careful := []model.Removed{model.RemovedDelete, model.RemovedDetach, model.RemovedKeep}
	for _, nested := range []string{"Moon", "Station"} {
		i.policies.removed[nested] = careful[max(slices.Index(careful, i.policies.removed[nested]), slices.Index(careful, i.policies.removed["Planet"]))]
	}
	return i
}

// runOnce runs an import. It is done unless the power went out.
func (s *step) runOnce(engine store.Engine, i arrival) (done bool, err error) {
	after := s.ref.clone()
	i.policies.reticent = s.upstream[i.source].reticent()
	want, refusal := after.refresh(i.source, s.upstream[i.source].rows(), i.complete, i.policies)
	report, err := importer.Run(s.t.Context(), engine, s.schemas[i.variant], i.source, s.upstream[i.source].answer(i.complete), i.options)
	if errors.Is(err, errPower) {
		return false, nil
	}
	if (err != nil) != (refusal != nil) {
		return false, fmt.Errorf("the import says %w, and should say %w", err, refusal)
	}
	if refusal != nil {
		return true, nil //nolint:nilerr // refused as it should be
	}
	for _, t := range report.Types {
		got := tally{
			Created: t.Created.Count, Adopted: t.Adopted.Count, Updated: t.Updated.Count, Unchanged: t.Unchanged,
			Conflicts: t.Conflicts.Count, Gone: t.Gone.Count, Deleted: t.Deleted.Count,
			Removed: t.Removed.Count, Detached: t.Detached.Count, Restored: t.Restored.Count,
		}
		if got != *want[t.Type] {
			return false, fmt.Errorf("%s: the report counts %+v, and should count %+v", t.Type, got, *want[t.Type])
		}
	}
	if i.options.DryRun {
		return true, nil
	}
	s.ref = after
	return true, s.learn()
}

// learn finds out the ids of new records.
func (l *life) learn() error {
	return l.read(`SELECT "source", "type", "key", "record_id" FROM larder_origin`, func(scan store.Scan) error {
		var source, kind, key, id string
		err := scan(&source, &kind, &key, &id)
		if o := l.ref.origin(source, kind, key); o != nil && o.record.id == "" {
			o.record.id = id
		}
		return err
	})
}

func (l *life) read(sql string, each func(store.Scan) error) error {
	return l.engine.Read(l.t.Context(), statement.Statement{SQL: sql}, each)
}

// text is what the store has, as the reference writes it: the records as the
// API serves them, then what larder remembers.
func (l *life) text() (string, error) {
	var lines []string
	here := map[string]bool{}
	for _, k := range kinds {
		body, err := l.ask(http.MethodGet, resources[k.name]+"?limit=1000", "", http.StatusOK)
		if err != nil {
			return "", err
		}
		var records []map[string]json.RawMessage
		if err := json.Unmarshal(body, &records); err != nil {
			return "", fmt.Errorf("%s: %w", body, err)
		}
		for _, record := range records {
			id := string(record["id"])
			here[k.name+id] = true
			line := k.name + " " + id
			for _, field := range k.fields {
				value := record[field]
				if field == k.to {
					value = record[field+"Id"]
				}
				line += " " + field + "=" + string(value)
			}
			lines = append(lines, line)
		}
	}
	err := l.read(`SELECT "source", "type", "key", "record_id", "detached" IS NOT NULL, CAST("base" AS text) FROM larder_origin`, func(scan store.Scan) error {
		var source, kind, key, id, base string
		var detached bool
		if err := scan(&source, &kind, &key, &id, &detached, &base); err != nil {
			return err
		}
		line := fmt.Sprintf("origin %s %s %s of %s", source, kind, key, id)
		if !here[kind+id] {
			lines = append(lines, line)
			return nil
		}
		if detached {
			line += " detached"
		}
		var values map[string]json.RawMessage
		if err := json.Unmarshal([]byte(base), &values); err != nil {
			return err
		}
		for _, field := range kindOf(kind).fields {
			if value, known := values[field]; known {
				line += " " + field + "=" + compact(string(value))
			}
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		return "", err
	}
	err = l.read(`SELECT "source", "type", "key", "field", "record_id", coalesce(CAST("base" AS text), 'null'), CAST("upstream" AS text), CAST("local" AS text), coalesce("resolution", '') FROM larder_conflict`, func(scan store.Scan) error {
		var source, kind, key, field, id, base, upstream, local, resolution string
		err := scan(&source, &kind, &key, &field, &id, &base, &upstream, &local, &resolution)
		lines = append(lines, fmt.Sprintf("conflict %s %s %s.%s of %s: %s, %s, %s %s", source, kind, key, field, id, compact(base), compact(upstream), compact(local), resolution))
		return err
	})
	if err != nil {
		return "", err
	}
	open, err := importer.Conflicts(l.t.Context(), l.engine, l.schemas[0], importer.ConflictFilter{Open: true})
	for _, c := range open {
		lines = append(lines, fmt.Sprintf("open %s %s %s.%s: %s, here %s", c.Source, c.Type, c.Key, c.Field, c.Upstream, c.Local))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), err
}

// compact is JSON without space between.
func compact(text string) string {
	var short bytes.Buffer
	if json.Compact(&short, []byte(text)) != nil {
		return text
	}
	return short.String()
}
