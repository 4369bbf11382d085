package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// updateMany answers PATCH of a collection: every record that the filter
// matches gets the attributes of the body, in one statement.
func updateMany(x *exchange) error {
	q, most, err := x.manyQuery()
	if err != nil {
		return err
	}
	object, err := x.object("an object of the attributes to change", mediaJSON, mediaMergePatch)
	if err != nil {
		return err
	}
	in := reading{resource: x.resource}
	assignments := in.patch(&object, nil)
	if err := in.err(); err != nil {
		return err
	}
	ctx, cancel := x.work()
	defer cancel()
	if most == 0 || len(assignments) == 0 {
		return x.sendMany(x.nothing(ctx, q, most))
	}
	return x.sendMany(x.server.store.UpdateMany(ctx, q, assignments, max(most, 0), x.wantsBody()))
}

// deleteMany answers DELETE of a collection.
func deleteMany(x *exchange) error {
	q, most, err := x.manyQuery()
	if err != nil {
		return err
	}
	ctx, cancel := x.work()
	defer cancel()
	if most == 0 {
		return x.sendMany(x.nothing(ctx, q, most))
	}
	return x.sendMany(x.server.store.DeleteMany(ctx, q, max(most, 0), x.wantsBody()))
}

// wantsBody reports whether the answer of a change of many is the records.
func (x *exchange) wantsBody() bool {
	return x.returns(query.ReturnMinimal) == query.ReturnRepresentation
}

// manyQuery is what a change of many asks for, and how many records it may
// affect at most: -1 when there is no bound.
func (x *exchange) manyQuery() (q query.Read, most int, err error) {
	request, err := x.parse()
	if err != nil {
		return q, 0, err
	}
	q = request.Read
	switch {
	case q.Filter == nil && !request.All:
		return q, 0, &problem{
			status: http.StatusBadRequest, code: codeUnfiltered,
			message: "this would change every record of " + x.kind.Resource(),
			hint:    "add a filter, as in ?id=eq.7, or say _all=true when every record is meant",
		}
	case q.Limit >= 0 || q.Offset > 0 || q.After != nil || q.Before != nil:
		return q, 0, &problem{
			status: http.StatusBadRequest, code: codeUnsupported,
			message: "a change of many records takes no limit, offset or cursor", hint: "say which records are meant by a filter",
		}
	}
	most = x.prefer.MaxAffected
	if x.accepted.singular && most != 0 {
		most = 1
	}
	return q, most, nil
}

// nothing stands for a change that changes nothing: of no attribute, or of at
// most 0 records, which fails when the filter matches any.
func (x *exchange) nothing(ctx context.Context, q query.Read, most int) (store.Result, error) {
	q.Limit = 1
	page, err := x.server.store.List(ctx, q)
	if err == nil && most == 0 && page.Rows > 0 {
		err = store.ErrTooMany
	}
	return store.Result{Body: []byte("[]")}, err
}

// sendMany answers a change of many records.
func (x *exchange) sendMany(result store.Result, err error) error {
	affected := len(result.IDs)
	switch {
	case errors.Is(err, store.ErrTooMany) && x.accepted.singular && x.prefer.MaxAffected != 0:
		return notSingular(1, true)
	case err != nil:
		return err
	case x.accepted.singular && affected != 1:
		return notSingular(affected, false)
	}
	header := x.w.Header()
	total := "*"
	if x.prefer.Count != query.NoCount {
		total = strconv.Itoa(affected)
	}
	header["Content-Range"] = []string{"*/" + total}
	if x.r.Method == http.MethodPatch && affected > 0 {
		header["Content-Range"] = []string{"0-" + strconv.Itoa(affected-1) + "/" + total}
	}
	if applied := x.prefer.Applied(); applied != "" {
		header["Preference-Applied"] = []string{applied}
	}
	switch {
	case x.accepted.singular:
		x.server.send(x.w, x.r, http.StatusOK, x.mediaType(), only(result.Body), "")
	case x.wantsBody():
		x.server.send(x.w, x.r, http.StatusOK, x.mediaType(), result.Body, "")
	default:
		x.w.WriteHeader(http.StatusNoContent)
	}
	return nil
}
