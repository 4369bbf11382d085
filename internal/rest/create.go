package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// create answers POST of a collection: one object or an array of them, all or
// none.
func create(x *exchange) error {
	request, err := x.parse()
	if err != nil {
		return err
	}
	if q := request.Read; q.Filter != nil || q.After != nil || q.Before != nil {
		return &problem{
			status: http.StatusBadRequest, code: codeUnsupported,
			message: "a create takes no filter and no cursor", hint: "to change records that exist, use PATCH",
		}
	}
	if _, err := contentType(x.r, mediaJSON); err != nil {
		return err
	}
	if err := x.checkConflict(request.OnConflict); err != nil {
		return err
	}
	ctx, cancel := x.work()
	defer cancel()
	if x.parent != nil {
		if x.prefer.Resolution != "" {
			return &problem{
				status: http.StatusBadRequest, code: codeUnsupported,
				message: "an upsert does not go with the list of one record", hint: "POST to " + x.mount,
			}
		}
		if err := x.findParent(ctx); err != nil {
			return err
		}
	}
	document, body, err := x.server.readJSON(x.w, x.r)
	if err != nil {
		return err
	}
	records, nested, err := x.records(&document, request)
	if err != nil {
		return err
	}
	isArray := document.kind == arrayNode
	if x.accepted.singular && len(records) != 1 {
		return notSingular(len(records), false)
	}
	creation := store.Creation{
		Query: request.Read, Records: records, OnConflict: request.OnConflict,
		Resolution: resolutionOf(x.prefer.Resolution), Nested: nested,
	}
	if x.parent != nil {
		creation.Parent = &store.Parent{Relation: x.parent.relation, ID: x.parent.id}
	}
	asArray := isArray || x.prefer.Return == query.ReturnRepresentation
	creation.WithBody = x.returns(query.ReturnRepresentation) == query.ReturnRepresentation
	answer := func(result store.Result) creationAnswer { return x.creationAnswer(result, creation, asArray) }
	if creation.Idempotency, err = x.idempotency(body, answer); err != nil {
		return err
	}
	result, err := x.server.store.Create(ctx, creation)
	if err != nil {
		return x.orphaned(ctx, inBody(err, isArray))
	}
	if result.Replayed != nil {
		return x.replay(result.Replayed)
	}
	x.sendCreation(answer(result))
	return nil
}

// inBody makes the place of a violation one in the body, in which a record that
// is no element of an array is the whole.
func inBody(err error, isArray bool) error {
	var v *store.Violation
	if errors.As(err, &v) && v.Place != nil && !isArray {
		v.Place = v.Place[1:]
	}
	return err
}

// checkConflict holds on_conflict against the model: what an upsert goes by
// must be unique, or it could mean several records.
func (x *exchange) checkConflict(fields []*model.Field) error {
	if len(fields) == 0 || len(fields) == 1 && (fields[0].Unique || fields[0] == x.kind.ID) {
		return nil
	}
	for _, unique := range x.kind.Uniques {
		same := len(unique.Fields) == len(fields)
		for _, field := range unique.Fields {
			same = same && contains(fields, field)
		}
		if same {
			return nil
		}
	}
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.JSONName()
	}
	return &problem{
		status: http.StatusBadRequest, code: codeConflictTarget,
		message: "on_conflict: " + strings.Join(names, ", ") + " is not unique", hint: "name the fields of one @unique of the model, or id",
	}
}

// records reads the body of a create, with what its records list, and all that
// is wrong with it.
func (x *exchange) records(document *node, request query.Request) ([][]statement.Assignment, [][]store.Nested, error) {
	withID := x.prefer.Resolution != ""
	missingNull := request.Columns != nil && x.prefer.Missing == query.MissingNull
	in := reading{resource: x.resource}
	lists := nesting{room: x.server.settings.BodyItems, upsert: withID}
	if x.parent != nil {
		in.listed = &lister{relation: x.parent.relation, id: x.parent.id}
	}
	if document.kind != arrayNode {
		if err := expectObject(document, "an object or an array of objects"); err != nil {
			return nil, nil, err
		}
		record := in.create(document, request.Columns, missingNull, withID, "")
		nested := lists.of(&in, document, request.Columns, "", 1)
		return [][]statement.Assignment{record}, [][]store.Nested{nested}, in.err()
	}
	if most := x.server.settings.BodyItems; len(document.elements) > most {
		return nil, nil, &problem{
			status: http.StatusRequestEntityTooLarge, code: codeTooLarge,
			message: fmt.Sprintf("at most %d records may be created at once, came %d", most, len(document.elements)),
		}
	}
	records := make([][]statement.Assignment, 0, len(document.elements))
	nested := make([][]store.Nested, 0, len(document.elements))
	for i := range document.elements {
		at := "/" + strconv.Itoa(i)
		element := &document.elements[i]
		in.record = " of record " + strconv.Itoa(i)
		if element.kind != objectNode {
			in.record = "record " + strconv.Itoa(i)
			in.fault("", at, "type", codeBody, "expected an object, came "+element.kind.String())
			continue
		}
		records = append(records, in.create(element, request.Columns, missingNull, withID, at))
		nested = append(nested, lists.of(&in, element, request.Columns, at, 1))
		if len(in.faults) >= faultLimit {
			break
		}
	}
	return records, nested, in.err()
}

// faultLimit bounds the faults of one answer: a body of ten thousand wrong
// records needs no ten thousand sentences.
const faultLimit = 100

func resolutionOf(resolution query.Resolution) store.Resolution {
	switch resolution {
	case query.MergeDuplicates:
		return store.Merge
	case query.IgnoreDuplicates:
		return store.Ignore
	}
	return store.Refuse
}

// creationAnswer is the answer to a create, in the form in which it is kept
// for a repetition.
type creationAnswer struct {
	Status    int             `json:"status"`
	Location  string          `json:"location,omitempty"`
	Range     string          `json:"range,omitempty"`
	Applied   string          `json:"applied,omitempty"`
	MediaType string          `json:"mediaType,omitempty"`
	Tag       string          `json:"tag,omitempty"`
	Body      json.RawMessage `json:"body,omitempty"`
}

// creationAnswer makes the answer of a result: 201 where a record is new, 200
// where all of them existed.
func (x *exchange) creationAnswer(result store.Result, creation store.Creation, asArray bool) creationAnswer {
	answer := creationAnswer{Status: http.StatusCreated, Applied: x.prefer.Applied()}
	if result.Created == 0 && creation.Resolution != store.Refuse {
		answer.Status = http.StatusOK
	}
	if len(creation.Records) == 1 && len(result.IDs) == 1 {
		answer.Location = x.mount + "/" + idText(result.IDs[0])
	}
	if asArray {
		answer.Range = "*/*"
		if x.prefer.Count != query.NoCount {
			answer.Range = "*/" + strconv.Itoa(len(result.IDs))
		}
	}
	switch {
	case !creation.WithBody:
	case asArray && !x.accepted.singular:
		answer.Body, answer.MediaType = result.Body, mediaJSON
	case len(result.IDs) == 1:
		answer.Body, answer.MediaType = only(result.Body), x.mediaType()[0]
		if creation.Query.Columns == nil {
			answer.Tag = tagOf(answer.Body)
		}
	default: // ignored: there is a record already, which the request did not name
		answer.Status = http.StatusNoContent
	}
	return answer
}

// idText is an id as it stands in a path.
func idText(id any) string {
	if number, isNumber := id.(int64); isNumber {
		return strconv.FormatInt(number, 10)
	}
	return fmt.Sprint(id)
}

func (x *exchange) sendCreation(answer creationAnswer) {
	header := x.w.Header()
	for _, pair := range [...]struct{ name, value string }{
		{"Location", answer.Location}, {"Content-Range", answer.Range}, {"Preference-Applied", answer.Applied},
	} {
		if pair.value != "" {
			header[pair.name] = []string{pair.value}
		}
	}
	if answer.Body == nil {
		x.w.WriteHeader(answer.Status)
		return
	}
	x.server.send(x.w, x.r, answer.Status, []string{answer.MediaType}, answer.Body, answer.Tag)
}

// idempotency reads the Idempotency-Key header
// (draft-ietf-httpapi-idempotency-key-header-07): a structured string in
// quotes, or the bare text that many clients send. nil when there is none.
func (x *exchange) idempotency(body []byte, answer func(store.Result) creationAnswer) (*store.Idempotency, error) {
	values := x.r.Header["Idempotency-Key"]
	if len(values) == 0 {
		return nil, nil //nolint:nilnil // no key is a normal request
	}
	if x.server.settings.Stateless {
		return nil, &problem{
			status: http.StatusBadRequest, code: codeKey, message: "this server remembers no Idempotency-Key",
			details: "its database is not larder's own and has no place for the keys", hint: "leave the header out; to create a record once, PUT it under an id of your own, or let a unique attribute refuse the second",
		}
	}
	key := values[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if most := x.server.settings.Idempotent; len(values) > 1 || key == "" || len(key) > most || !visible(key) {
		return nil, &problem{
			status: http.StatusBadRequest, code: codeKey, message: "the Idempotency-Key is malformed",
			details: fmt.Sprintf("expected one key of 1 to %d visible ASCII characters, came %q", most, abbreviate(strings.Join(values, ", "))),
		}
	}
	return &store.Idempotency{
		Key:         key,
		Fingerprint: x.fingerprint(body),
		Answer: func(result store.Result) []byte {
			kept, err := json.Marshal(answer(result))
			if err != nil {
				return nil // the body is JSON from the store: it cannot fail
			}
			return kept
		},
	}, nil
}

// fingerprint tells requests apart: method, path, version, query, what the
// answer looks like, and the body.
func (x *exchange) fingerprint(body []byte) string {
	hash := sha256.New()
	path := x.path
	if x.parent != nil {
		path = x.r.URL.Path
	}
	fmt.Fprintf(hash, "%s\n%s\n%d\n%s\n%s\n%t\n", x.r.Method, path, x.Number, x.r.URL.RawQuery, x.prefer.Applied(), x.accepted.singular)
	hash.Write(body)
	return hex.EncodeToString(hash.Sum(nil))
}

func visible(text string) bool {
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return true
}

// replay repeats an answer that was kept.
func (x *exchange) replay(kept []byte) error {
	var answer creationAnswer
	if err := json.Unmarshal(kept, &answer); err != nil {
		return fmt.Errorf("read the answer kept under an idempotency key: %s", err) //nolint:errorlint // not the client's JSON
	}
	x.w.Header()["Idempotency-Replayed"] = []string{"true"}
	x.sendCreation(answer)
	return nil
}
