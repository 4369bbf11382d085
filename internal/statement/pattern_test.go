package statement_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// A pattern finds the same texts on both engines, and they come in the same
// order, whatever the locale of the PostgreSQL server.
func TestPatternsAndOrderAreTheSameOnBothEngines(t *testing.T) {
	schema := goldenSchema(t)
	lite, post := onSQLite(t, schema), onPostgres(t, schema)
	letter := rapid.SampledFrom([]rune("aAkKbäÄßẞſsSσςΣıiIİéÉ\u212a%_\\*?[]^$.|(){}+- \n'🪐"))
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfNDistinct(rapid.StringOfN(letter, 1, 3, -1), 1, 20, rapid.ID[string]).Draw(t, "words")
		clear := statement.Statement{SQL: `DELETE FROM tag`}
		fill := statement.Statement{SQL: `INSERT INTO tag (word) VALUES ('` +
			strings.Join(escaped(words), `'), ('`) + `')`}
		err := lite.Write(t.Context(), func(ctx context.Context, tx store.Tx) error {
			if _, err := tx.Exec(ctx, clear); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, fill)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := post.Exec(t.Context(), clear.SQL+";"+fill.SQL); err != nil {
			t.Fatal(err)
		}
		pattern := rapid.StringOfN(letter, 0, 3, -1).Draw(t, "pattern") + "%" // query refuses a backslash at the end
		for _, op := range []query.Operator{query.Like, query.ILike, query.Less} {
			read := wordsThat(schema.Type("Tag"), op, pattern)
			want := found(t, statement.SQLite(), read, lite.Read)
			got := found(t, statement.Postgres(), read, func(ctx context.Context, st statement.Statement, each func(store.Scan) error) error {
				rows, err := post.Query(ctx, st.SQL, st.Args...)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					if err := each(rows.Scan); err != nil {
						return err
					}
				}
				return rows.Err()
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s %q: PostgreSQL finds %q, SQLite %q", op, pattern, got, want)
			}
		}
	})
}

func escaped(words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = strings.ReplaceAll(word, "'", "''")
	}
	return out
}

// wordsThat reads words in their order.
func wordsThat(tag *model.Type, op query.Operator, value string) query.Read {
	word := tag.Field("word")
	return query.Read{
		Type: tag, Version: 1, Limit: -1,
		Columns: []query.Column{{Field: word, Name: "word"}},
		Filter:  &query.Filter{Field: word, Op: op, Values: []any{value}},
		Order:   []query.Order{{Field: word}},
	}
}

// found are the rows of a read as JSON.
func found(
	t *rapid.T, d statement.Dialect, read query.Read,
	run func(context.Context, statement.Statement, func(store.Scan) error) error,
) []string {
	st, err := statement.NewBuilder(d).List(read)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	err = run(t.Context(), st, func(scan store.Scan) error {
		var row, key string
		err := scan(&row, &key)
		rows = append(rows, row)
		return err
	})
	if err != nil {
		t.Fatal(fmt.Errorf("%s %q: %w", st.SQL, st.Args, err))
	}
	return rows
}
