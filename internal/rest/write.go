package rest

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/statement"
	"github.com/larderhq/larder/internal/store"
)

// This file changes one record at its own path. All of it happens inside
// store.Modify: the preconditions are held against the record as it is in the
// transaction, so that of two clients who both read it one is told.

// replace answers PUT: the body becomes the record, a new one where there is
// none.
func replace(x *exchange) error {
	id, q, conditions, err := x.change()
	if err != nil {
		return err
	}
	object, err := x.object("a record", mediaJSON)
	if err != nil {
		return err
	}
	if err := x.checkID(&object, id); err != nil {
		return err
	}
	object = without(object, x.kind.ID.JSONName())
	return x.modify(id, q, conditions, func(current *node) (store.Change, error) {
		in := reading{resource: x.resource}
		assignments := in.replace(&object, current)
		kind := store.Update
		if current == nil {
			kind = store.Insert
		}
		return store.Change{Kind: kind, Assignments: assignments}, in.err()
	})
}

// checkID holds the id in a body against the one in the path.
func (x *exchange) checkID(object *node, id any) error {
	name := x.kind.ID.JSONName()
	stated := object.member(name)
	if stated == nil {
		return nil
	}
	if value, err := x.kind.ID.AcceptJSON(stated.raw); err == nil && value == id {
		return nil
	}
	message := fmt.Sprintf("the body says %s, the path says %s", abbreviate(string(stated.raw)), x.r.PathValue("id"))
	return invalidValues([]fieldFault{{
		FieldError: FieldError{Field: name, Code: "readonly", Message: message, Pointer: pointer(name)}, state: codeUnsupported,
	}})
}

// without is the object without a member.
func without(object node, name string) node {
	members := make([]member, 0, len(object.members))
	for _, m := range object.members {
		if m.name != name {
			members = append(members, m)
		}
	}
	object.members = members
	return object
}

// update answers PATCH of one record: a merge patch with operators, or a JSON
// patch, as Content-Type says.
func update(x *exchange) error {
	id, q, conditions, err := x.change()
	if err != nil {
		return err
	}
	media, err := contentType(x.r, mediaJSON, mediaMergePatch, mediaJSONPatch)
	if err != nil {
		return err
	}
	document, _, err := x.server.readJSON(x.w, x.r)
	if err != nil {
		return err
	}
	if media == mediaJSONPatch {
		operations, err := readPatch(&document)
		if err != nil {
			return err
		}
		return x.modify(id, q, conditions, func(current *node) (store.Change, error) {
			return x.jsonPatched(current, operations)
		})
	}
	if err := expectObject(&document, "an object of the attributes to change"); err != nil {
		return err
	}
	return x.modify(id, q, conditions, func(current *node) (store.Change, error) {
		if current == nil {
			return store.Change{}, store.ErrNotFound
		}
		in := reading{resource: x.resource}
		assignments := in.patch(&document, current)
		return changed(assignments), in.err()
	})
}

// jsonPatched is the change that a JSON patch makes to a record.
func (x *exchange) jsonPatched(current *node, operations []patchOperation) (store.Change, error) {
	if current == nil {
		return store.Change{}, store.ErrNotFound
	}
	patched := current.clone()
	if err := applyPatch(&patched, operations, int(x.server.settings.BodyBytes)); err != nil {
		return store.Change{}, err
	}
	if err := expectObject(&patched, "a patch that leaves an object"); err != nil {
		return store.Change{}, err
	}
	in := reading{resource: x.resource}
	assignments := in.differences(current, &patched)
	return changed(assignments), in.err()
}

// discard answers DELETE of one record.
func discard(x *exchange) error {
	id, q, conditions, err := x.change()
	if err != nil {
		return err
	}
	return x.modify(id, q, conditions, func(current *node) (store.Change, error) {
		if current == nil {
			return store.Change{}, store.ErrNotFound
		}
		return store.Change{Kind: store.Delete}, nil
	})
}

// change reads what all changes of one record share.
func (x *exchange) change() (id any, q query.Read, conditions conditions, err error) {
	if id, err = x.id(); err != nil {
		return nil, q, conditions, err
	}
	if q, err = x.itemQuery(); err != nil {
		return nil, q, conditions, err
	}
	conditions = conditionsOf(x.r)
	if x.server.settings.RequirePreconditions && !conditions.given() {
		err = &problem{
			status: http.StatusPreconditionRequired, code: codeNoCondition,
			message: "a change of a record needs a precondition here",
			hint:    "send If-Match with the ETag of the record as you read it, or If-None-Match: * to create one",
		}
	}
	return id, q, conditions, err
}

// object reads the body as one object.
func (x *exchange) object(what string, media ...string) (node, error) {
	if _, err := contentType(x.r, media...); err != nil {
		return node{}, err
	}
	document, _, err := x.server.readJSON(x.w, x.r)
	if err != nil {
		return node{}, err
	}
	return document, expectObject(&document, what)
}

// changed is the change of the assignments; none are none.
func changed(assignments []statement.Assignment) store.Change {
	if len(assignments) == 0 {
		return store.Change{Kind: store.Keep}
	}
	return store.Change{Kind: store.Update, Assignments: assignments}
}

// modify runs a change of one record and answers. decide gets the record as
// parsed, or nil when there is none.
func (x *exchange) modify(id any, q query.Read, conditions conditions, decide func(current *node) (store.Change, error)) error {
	ctx, cancel := x.work()
	defer cancel()
	var deleted []byte
	written, err := x.server.store.Modify(ctx, q, id, func(current []byte) (store.Change, error) {
		if err := conditions.check(current); err != nil {
			return store.Change{}, err
		}
		if current == nil {
			return decide(nil)
		}
		record, err := parseRecord(current)
		if err != nil {
			return store.Change{}, err
		}
		deleted = bytes.Clone(current)
		return decide(&record)
	})
	if err != nil {
		return x.missing(err)
	}
	header := x.w.Header()
	if applied := x.prefer.Applied(); applied != "" {
		header["Preference-Applied"] = []string{applied}
	}
	status := http.StatusOK
	switch written.Kind {
	case store.Insert:
		status = http.StatusCreated
		header["Location"] = []string{x.mount + "/" + idText(id)}
	case store.Delete:
		if x.returns(query.ReturnMinimal) != query.ReturnRepresentation {
			x.w.WriteHeader(http.StatusNoContent)
			return nil
		}
		x.server.send(x.w, x.r, status, x.mediaType(), deleted, "")
		return nil
	case store.Keep, store.Update:
	}
	tag := ""
	if q.Columns == nil { // the tag stands for the whole record only
		tag = tagOf(written.Body)
	}
	if x.returns(query.ReturnRepresentation) != query.ReturnRepresentation {
		if tag != "" {
			header["Etag"] = []string{tag}
		}
		if status == http.StatusOK {
			status = http.StatusNoContent
		}
		x.w.WriteHeader(status)
		return nil
	}
	x.server.send(x.w, x.r, status, x.mediaType(), written.Body, tag)
	return nil
}
