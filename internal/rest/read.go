package rest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// parse reads the query of the request.
func (x *exchange) parse() (query.Request, error) {
	if x.parent != nil {
		return query.ParseRelated(x.parent.relation, x.Number, x.r.URL.RawQuery, x.server.settings.Query)
	}
	if x.r.URL.RawQuery == "" {
		return query.Request{Read: x.everything()}, nil
	}
	return query.Parse(x.kind, x.Number, x.r.URL.RawQuery, x.server.settings.Query)
}

// everything is the read of all attributes without a condition.
func (x *exchange) everything() query.Read {
	return query.Read{Type: x.kind, Version: x.Number, Limit: -1}
}

// itemQuery is parse for the paths of one record, which take only select.
func (x *exchange) itemQuery() (query.Read, error) {
	request, err := x.parse()
	if err != nil {
		return query.Read{}, err
	}
	q := request.Read
	if q.Filter != nil || q.Order != nil || q.Limit >= 0 || q.Offset != 0 || q.After != nil || q.Before != nil || request.Columns != nil || request.OnConflict != nil || request.All {
		return query.Read{}, &problem{
			status: http.StatusBadRequest, code: codeUnsupported,
			message: "the path of one record takes no other parameter than select",
			hint:    "filter, sort and page the collection: " + x.mount,
		}
	}
	return q, nil
}

// id is the record's id in the path. Text that is no id is no record's.
func (x *exchange) id() (any, error) {
	return recordID(x.kind, x.r.PathValue("id"))
}

// recordID reads the id of a record of t as it stands in a path.
func recordID(t *model.Type, text string) (any, error) {
	id, err := t.ID.AcceptText(text)
	if err != nil {
		return nil, noRecord(text)
	}
	if number, isNumber := id.(int64); isNumber && strconv.FormatInt(number, 10) != text {
		return nil, noRecord(text) // a record has one address: 7, and not 007 or 7e0
	}
	return id, nil
}

func noRecord(text string) error {
	return &problem{status: http.StatusNotFound, code: codeNotFound, message: fmt.Sprintf("no record has the id %q", abbreviate(text))}
}

// read answers GET and HEAD of one record.
func read(x *exchange) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	q, err := x.itemQuery()
	if err != nil {
		return err
	}
	ctx, cancel := x.reading()
	defer cancel()
	body, err := x.server.store.Item(ctx, q, id)
	if err != nil {
		return x.missing(err)
	}
	return x.server.sendTagged(x.w, x.r, http.StatusOK, x.mediaType(), body, tagOf(body))
}

// missing names the id where the store found no record.
func (x *exchange) missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return noRecord(x.r.PathValue("id"))
	}
	return err
}

// list answers GET and HEAD of a collection.
func list(x *exchange) error {
	q, ranged, err := x.listQuery()
	if err != nil {
		return err
	}
	counted := q.Count != query.NoCount
	ctx, cancel := x.reading()
	defer cancel()
	page, err := x.server.store.List(ctx, q)
	if err != nil {
		return err
	}
	if x.parent != nil && (page.Rows == 0 || q.Grouped()) { // else there is one, of which the rows are
		if err := x.findParent(ctx); err != nil {
			return err
		}
	}
	header := x.w.Header()
	contentRange := contentRange(q, page)
	header["Content-Range"] = []string{contentRange}
	if applied := x.prefer.Applied(); applied != "" {
		header["Preference-Applied"] = []string{applied}
	}
	if counted && int64(q.Offset) > page.Total {
		return (&problem{
			status: http.StatusRequestedRangeNotSatisfiable, code: codeRange, message: "the range lies beyond the rows",
			details: fmt.Sprintf("an offset of %d was asked for, but there are %d rows", q.Offset, page.Total),
		}).with("Content-Range", contentRange)
	}
	if x.accepted.singular {
		if page.Rows != 1 {
			return notSingular(page.Rows, page.More)
		}
		object := only(page.Body)
		return x.server.sendTagged(x.w, x.r, http.StatusOK, x.mediaType(), object, tagOf(object))
	}
	if !ranged { // who pages by ranges asks for the next range
		if link := x.links(q, page); link != "" {
			header["Link"] = append(slices.Clip(x.w.links), link)
		}
	}
	status := http.StatusOK
	if counted && page.Total > int64(page.Rows) && q.Limit != 0 {
		status = http.StatusPartialContent
	}
	return x.server.sendTagged(x.w, x.r, status, x.mediaType(), page.Body, listTag(page.Body, contentRange))
}

// listTag is the entity tag of a list. It stands for the range too, so that a
// change of the total is a change.
func listTag(body []byte, contentRange string) string {
	return tagOf(append(body, contentRange...)) // body itself stays as it is
}

// listQuery is what a list asks for, and whether by a Range header. The limit
// is always set: to what was asked, at most the largest page, else the page
// size.
func (x *exchange) listQuery() (q query.Read, ranged bool, err error) {
	request, err := x.parse()
	if err != nil {
		return query.Read{}, false, err
	}
	q = request.Read
	if x.parent != nil {
		q.Restrict(query.RelatedTo(x.parent.relation, x.parent.id))
	}
	q.Count = x.prefer.Count
	settings := &x.server.settings
	if values := x.r.Header["Range"]; len(values) > 0 && x.r.Method == http.MethodGet && q.Limit < 0 && q.Offset == 0 {
		if q.Offset, q.Limit, err = query.ParseRange(values[0]); err != nil {
			return query.Read{}, false, err
		}
		ranged = q.Offset > 0 || q.Limit >= 0
	}
	if q.Limit < 0 {
		q.Limit = settings.PageSize
	}
	q.Limit = min(q.Limit, settings.Query.MaxLimit)
	if x.accepted.singular {
		q.Limit = min(q.Limit, 2) // two rows tell as well as all that it is not one
	}
	return q, ranged, nil
}

// contentRange is the value of Content-Range as PostgREST has it: "0-19/60",
// "*" for what is not known, which is also the place of a page behind a cursor.
func contentRange(q query.Read, page store.Page) string {
	buffer := make([]byte, 0, 32)
	if page.Rows == 0 || q.After != nil || q.Before != nil {
		buffer = append(buffer, '*')
	} else {
		buffer = strconv.AppendInt(buffer, int64(q.Offset), 10)
		buffer = append(buffer, '-')
		buffer = strconv.AppendInt(buffer, int64(q.Offset+page.Rows-1), 10)
	}
	buffer = append(buffer, '/')
	if page.Total < 0 {
		return string(append(buffer, '*'))
	}
	return string(strconv.AppendInt(buffer, page.Total, 10))
}

// links is the value of Link (RFC 8288): the pages before and behind this one,
// by keyset, so that rows written meanwhile are neither skipped nor repeated.
func (x *exchange) links(q query.Read, page store.Page) string {
	if page.Rows == 0 || q.Limit == 0 {
		return ""
	}
	next, previous := page.More, q.Offset > 0 || q.After != nil
	if q.Before != nil {
		next, previous = true, page.More
	}
	var b strings.Builder
	write := func(relation, parameter string, position []any) {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('<')
		b.WriteString(x.r.URL.Path)
		b.WriteByte('?')
		b.WriteString(query.WithCursor(x.r.URL.RawQuery, parameter, query.EncodeCursor(q, position)))
		b.WriteString(`>; rel="`)
		b.WriteString(relation)
		b.WriteByte('"')
	}
	if next && page.Last != nil {
		write("next", "_after", page.Last)
	}
	if previous && page.First != nil {
		write("prev", "_before", page.First)
	}
	return b.String()
}

// mediaType is the Content-Type of an answer.
func (x *exchange) mediaType() []string {
	if x.accepted.singular {
		return x.server.shared.singular
	}
	return x.server.shared.json
}

// notSingular is the problem of an answer that is not exactly one row.
func notSingular(rows int, more bool) error {
	details := fmt.Sprintf("The result contains %d rows", rows)
	if more {
		details = fmt.Sprintf("The result contains more than %d rows", rows)
	}
	return &problem{
		status: http.StatusNotAcceptable, code: codeSingular,
		message: "the result is not one row, as " + mediaSingular + " asks", details: details,
	}
}

// only is the one element of a JSON array.
func only(array []byte) []byte { return bytes.TrimSpace(array[1 : len(array)-1]) }
