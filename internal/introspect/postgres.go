package introspect

import (
	"context"
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/store"
)

// What belongs to an extension is its own affair, a partition its parent's.
const postgresTables = `SELECT json_build_object('name', c.relname, 'kind', c.relkind, 'comment', coalesce(obj_description(c.oid, 'pg_class'), ''))::text
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.classid = 'pg_class'::regclass AND e.deptype = 'e')
ORDER BY c.relname COLLATE "C"`

const postgresColumns = `SELECT json_build_object('table', c.relname, 'name', a.attname, 'comment', coalesce(col_description(c.oid, a.attnum), ''),
  'type', b.typname, 'element', CASE WHEN b.typcategory = 'A' THEN coalesce(e.typname, '') ELSE '' END, 'modifier', m.modifier,
  'notNull', a.attnotnull OR t.typnotnull, 'default', coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault, ''), 'identity', a.attidentity, 'computed', a.attgenerated <> '')::text
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type u ON u.oid = t.typbasetype AND t.typtype = 'd'
LEFT JOIN pg_type v ON v.oid = u.typbasetype AND u.typtype = 'd'
JOIN pg_type b ON b.oid = coalesce(v.oid, u.oid, t.oid)
CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE coalesce(u.typtypmod, -1) END ELSE a.atttypmod END AS modifier) m
LEFT JOIN pg_type e ON e.oid = b.typelem
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname COLLATE "C", a.attnum`

const postgresConstraints = `SELECT json_build_object('table', c.relname, 'name', k.conname, 'kind', k.contype, 'columns', coalesce(own.names, '[]'),
  'target', coalesce(f.relname, ''), 'foreign', f.relnamespace IS NOT NULL AND f.relnamespace <> c.relnamespace, 'referred', coalesce(other.names, '[]'), 'action', k.confdeltype,
  'expression', coalesce(pg_get_expr(k.conbin, k.conrelid), ''))::text
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class f ON f.oid = k.confrelid
CROSS JOIN LATERAL (SELECT json_agg(a.attname ORDER BY n.place) AS names FROM unnest(k.conkey) WITH ORDINALITY AS n(number, place)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number) own
CROSS JOIN LATERAL (SELECT json_agg(a.attname ORDER BY n.place) AS names FROM unnest(k.confkey) WITH ORDINALITY AS n(number, place)
  JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number) other
WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('p', 'u', 'f', 'c')
ORDER BY c.relname COLLATE "C", k.conname COLLATE "C"`

// Indexes that are no constraint's. A column of 0 is an expression.
const postgresIndexes = `SELECT json_build_object('table', c.relname, 'name', i.relname, 'unique', x.indisunique, 'partial', x.indpred IS NOT NULL OR x.indexprs IS NOT NULL OR m.amname <> 'btree',
  'columns', coalesce((SELECT json_agg(a.attname ORDER BY n.place) FROM unnest(x.indkey::smallint[]) WITH ORDINALITY AS n(number, place)
    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = n.number WHERE n.place <= x.indnkeyatts), '[]'))::text
FROM pg_index x
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_am m ON m.oid = i.relam
WHERE c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname COLLATE "C", i.relname COLLATE "C"`

const postgresEnums = `SELECT json_build_object('name', t.typname, 'word', e.enumlabel)::text
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE pg_type_is_visible(t.oid) ORDER BY t.typname COLLATE "C", e.enumsortorder`

func (d *Database) readPostgres(ctx context.Context, reader Reader) error {
	type tableRow struct{ Name, Kind, Comment string }
	err := rows(ctx, reader, postgresTables, nil, func(row tableRow) error {
		if !own(row.Name) {
			d.Tables = append(d.Tables, &Table{Name: row.Name, Comment: row.Comment, View: row.Kind == "v" || row.Kind == "m"})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := rows(ctx, reader, postgresEnums, nil, func(row struct{ Name, Word string }) error {
		d.Enums[row.Name] = append(d.Enums[row.Name], row.Word)
		return nil
	}); err != nil {
		return err
	}
	if err := d.postgresColumns(ctx, reader); err != nil {
		return err
	}
	if err := d.postgresConstraints(ctx, reader); err != nil {
		return err
	}
	type indexRow struct {
		Table, Name     string
		Unique, Partial bool
		Columns         []string
	}
	return rows(ctx, reader, postgresIndexes, nil, func(row indexRow) error {
		t := d.table(row.Table)
		switch {
		case t == nil:
		case row.Unique:
			t.Constraints = append(t.Constraints, store.Constraint{Name: row.Name, Table: t.Name, Columns: row.Columns})
			if !row.Partial {
				t.Uniques = append(t.Uniques, row.Columns)
			}
		case !row.Partial:
			t.Indexes = append(t.Indexes, row.Columns)
		}
		return nil
	})
}

func (d *Database) postgresColumns(ctx context.Context, reader Reader) error {
	type columnRow struct {
		Table, Name, Comment, Type, Element, Default, Identity string
		Modifier                                               int
		NotNull, Computed                                      bool
	}
	return rows(ctx, reader, postgresColumns, nil, func(row columnRow) error {
		t := d.table(row.Table)
		if t == nil {
			return nil
		}
		c := &Column{
			Name: row.Name, Comment: row.Comment, Type: row.Type, Element: row.Element, NotNull: row.NotNull,
			Computed: row.Computed || row.Identity == "a", Assigned: row.Identity != "" || strings.HasPrefix(row.Default, "nextval("),
		}
		if !c.Computed && !c.Assigned {
			c.Default = row.Default
		}
		const header = 4 // bytes that a modifier counts, too
		switch {
		case row.Modifier < header:
		case row.Type == "varchar" || row.Type == "bpchar":
			c.Length = row.Modifier - header
		case row.Type == "numeric":
			c.Precision = (row.Modifier - header) >> 16
			c.Scale = ((row.Modifier-header)&0x7ff ^ 1024) - 1024
		}
		t.Columns = append(t.Columns, c)
		return nil
	})
}

func (d *Database) postgresConstraints(ctx context.Context, reader Reader) error {
	type constraintRow struct {
		Table, Name, Kind, Target, Action, Expression string
		Foreign                                       bool
		Columns, Referred                             []string
	}
	return rows(ctx, reader, postgresConstraints, nil, func(row constraintRow) error {
		t := d.table(row.Table)
		if t == nil {
			return nil
		}
		t.Constraints = append(t.Constraints, store.Constraint{Name: row.Name, Table: t.Name, Columns: row.Columns})
		switch row.Kind {
		case "p":
			t.Key = row.Columns
		case "u":
			t.Uniques = append(t.Uniques, row.Columns)
		case "c":
			t.Checks = append(t.Checks, Check{Name: row.Name, Expression: row.Expression})
		case "f":
			if row.Foreign {
				d.skipped = append(d.skipped, fmt.Sprintf("%s (%s) refers to a table of another schema: it is served as a plain value", t.Name, strings.Join(row.Columns, ", ")))
				return nil
			}
			actions := map[string]string{"c": "CASCADE", "n": "SET_NULL"}
			t.References = append(t.References, Reference{Columns: row.Columns, Table: row.Target, Target: row.Referred, OnDelete: actions[row.Action]})
		}
		return nil
	})
}
