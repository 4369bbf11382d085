package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// This file serves the nested routes, /api/v1/shopping-lists/1/items: the
// records that one record's relation lists, as a collection of their own.

// parent is the record whose list a nested route speaks of.
type parent struct {
	kind     *model.Type
	relation *model.Field // ToMany or ManyToMany
	id       any
}

// mountLists routes the lists that any of the editions of a resource has,
// below base. version is 0 where the path names none.
func (s *Server) mountLists(version int, base, resource string, editions []*resource) {
	methods := &methods{get: list, post: create}
	mounted := map[string]bool{}
	for _, res := range editions {
		for _, relation := range res.lists {
			name := relation.PathName()
			if route := base + "/" + resource + "/{id}/" + name; !mounted[name] {
				mounted[name] = true
				s.mux.Handle(route, s.route(route, methods.suiting(relation.Relation.Target), func(x *exchange) error { return s.settleList(x, resource, version, base, name) }))
			}
		}
	}
}

// settleList is settle for the list with the name of one of the resource's
// records: the exchange is about the records that it lists.
func (s *Server) settleList(x *exchange, resource string, inPath int, base, name string) error {
	if err := s.settle(x, resource, inPath); err != nil {
		return err
	}
	relation := x.listNamed(name)
	if relation == nil { // another version has it
		return x.noList(name)
	}
	x.parent = &parent{kind: x.kind, relation: relation}
	var err error
	if x.parent.id, err = recordID(x.kind, x.r.PathValue("id")); err != nil {
		return x.noParent()
	}
	x.resource = x.target(relation)
	x.mount = base + "/" + x.kind.Resource()
	return nil
}

// listNamed is the list of the resource's records under the name in paths, or nil.
func (res *resource) listNamed(name string) *model.Field {
	for _, relation := range res.lists {
		if relation.PathName() == name {
			return relation
		}
	}
	return nil
}

// findParent is nil when the record of the nested route is there.
func (x *exchange) findParent(ctx context.Context) error {
	q := query.Read{Type: x.parent.kind, Version: x.Number, Limit: -1, Columns: []query.Column{{Field: x.parent.kind.ID, Name: "id"}}}
	_, err := x.server.store.Item(ctx, q, x.parent.id)
	if errors.Is(err, store.ErrNotFound) {
		return x.noParent()
	}
	return err
}

// orphaned is the error of a create, or that the record of the nested route has
// gone meanwhile.
func (x *exchange) orphaned(ctx context.Context, err error) error {
	var violation *store.Violation
	if x.parent != nil && errors.As(err, &violation) && violation.Kind == store.ForeignKeyViolation {
		if gone := x.findParent(ctx); gone != nil {
			return gone
		}
	}
	return err
}

func (x *exchange) noParent() error {
	return &problem{
		status: http.StatusNotFound, code: codeNotFound,
		message: fmt.Sprintf("no record of %s has the id %q", x.parent.kind.Resource(), abbreviate(x.r.PathValue("id"))),
	}
}

// noList is the problem of a path below a record that leads to none of its
// lists.
func (res *resource) noList(behind string) error {
	name, _, deeper := strings.Cut(behind, "/")
	p := &problem{
		status: http.StatusNotFound, code: codeRoute, details: "it has none",
		message: fmt.Sprintf("a record of %s has no list %q", res.kind.Resource(), abbreviate(name)),
		hint:    "the paths are " + res.path + " and " + res.path + "/{id}",
	}
	if relation := res.listNamed(name); relation != nil && deeper {
		p.message, p.details = "there is nothing at this path", res.path+"/{id}/"+name+" has nothing below it"
		p.hint = "the path of one of its records is " + res.target(relation).path + "/{id}"
		return p
	}
	names := make([]string, len(res.lists))
	for i, relation := range res.lists {
		names[i] = relation.PathName()
	}
	if len(names) == 0 {
		return p
	}
	p.details = "its lists are " + strings.Join(names, ", ")
	p.hint += ", and its lists behind that"
	if near := nearest(name, names); near != "" {
		p.hint = fmt.Sprintf("did you mean %s/{id}/%s?", res.path, near)
	}
	return p
}
