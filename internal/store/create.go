package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
)

// IdempotencyPeriod is how long an idempotency key is remembered.
const IdempotencyPeriod = 24 * time.Hour

// Create makes the records, all or none. A broken constraint is a *Violation.
func (s *Store) Create(ctx context.Context, c Creation) (Result, error) {
	records, err := s.newRecords(c.Query, c.Parent.relation(), c.Parent.ofParent(c.Records))
	if err == nil {
		err = s.nest(c.Query.Version, records, c.Nested)
	}
	if err != nil {
		return Result{}, fmt.Errorf("create %s: %w", c.Query.Type.Resource(), s.place(ctx, c, err))
	}
	var result Result
	err = s.engine.Write(ctx, func(ctx context.Context, tx Tx) error {
		result = Result{}
		if c.Idempotency == nil {
			return s.create(ctx, tx, c, records, &result)
		}
		replayed, err := s.claim(ctx, tx, c.Idempotency)
		if err != nil || replayed != nil {
			result.Replayed = replayed
			return err
		}
		if err := s.create(ctx, tx, c, records, &result); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, s.statements.KeepAnswer(c.Idempotency.Key, c.Idempotency.Answer(result)))
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("create %s: %w", c.Query.Type.Resource(), s.place(ctx, c, err))
	}
	return result, nil
}

// claim takes the idempotency key, or returns the answer that is kept under it.
func (s *Store) claim(ctx context.Context, tx Tx, i *Idempotency) ([]byte, error) {
	now := time.Now()
	if _, err := tx.Exec(ctx, s.statements.DropKey(i.Key, now.Add(-IdempotencyPeriod))); err != nil {
		return nil, err
	}
	claimed, err := tx.Exec(ctx, s.statements.ClaimKey(i.Key, i.Fingerprint, now))
	if err != nil || claimed == 1 {
		return nil, err
	}
	var fingerprint string
	var answer []byte
	err = tx.Query(ctx, s.statements.KeptAnswer(i.Key), func(scan Scan) error { return scan(&fingerprint, &answer) })
	if err != nil {
		return nil, err
	}
	if fingerprint != i.Fingerprint {
		return nil, ErrKeyReused
	}
	return answer, nil
}

// create makes the records inside the change.
func (s *Store) create(ctx context.Context, tx Tx, c Creation, records []newRecord, result *Result) error {
	var err error
	t := c.Query.Type
	switch {
	case c.Parent != nil:
		result.IDs, err = s.insertUnder(ctx, tx, c.Parent, records)
		result.Created = len(result.IDs)
	case c.Resolution == Refuse:
		result.IDs, err = s.insert(ctx, tx, t, records)
		result.Created = len(result.IDs)
	default:
		for i := range records {
			if err := s.upsert(ctx, tx, c, &records[i], result); err != nil {
				return err
			}
		}
	}
	if err == nil && c.WithBody {
		result.Body, err = s.body(ctx, tx, c.Query, result.IDs)
	}
	return err
}

// body reads the records with the ids as a JSON array.
func (s *Store) body(ctx context.Context, tx Tx, q query.Read, ids []any) ([]byte, error) {
	if len(ids) != 1 {
		return s.items(ctx, tx, q, ids)
	}
	one, err := s.item(ctx, tx, q, ids[0])
	if err != nil {
		return nil, err
	}
	return append(append([]byte{'['}, one...), ']'), nil
}

// newRecord is a record to insert.
type newRecord struct {
	id          any // nil: the engine assigns one
	assignments []statement.Assignment
	values      []any                  // of statement.Columns
	lists       []statement.Assignment // those whose elements are rows
	children    []children
	place       int64 // among the records that are made with it
	unplaced    bool  // the field query.Numbered is to hold the place
}

// newRecords completes records by their defaults and ids, and refuses one that
// leaves out or nulls what is required. relation lists them; nil: none.
func (s *Store) newRecords(q query.Read, relation *model.Field, all [][]statement.Assignment) ([]newRecord, error) {
	t := q.Type
	columns := statement.Columns(t)
	var key, position *model.Field // filled when the record that lists them is known
	if relation != nil {
		key, position = relation.Relation.Inverse, query.Numbered(relation)
	}
	records := make([]newRecord, len(all))
	for i, assignments := range all {
		record := newRecord{assignments: assignments, values: make([]any, len(columns)), place: int64(i)}
		record.unplaced = position != nil && !slices.ContainsFunc(assignments, func(a statement.Assignment) bool { return a.Field == position && a.Value != nil })
		var missing []*model.Field
		for _, f := range t.Fields {
			a := valueOf(f, assignments)
			if a.Op != statement.Set {
				return nil, fmt.Errorf("%s of a new record", a.Op)
			}
			laterKnown := f == key || f == position && record.unplaced
			if a.Value == nil && !laterKnown && mustHave(f, q.Version) {
				missing = append(missing, f)
			}
			if at := slices.Index(columns, f); at >= 0 {
				record.values[at] = a.Value
				if f.Generated && !assigned(f, assignments) {
					record.values[at] = statement.Generated{}
				}
			} else if a.Value != nil {
				record.lists = append(record.lists, a)
			}
		}
		record.id = valueOf(t.ID, assignments).Value
		if record.id == nil && t.ChosenID() {
			missing = append(missing, t.ID)
		}
		if missing != nil {
			return nil, required(missing)
		}
		if record.id == nil && t.ID.Scalar == model.UUID && !t.ID.Generated {
			id, err := newUUID()
			if err != nil {
				return nil, err
			}
			record.id = id
		}
		records[i] = record
	}
	return records, nil
}

// mustHave reports whether a new record needs a value of the field. A list that
// the version does not show is empty.
func mustHave(f *model.Field, version int) bool {
	switch f.Kind {
	case model.Column, model.ToOne, model.JSONColumn:
		return f.Required && !f.Generated
	case model.ValueList, model.ManyToMany:
		return f.Required && f.IsAttribute() && f.Served(version)
	case model.ToMany:
	}
	return false
}

// valueOf is the assignment to the field, or that of its default.
func valueOf(f *model.Field, assignments []statement.Assignment) statement.Assignment {
	for _, a := range assignments {
		if a.Field == f {
			return a
		}
	}
	a := statement.Assignment{Field: f, Op: statement.Set}
	if f.Default != nil {
		a.Value = f.Default.Value
	}
	return a
}

// assigned reports whether the assignments are to the field, too.
func assigned(f *model.Field, assignments []statement.Assignment) bool {
	return slices.ContainsFunc(assignments, func(a statement.Assignment) bool { return a.Field == f })
}

// newUUID makes the id of a record: version 7, so that ids grow with time and
// an index on them stays compact (RFC 9562 section 5.7).
func newUUID() (any, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// insert makes the records, several by one statement, and returns their ids in
// their order.
func (s *Store) insert(ctx context.Context, tx Tx, t *model.Type, records []newRecord) ([]any, error) {
	for i := range records {
		if err := s.addWords(ctx, tx, records[i].assignments); err != nil {
			return nil, err
		}
	}
	ids := make([]any, 0, len(records))
	for rest := records; len(rest) > 0; {
		batch := rest[:batchSize(t, rest)]
		made, err := s.insertBatch(ctx, tx, t, batch, nil)
		if err != nil {
			return nil, s.explain(ctx, tx, err, all(batch))
		}
		ids = append(ids, made...)
		rest = rest[len(batch):]
	}
	if err := s.insertLists(ctx, tx, records, ids); err != nil {
		return nil, err
	}
	return ids, s.insertChildren(ctx, tx, records, ids)
}

// batchSize is how many of the records go into the next statement: as many as
// agree in bringing an id or not and in what they leave to the database, in one
// of few sizes, so that there are few different statements.
func batchSize(t *model.Type, records []newRecord) int {
	first := records[0]
	if first.id == nil && t.ID.Scalar != model.ID || !first.hasValues() { // the ids' order would not tell whose they are; no list of rows has no columns
		return 1
	}
	agree := 1
	for agree < len(records) && records[agree].agrees(first) {
		agree++
	}
	for _, size := range [...]int{64, 8} {
		if agree >= size && size*(len(first.values)+1) < 32_000 { // SQLite binds 32,766 values
			return size
		}
	}
	return 1
}

// hasValues reports whether the record brings anything for a column.
func (r newRecord) hasValues() bool {
	return r.id != nil || slices.ContainsFunc(r.values, func(value any) bool { return value != statement.Generated{} })
}

// agrees reports whether one statement can make both records.
func (r newRecord) agrees(other newRecord) bool {
	if (r.id == nil) != (other.id == nil) {
		return false
	}
	for i, value := range r.values {
		if (value == statement.Generated{}) != (other.values[i] == statement.Generated{}) {
			return false
		}
	}
	return true
}

// insertBatch makes records that all bring an id or all do not, and returns
// the ids in the order of the records. Of one whose conflict is to be ignored
// there is none.
func (s *Store) insertBatch(ctx context.Context, tx Tx, t *model.Type, batch []newRecord, conflict []*model.Field) ([]any, error) {
	withID := batch[0].id != nil
	rows := make([][]any, len(batch))
	for i, record := range batch {
		rows[i] = record.values
		if withID {
			rows[i] = append([]any{record.id}, record.values...)
		}
	}
	made := make([]any, 0, len(batch))
	err := tx.Query(ctx, s.statements.Insert(t, rows, withID, conflict), func(scan Scan) error {
		id, err := scanID(scan, t)
		made = append(made, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if withID {
		return made, s.afterExplicitIDs(ctx, tx, t)
	}
	sortIDs(made) // assigned in the order of the rows, returned in any
	return made, nil
}

// afterExplicitIDs keeps the ids that the engine assigns clear of given ones.
func (s *Store) afterExplicitIDs(ctx context.Context, tx Tx, t *model.Type) error {
	st, needed := s.statements.AfterExplicitIDs(t)
	if !needed {
		return nil
	}
	return tx.Query(ctx, st, func(scan Scan) error {
		var next int64
		return scan(&next)
	})
}

// insertLists writes the lists of new records.
func (s *Store) insertLists(ctx context.Context, tx Tx, records []newRecord, ids []any) error {
	var fields []*model.Field
	rows := map[*model.Field][]statement.ListRow{}
	for i, record := range records {
		for _, a := range record.lists {
			elements, isList := a.Value.([]any)
			if !isList || len(elements) == 0 {
				continue
			}
			if rows[a.Field] == nil {
				fields = append(fields, a.Field)
			}
			rows[a.Field] = append(rows[a.Field], statement.ListRow{Owner: ids[i], Elements: elements})
		}
	}
	for _, f := range fields {
		if err := s.writeList(ctx, tx, f, rows[f]); err != nil {
			return err
		}
	}
	return nil
}

// upsert makes one record, or does with the one that exists what c says.
func (s *Store) upsert(ctx context.Context, tx Tx, c Creation, record *newRecord, result *Result) error {
	t, conflict := c.Query.Type, c.OnConflict
	if len(conflict) == 0 {
		conflict = []*model.Field{t.ID}
	}
	if err := s.addWords(ctx, tx, record.assignments); err != nil {
		return err
	}
	made, err := s.insertBatch(ctx, tx, t, []newRecord{*record}, conflict)
	if err != nil {
		return s.explain(ctx, tx, err, record.assignments)
	}
	if len(made) == 1 {
		result.IDs = append(result.IDs, made[0])
		result.Created++
		return s.insertLists(ctx, tx, []newRecord{*record}, made)
	}
	if c.Resolution == Ignore {
		return nil
	}
	id, err := s.find(ctx, tx, t, conflict, record)
	if err != nil {
		return err
	}
	result.IDs = append(result.IDs, id)
	given := slices.DeleteFunc(slices.Clone(record.assignments), func(a statement.Assignment) bool { return a.Field == t.ID })
	return s.assign(ctx, tx, statement.ByID(t, id), []any{id}, given)
}

// find is the id of the record that has the new one's values of the fields.
func (s *Store) find(ctx context.Context, tx Tx, t *model.Type, fields []*model.Field, record *newRecord) (id any, err error) {
	values := make([]any, len(fields))
	for i, f := range fields {
		if values[i] = record.id; f != t.ID {
			values[i] = valueOf(f, record.assignments).Value
		}
	}
	err = tx.Query(ctx, s.statements.Find(t, fields, values), func(scan Scan) error {
		id, err = scanID(scan, t)
		return err
	})
	if err == nil && id == nil {
		err = fmt.Errorf("%w: the record that exists already was deleted meanwhile", ErrUnavailable)
	}
	return id, err
}

// scanID reads a row of one id.
func scanID(scan Scan, t *model.Type) (any, error) {
	if t.ID.Scalar == model.UUID || t.ID.Scalar == model.String {
		var id string
		err := scan(&id)
		return id, err
	}
	var id int64
	err := scan(&id)
	return id, err
}

// sortIDs puts ids in their order.
func sortIDs(ids []any) {
	slices.SortFunc(ids, func(a, b any) int {
		if a, isNumber := a.(int64); isNumber {
			b, _ := b.(int64)
			return cmp.Compare(a, b)
		}
		textA, _ := a.(string)
		textB, _ := b.(string)
		return cmp.Compare(textA, textB)
	})
}

// all are the assignments of all the records.
func all(records []newRecord) []statement.Assignment {
	var assignments []statement.Assignment
	for _, record := range records {
		assignments = append(assignments, record.assignments...)
	}
	return assignments
}
