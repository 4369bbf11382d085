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

// mountLists routes the lists that any of the versions has of t's records,
// below base. version is 0 where the path names none.
func (s *Server) mountLists(t *model.Type, version int, base string, versions ...Version) {
	methods := &methods{get: list, post: create}
	mounted := map[string]bool{}
	for _, candidate := range versions {
		if !t.Served(candidate.Number) {
			continue
		}
		for _, relation := range query.Lists(t, candidate.Number) {
			name := relation.PathName()
			if route := base + "/" + t.Resource() + "/{id}/" + name; !mounted[name] {
				mounted[name] = true
				s.mux.Handle(route, s.route(route, methods, func(x *exchange) error { return s.settleList(x, t, version, base, name) }))
			}
		}
	}
}

// settleList is settle for the list with the name of one of t's records: the
// exchange is about the records that it lists.
func (s *Server) settleList(x *exchange, t *model.Type, inPath int, base, name string) error {
	if err := s.settle(x, t, inPath); err != nil {
		return err
	}
	relation := listNamed(t, x.version, name)
	if relation == nil { // another version has it
		return s.noList(t, x.version, name)
	}
	x.parent = &parent{kind: t, relation: relation}
	var err error
	if x.parent.id, err = recordID(t, x.r.PathValue("id")); err != nil {
		return x.noParent()
	}
	target := relation.Relation.Target
	x.resource = s.byVersion[x.version][target]
	x.mount = base + "/" + target.Resource()
	return nil
}

// listNamed is the list of t's records that a version has under the name, or nil.
func listNamed(t *model.Type, version int, name string) *model.Field {
	for _, relation := range query.Lists(t, version) {
		if relation.PathName() == name {
			return relation
		}
	}
	return nil
}

// findParent is nil when the record of the nested route is there.
func (x *exchange) findParent(ctx context.Context) error {
	q := query.Read{Type: x.parent.kind, Version: x.version, Limit: -1, Columns: []query.Column{{Field: x.parent.kind.ID, Name: "id"}}}
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

// noList is the problem of a path below a record of t that leads to none of
// its lists.
func (s *Server) noList(t *model.Type, version int, behind string) error {
	resource := versionPath(version) + "/" + t.Resource()
	name, _, deeper := strings.Cut(behind, "/")
	p := &problem{
		status: http.StatusNotFound, code: codeRoute, details: "it has none",
		message: fmt.Sprintf("a record of %s has no list %q", t.Resource(), abbreviate(name)),
		hint:    "the paths are " + resource + " and " + resource + "/{id}",
	}
	if relation := listNamed(t, version, name); relation != nil && deeper {
		p.message, p.details = "there is nothing at this path", resource+"/{id}/"+name+" has nothing below it"
		p.hint = "the path of one of its records is " + versionPath(version) + "/" + relation.Relation.Target.Resource() + "/{id}"
		return p
	}
	var names []string
	for _, relation := range query.Lists(t, version) {
		names = append(names, relation.PathName())
	}
	if len(names) == 0 {
		return p
	}
	p.details = "its lists are " + strings.Join(names, ", ")
	p.hint += ", and its lists behind that"
	if near := nearest(name, names); near != "" {
		p.hint = fmt.Sprintf("did you mean %s/{id}/%s?", resource, near)
	}
	return p
}
