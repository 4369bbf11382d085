package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// attribute is one of the attributes of a type.
func attribute(t *testing.T, typeName, name string) *model.Field {
	t.Helper()
	schema, err := model.Parse("models.graphql", []byte("type Planet { name: String! }\ntype Jar { planet: Planet }"))
	if err != nil {
		t.Fatal(err)
	}
	for _, candidate := range schema.Types {
		if candidate.Name == typeName {
			return candidate.Attribute(1, name)
		}
	}
	t.Fatalf("there is no type %s", typeName)
	return nil
}

func TestEveryErrorHasItsAnswer(t *testing.T) {
	name := attribute(t, "Planet", "name")
	server := &Server{settings: Settings{}.withDefaults()}
	for _, test := range []struct {
		name    string
		err     error
		status  int
		code    string
		message string
	}{
		{"a record that is not there", store.ErrNotFound, 404, "LRD404", "no record has this id"},
		{"more records than allowed", store.ErrTooMany, 400, "PGRST124", "the change would affect more records than max-affected allows"},
		{"a key with another request", store.ErrKeyReused, 422, "LRD422", "this Idempotency-Key was used before with another request"},
		{"a change of unknown outcome", store.ErrUncertain, 503, "LRD503", "the database went away while the change was being made; whether it was made is not known"},
		{"a database that does not answer", store.ErrUnavailable, 503, "PGRST000", "the database does not answer; try again"},
		{"a database of other models", &store.UndefinedError{Err: errors.New("no such column: r.quantity")}, 503, "42P01", "the database was migrated to other models than this server has"},
		{"a privilege that the server lacks", store.ErrForbidden, 403, "42501", "the database does not let this server do it"},
		{"a full disk", store.ErrFull, 507, "53100", "the database has no space left; nothing was changed"},
		{"work that takes too long", context.DeadlineExceeded, 504, "PGRST003", "the request took longer than the 30s allowed"},
		{"a client that went away", context.Canceled, 499, "PGRST003", "the client closed the request"},
		{"a request that comes too slowly", os.ErrDeadlineExceeded, 408, "LRD408", "the request was not received within 1m0s"},
		{"a body that is too large", &http.MaxBytesError{Limit: 7}, 413, "LRD413", "the body is larger than the 7 bytes allowed"},
		{"a value that is taken", &store.Violation{Kind: store.UniqueViolation, Fields: []*model.Field{name}}, 409, "23505", "name: another record has this value already"},
		{"a reference to nothing", &store.Violation{Kind: store.ForeignKeyViolation, Fields: []*model.Field{name}}, 409, "23503", "name: there is no such record to refer to"},
		{"a value outside of a check", &store.Violation{Kind: store.CheckViolation, Fields: []*model.Field{name}}, 400, "23514", "name: the value is outside of what the model allows"},
		{"a value that is missing", &store.Violation{Kind: store.NotNullViolation, Fields: []*model.Field{name}}, 400, "23502", "name: a value is required"},
		{"a result beyond the type", &store.Violation{Kind: store.RangeViolation}, 400, "22003", "the result leaves the range of the field's type"},
		{"a wrong value", &model.ValueError{Field: name, Code: "type", Message: "expected a string", Index: -1}, 400, "22P02", "name: expected a string"},
		{"a query that cannot be read", &query.Error{Parameter: "order", Code: query.CodeParse, Message: "no"}, 400, "PGRST100", "order: no"},
		{"a query that is too long", &query.Error{Code: query.CodeLimit, Limit: "QueryBytes", Message: "too long"}, 414, "54000", "too long"},
		{"anything else", errors.New("SELECT secret FROM /var/lib"), 500, "PGRSTX00", "internal error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := server.explain(http.MethodPost, fmt.Errorf("somewhere: %w", test.err))
			if got.status != test.status || got.code != test.code || got.message != test.message {
				t.Errorf("got %d %s %s", got.status, got.code, got.message)
			}
		})
	}
}

func TestADeletionThatOthersForbidNamesThem(t *testing.T) {
	planet := attribute(t, "Jar", "planetId")
	server := &Server{settings: Settings{}.withDefaults()}
	got := server.explain(http.MethodDelete, &store.Violation{Kind: store.ForeignKeyViolation, Fields: []*model.Field{planet}})
	if got.status != 409 || got.Error() != "other records still refer to this one: by planetId of jars" {
		t.Errorf("got %d %s", got.status, got)
	}
}
