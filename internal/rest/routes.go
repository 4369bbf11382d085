package rest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// basePath is where the API is mounted.
const basePath = "/api"

// edition is the API in one version.
type edition struct {
	Version
	schema    *model.Schema // with the names that the version has
	resources []*resource   // in the order of the models
	byName    map[string]*resource
	header    http.Header // of every answer in this version
}

func newEdition(s *Server, version Version) *edition {
	e := &edition{
		Version: version, schema: s.schema.In(version.Number), byName: map[string]*resource{},
		header: versionHeader(version),
	}
	for _, t := range e.schema.Types {
		if t.Served(version.Number) {
			res := newResource(s, e, t)
			e.resources = append(e.resources, res)
			e.byName[t.Resource()] = res
		}
	}
	return e
}

// resource is a type as one API version serves it.
type resource struct {
	*edition
	server     *Server
	kind       *model.Type
	path       string // "/api/v1/planets"
	attributes []*model.Field
	byName     map[string]*model.Field
	lists      []*model.Field // the relations to many
}

func newResource(s *Server, e *edition, t *model.Type) *resource {
	res := &resource{
		edition: e, server: s, kind: t,
		path:       versionPath(e.Number) + "/" + t.Resource(),
		attributes: t.Attributes(e.Number),
		byName:     map[string]*model.Field{},
		lists:      query.Lists(t, e.Number),
	}
	for _, field := range res.attributes {
		res.byName[field.JSONName()] = field
	}
	return res
}

// target is the resource that a relation leads to.
func (e *edition) target(relation *model.Field) *resource {
	return e.byName[relation.Relation.Target.Resource()]
}

func versionPath(version int) string { return basePath + "/v" + strconv.Itoa(version) }

// exchange is one request to a resource, with what its headers have settled.
type exchange struct {
	*resource
	w        *recorder
	r        *http.Request
	accepted accepted
	prefer   query.Preferences
	mount    string  // the path of the resource's collection, with or without the version as it was asked
	parent   *parent // of a nested route: whose records are spoken of
}

// work is the context for what the store is asked to do: the request's own,
// for as long as the settings allow. It begins when the body has been read.
func (x *exchange) work() (context.Context, context.CancelFunc) {
	return context.WithTimeout(x.r.Context(), x.server.settings.RequestTimeout)
}

// returns is what a write answers: what the request prefers, the record where
// it asks for that form, else what is usual for the write. This is the one
// place where a mount with PostgREST's own usage would differ.
func (x *exchange) returns(usual query.Return) query.Return {
	switch {
	case x.accepted.singular:
		return query.ReturnRepresentation
	case x.prefer.Return != "":
		return x.prefer.Return
	}
	return usual
}

// action answers a request; its error becomes a problem.
type action func(*exchange) error

// methods are the actions of a route by method.
type methods struct {
	get, post, put, patch, delete action
}

func (m *methods) of(method string) action {
	switch method {
	case http.MethodGet, http.MethodHead:
		return m.get
	case http.MethodPost:
		return m.post
	case http.MethodPut:
		return m.put
	case http.MethodPatch:
		return m.patch
	case http.MethodDelete:
		return m.delete
	}
	return nil
}

// allow is the value of Allow (RFC 9110 section 10.2.1).
func (m *methods) allow() string {
	names := []string{}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if m.of(method) != nil {
			names = append(names, method)
		}
	}
	return strings.Join(append(names, http.MethodOptions), ", ")
}

// suiting is m without what a type does not take that can be read only.
func (m *methods) suiting(t *model.Type) *methods {
	if t.ReadOnly {
		return &methods{get: m.get}
	}
	return m
}

// routes fills the server's mux: every resource with its version in the path
// and, once for all versions that have one of its name, without.
func (s *Server) routes() {
	bare := map[string][]*resource{}
	for _, version := range s.settings.Versions {
		for _, res := range s.byVersion[version.Number].resources {
			s.mount(version.Number, versionPath(version.Number), res)
			bare[res.kind.Resource()] = append(bare[res.kind.Resource()], res)
		}
	}
	for _, sameName := range bare {
		s.mount(0, basePath, sameName...)
	}
}

// mount routes the collection, the items and the lists of a resource below
// base. version is 0 where the path names none; then there is a resource for
// each version that has it.
func (s *Server) mount(version int, base string, editions ...*resource) {
	collection := &methods{get: list, post: create, patch: updateMany, delete: deleteMany}
	item := &methods{get: read, put: replace, patch: update, delete: discard}
	name := editions[0].kind.Resource()
	path := base + "/" + name
	settle := func(x *exchange) error {
		x.mount = path
		return s.settle(x, name, version)
	}
	kind := editions[0].kind
	s.mux.Handle(path, s.route(path, collection.suiting(kind), settle))
	s.mux.Handle(path+"/{id}", s.route(path+"/{id}", item.suiting(kind), settle))
	s.mountLists(version, base, name, editions)
}

// route returns the handler of a route by its methods. settle is asked first
// and fills the exchange.
func (s *Server) route(route string, methods *methods, settle action) http.Handler {
	allow := methods.allow()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec, _ := w.(*recorder)
		rec.route = route
		work := methods.of(r.Method)
		if work == nil {
			s.otherMethod(rec, r, allow)
			return
		}
		if s.replicated && r.Method != http.MethodGet && r.Method != http.MethodHead {
			rec.changed = s.tellPosition
		}
		x := exchange{w: rec, r: r}
		err := settle(&x)
		if err == nil {
			err = work(&x)
		}
		if err != nil {
			s.fail(rec, r, x.inVersion(err))
		}
	})
}

// settle fills an exchange with the resource of the name and with what the
// headers say: version, form of the answer and preferences.
func (s *Server) settle(x *exchange, name string, inPath int) (err error) {
	if x.accepted, err = accept(x.r); err != nil {
		return err
	}
	version, err := s.requestedVersion(x.r, inPath, x.accepted.version)
	if err != nil {
		return err
	}
	edition := s.byVersion[version]
	x.w.announce(edition)
	if x.resource = edition.byName[name]; x.resource == nil {
		return edition.noResource(name)
	}
	x.prefer = query.Preferences{MaxAffected: -1}
	if values := x.r.Header["Prefer"]; len(values) > 0 {
		if x.prefer, err = query.ParsePreferences(values); err != nil {
			return err
		}
	}
	header := x.w.Header()
	header["Vary"] = s.shared.vary
	header["Cache-Control"] = s.shared.noCache
	return nil
}

// otherMethod answers OPTIONS, and 405 to what the route does not do.
func (s *Server) otherMethod(w *recorder, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	if r.Method == http.MethodOptions {
		if strings.Contains(allow, http.MethodPatch) {
			w.Header().Set("Accept-Patch", mediaMergePatch+", "+mediaJSONPatch+", "+mediaJSON)
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.fail(w, r, &problem{
		status: http.StatusMethodNotAllowed, code: codeMethod,
		message: "the method " + abbreviate(r.Method) + " is not allowed here", hint: "allowed are " + allow,
	})
}

// noResource is the problem of a resource that a version does not have.
func (e *edition) noResource(name string) error {
	p := &problem{
		status: http.StatusNotFound, code: codeTable,
		message: fmt.Sprintf("there is no resource %q in version %d of this API", abbreviate(name), e.Number),
	}
	names := make([]string, len(e.resources))
	for i, res := range e.resources {
		names[i] = res.kind.Resource()
	}
	p.hint = "GET " + versionPath(e.Number) + " lists the resources"
	if near := nearest(name, names); near != "" {
		p.hint = fmt.Sprintf("did you mean %q? %s", near, p.hint)
	}
	return p
}

// noRoute is the problem of a path that nothing answers, as exact as the path
// allows.
func (s *Server) noRoute(w *recorder, r *http.Request) error {
	rest, inAPI := strings.CutPrefix(r.URL.Path, basePath+"/")
	if !inAPI {
		return &problem{status: http.StatusNotFound, code: codeRoute, message: "there is nothing at this path", hint: "GET / lists what there is"}
	}
	inPath := 0
	first, behind, _ := strings.Cut(rest, "/")
	if number, isVersion := strings.CutPrefix(first, "v"); isVersion && number != "" && isDigit(number[0]) {
		var err error
		if inPath, err = strconv.Atoi(number); err != nil || s.byVersion[inPath] == nil {
			return s.settings.noVersion(http.StatusNotFound, number)
		}
		first, behind, _ = strings.Cut(behind, "/")
	}
	edition, err := s.editionFor(r, inPath)
	if err != nil {
		return err
	}
	w.announce(edition)
	res := edition.byName[first]
	if res == nil {
		return edition.noResource(first)
	}
	if _, list, isBelow := strings.Cut(behind, "/"); isBelow {
		return res.noList(list)
	}
	return &problem{
		status: http.StatusNotFound, code: codeRoute, message: "there is nothing at this path",
		details: fmt.Sprintf("%q is not a record's id", abbreviate(behind)),
		hint:    "the paths are " + res.path + " and " + res.path + "/{id}",
	}
}
