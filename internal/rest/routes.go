package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// basePath is where the API is mounted.
const basePath = "/api"

// resource is a type as one API version serves it.
type resource struct {
	server     *Server
	kind       *model.Type
	version    int
	path       string // "/api/v1/planets"
	attributes []*model.Field
	byName     map[string]*model.Field
	lists      []*model.Field // the relations to many

	versionHeader       []string
	deprecation, sunset []string
}

func newResource(s *Server, t *model.Type, version Version) *resource {
	res := &resource{
		server: s, kind: t, version: version.Number,
		path:          versionPath(version.Number) + "/" + t.Resource(),
		attributes:    t.Attributes(version.Number),
		byName:        map[string]*model.Field{},
		lists:         query.Lists(t, version.Number),
		versionHeader: []string{strconv.Itoa(version.Number)},
	}
	res.deprecation, res.sunset = lifeHeaders(version)
	for _, field := range res.attributes {
		res.byName[field.JSONName()] = field
	}
	return res
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

// routes fills the server's mux: every resource with its version in the path
// and, once, without.
func (s *Server) routes() {
	collection := &methods{get: list, post: create, patch: updateMany, delete: deleteMany}
	item := &methods{get: read, put: replace, patch: update, delete: discard}
	for _, t := range s.schema.Types {
		if _, served := s.newest(t); !served {
			continue
		}
		for _, version := range s.settings.Versions {
			if t.Served(version.Number) {
				res := newResource(s, t, version)
				s.byVersion[version.Number][t] = res
				s.mount(t, version.Number, res.path, collection, item)
				s.mountLists(t, version.Number, versionPath(version.Number), version)
			}
		}
		s.mount(t, 0, basePath+"/"+t.Resource(), collection, item)
		s.mountLists(t, 0, basePath, s.settings.Versions...)
	}
}

// newest is the newest version that serves a type.
func (s *Server) newest(t *model.Type) (int, bool) {
	for _, version := range slices.Backward(s.settings.Versions) {
		if t.Served(version.Number) {
			return version.Number, true
		}
	}
	return 0, false
}

// mount routes a type's collection and items under path; version is 0 where
// the path names none.
func (s *Server) mount(t *model.Type, version int, path string, collection, item *methods) {
	s.mux.Handle(path, s.handle(t, version, path, path, collection))
	s.mux.Handle(path+"/{id}", s.handle(t, version, path, path+"/{id}", item))
}

// handle returns the handler of one route.
func (s *Server) handle(t *model.Type, version int, mount, route string, methods *methods) http.Handler {
	return s.route(route, methods, func(x *exchange) error {
		x.mount = mount
		return s.settle(x, t, version)
	})
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
		x := exchange{w: rec, r: r}
		err := settle(&x)
		if err == nil {
			err = work(&x)
		}
		if err != nil {
			s.fail(rec, r, err)
		}
	})
}

// settle fills an exchange with what the headers say: version, form of the
// answer and preferences.
func (s *Server) settle(x *exchange, t *model.Type, inPath int) (err error) {
	if x.accepted, err = accept(x.r); err != nil {
		return err
	}
	version, err := s.requestedVersion(x.r, inPath, x.accepted.version)
	if err != nil {
		return err
	}
	if x.resource = s.byVersion[version][t]; x.resource == nil {
		return s.noResource(t.Resource(), version)
	}
	x.prefer = query.Preferences{MaxAffected: -1}
	if values := x.r.Header["Prefer"]; len(values) > 0 {
		if x.prefer, err = query.ParsePreferences(values); err != nil {
			return err
		}
	}
	header := x.w.Header()
	header["Api-Version"] = x.versionHeader
	header["Vary"] = s.shared.vary
	header["Cache-Control"] = s.shared.noCache
	if x.deprecation != nil {
		header["Deprecation"] = x.deprecation
	}
	if x.sunset != nil {
		header["Sunset"] = x.sunset
	}
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
func (s *Server) noResource(name string, version int) error {
	p := &problem{
		status: http.StatusNotFound, code: codeTable,
		message: fmt.Sprintf("there is no resource %q in version %d of this API", abbreviate(name), version),
	}
	var names []string
	for _, t := range s.schema.Types {
		if _, served := s.byVersion[version][t]; served {
			names = append(names, t.Resource())
		}
	}
	p.hint = "GET " + versionPath(version) + " lists the resources"
	if near := nearest(name, names); near != "" {
		p.hint = fmt.Sprintf("did you mean %q? %s", near, p.hint)
	}
	return p
}

// noRoute is the problem of a path that nothing answers, as exact as the path
// allows.
func (s *Server) noRoute(path string) error {
	rest, inAPI := strings.CutPrefix(path, basePath+"/")
	if !inAPI {
		return &problem{status: http.StatusNotFound, code: codeRoute, message: "there is nothing at this path", hint: "GET / lists what there is"}
	}
	version := s.settings.DefaultVersion
	first, behind, _ := strings.Cut(rest, "/")
	if number, isVersion := strings.CutPrefix(first, "v"); isVersion && number != "" && isDigit(number[0]) {
		asked, err := strconv.Atoi(number)
		if _, served := s.byVersion[asked]; err != nil || !served {
			return s.settings.noVersion(http.StatusNotFound, number)
		}
		version = asked
		first, behind, _ = strings.Cut(behind, "/")
	}
	for _, t := range s.schema.Types {
		if _, served := s.byVersion[version][t]; served && t.Resource() == first {
			if _, list, isBelow := strings.Cut(behind, "/"); isBelow {
				return s.noList(t, version, list)
			}
			return &problem{
				status: http.StatusNotFound, code: codeRoute, message: "there is nothing at this path",
				details: fmt.Sprintf("%q is not a record's id", abbreviate(behind)), hint: "the paths are " + versionPath(version) + "/" + first + " and " + versionPath(version) + "/" + first + "/{id}",
			}
		}
	}
	return s.noResource(first, version)
}
