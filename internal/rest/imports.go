package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// Imports is the management of a project's imports, which the server offers
// under /api/_imports. Its methods are safe for concurrent use.
type Imports interface {
	// SourceNames are the names of the project's sources, in the order in which
	// they are imported.
	SourceNames() []string
	// Source is what is known of one of them, without a word to upstream.
	Source(ctx context.Context, name string) (ImportSource, error)
	// Start begins an import of the source, which goes on when ctx has ended, and
	// returns the id of its run, which is recorded already. The error is a
	// [RunningError] while another import of the source goes on.
	Start(ctx context.Context, source string, request ImportRequest) (run int64, err error)
	// Watch tells how far a run of this process is: events are dropped where the
	// receiver is slow, and the channel is closed when the run has ended and its
	// end is recorded. Who watches calls stop when done. ok is false of any other
	// run.
	Watch(run int64) (events <-chan importer.Progress, stop func(), ok bool)

	// Runs are the runs that the filter lets through, the newest first.
	Runs(ctx context.Context, filter importer.RunFilter) ([]importer.RunRecord, error)
	// Run is the run with the id. The error is importer.ErrNoRun where there is none,
	// or none any more.
	Run(ctx context.Context, id int64) (*importer.RunRecord, error)

	// Conflicts are the conflicts that the filter lets through, the oldest first.
	Conflicts(ctx context.Context, filter importer.ConflictFilter) ([]importer.Conflict, error)
	// Conflict is the conflict with the id. The error is importer.ErrNoConflict where
	// there is none, or none any more.
	Conflict(ctx context.Context, id int64) (*importer.Conflict, error)
	// Resolve settles the conflict for upstream's value or the local one, by a
	// change in the store, and returns it as it is then. The error is
	// importer.ErrNoConflict, or that of the change where upstream's value cannot
	// be taken.
	Resolve(ctx context.Context, records *store.Store, id int64, take model.OnConflict) (importer.Conflict, error)
}

// ImportSource is a source as the API shows it.
type ImportSource struct {
	Name          string
	Kind          string              // "graphql", "json", …, as larder.yaml has it
	Schedule      string              // in words: "every 1h0m0s", "30 4 * * * Europe/Berlin"; "" for none
	Due           time.Time           // the next import by the schedule; zero: none
	LastRun       *importer.RunRecord // nil: none yet
	OpenConflicts int                 // CountedConflicts where there are so many or more
}

// CountedConflicts is to how many the open conflicts of a source are counted.
const CountedConflicts = 1000

// ImportRequest is what a request for an import may say.
type ImportRequest struct {
	Fresh   bool     // fetch everything, also what upstream says has not changed
	Allow   []string // what would hold the import, see [importer.Options]
	Restore []string // keys of records to create again that were deleted here
	// RestoreType is the type of those records; "" where only one has the keys.
	RestoreType string
}

// ErrStopping says that no import begins any more, since the server is about to
// stop.
var ErrStopping = errors.New("the server is about to stop")

// RunningError says that an import of the source goes on already.
type RunningError struct {
	Source string
	Run    int64 // its id
}

// Error names the source and the run.
func (e *RunningError) Error() string {
	return fmt.Sprintf("an import of %s goes on already: run %d", e.Source, e.Run)
}

// importsPath is where imports are managed, the same in all versions of the API.
const importsPath = basePath + "/_imports"

// management answers what is asked under importsPath.
type management struct {
	*Server
	imports Imports
}

// mountImports routes the management of imports.
func (s *Server) mountImports() {
	if s.settings.Imports == nil {
		return
	}
	m := &management{Server: s, imports: s.settings.Imports}
	mount := func(path string, methods *methods, media string) {
		path = importsPath + path
		s.mux.Handle(path, s.route(path, methods, func(x *exchange) error { return m.settle(x, media) }))
	}
	mount("", &methods{get: m.listSources}, mediaJSON)
	mount("/{source}", &methods{get: m.readSource, post: m.start}, mediaJSON)
	mount("/runs", &methods{get: m.listRuns}, mediaJSON)
	mount("/runs/{id}", &methods{get: m.readRun}, mediaJSON)
	mount("/runs/{id}/events", &methods{get: m.followRun}, mediaEvents)
	mount("/conflicts", &methods{get: m.listConflicts}, mediaJSON)
	mount("/conflicts/{id}", &methods{get: m.readConflict}, mediaJSON)
	mount("/conflicts/{id}/resolution", &methods{post: m.resolve}, mediaJSON)
	s.mux.HandleFunc(importsPath+"/", func(w http.ResponseWriter, r *http.Request) {
		rec, _ := w.(*recorder)
		s.fail(rec, r, &problem{status: http.StatusNotFound, code: codeRoute, message: "there is nothing at this path", hint: "GET " + importsPath + " lists the sources and where they lead"})
	})
}

// settle is what all answers under importsPath have in common: they are of this
// moment, in the one form that there is.
func (m *management) settle(x *exchange, media string) error {
	header := x.w.Header()
	header["Cache-Control"] = m.shared.noStore
	header["Vary"] = m.shared.vary
	return acceptOnly(x.r, media)
}

// working is the context for the work of a request.
func (m *management) working(x *exchange) (context.Context, context.CancelFunc) {
	return context.WithTimeout(x.r.Context(), m.settings.RequestTimeout)
}

// parameters are those of a request's query, which takes these names and each
// of them once.
func parameters(r *http.Request, names ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &query.Error{Parameter: "query", Code: query.CodeParse, Message: "the query is no list of names and values", Details: err.Error()}
	}
	given := map[string]string{}
	for name, value := range values {
		if !slices.Contains(names, name) {
			unknown := &query.Error{Parameter: abbreviate(name), Code: query.CodeUnsupported, Message: "this path takes no such parameter"}
			if len(names) > 0 {
				unknown.Details = "it takes " + strings.Join(names, ", ")
			}
			return nil, unknown
		}
		if len(value) > 1 {
			return nil, &query.Error{Parameter: name, Code: query.CodeParse, Message: "given more than once"}
		}
		given[name] = value[0]
	}
	return given, nil
}

// number is a parameter that is a whole number from 1; standard where it is
// not given.
func number(given map[string]string, name string, standard int64) (int64, error) {
	text, ok := given[name]
	if !ok {
		return standard, nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 1 {
		return 0, &query.Error{Parameter: name, Code: query.CodeParse, Message: "invalid " + name, Details: fmt.Sprintf("expected a whole number from 1, found %q", abbreviate(text))}
	}
	return value, nil
}

// page is how many elements a list is asked for, at most the largest page.
func (m *management) page(given map[string]string) (int, error) {
	limit, err := number(given, "limit", int64(m.settings.PageSize))
	return int(min(limit, int64(m.settings.Query.MaxLimit))), err
}

// linkNext adds the link to the page behind this one, which begins at the
// element that the parameter names.
func linkNext(x *exchange, parameter string, at int64) {
	next := x.r.URL.Query()
	next.Set(parameter, strconv.FormatInt(at, 10))
	x.w.Header().Set("Link", "<"+x.r.URL.Path+"?"+next.Encode()+`>; rel="next"`)
}

// pathNumber is the id in a path of what is called so.
func pathNumber(x *exchange, what string) (int64, error) {
	text := x.r.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, notThere(what, text)
	}
	return id, nil
}

func notThere(what, id string) *problem {
	return &problem{status: http.StatusNotFound, code: codeNotFound, message: fmt.Sprintf("no %s has the id %q", what, abbreviate(id))}
}

// sourceBody is a source as it is answered.
type sourceBody struct {
	Name          string            `json:"name"`
	Kind          string            `json:"kind"`
	Schedule      *string           `json:"schedule"`
	Due           *time.Time        `json:"due"`
	LastRun       *runBody          `json:"lastRun"`
	OpenConflicts int               `json:"openConflicts"`
	Links         map[string]string `json:"links"`
}

func bodyOfSource(source ImportSource) sourceBody {
	body := sourceBody{
		Name: source.Name, Kind: source.Kind, OpenConflicts: source.OpenConflicts,
		Links: map[string]string{
			"self":      sourcePath(source.Name),
			"runs":      importsPath + "/runs?source=" + url.QueryEscape(source.Name),
			"conflicts": importsPath + "/conflicts?source=" + url.QueryEscape(source.Name),
		},
	}
	if source.Schedule != "" {
		body.Schedule = &source.Schedule
	}
	if !source.Due.IsZero() {
		due := source.Due.UTC()
		body.Due = &due
	}
	if source.LastRun != nil {
		run := bodyOfRun(*source.LastRun)
		body.LastRun = &run
	}
	return body
}

func sourcePath(name string) string { return importsPath + "/" + url.PathEscape(name) }

// listSources answers GET of /api/_imports.
func (m *management) listSources(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	names := m.imports.SourceNames()
	bodies := make([]sourceBody, len(names))
	for i, name := range names {
		source, err := m.imports.Source(ctx, name)
		if err != nil {
			return err
		}
		bodies[i] = bodyOfSource(source)
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, bodies)
}

// readSource answers GET of one source.
func (m *management) readSource(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	name, err := m.sourceName(x)
	if err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	source, err := m.imports.Source(ctx, name)
	if err != nil {
		return err
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, bodyOfSource(source))
}

// sourceName is the source that the path names.
func (m *management) sourceName(x *exchange) (string, error) {
	name, names := x.r.PathValue("source"), m.imports.SourceNames()
	if slices.Contains(names, name) {
		return name, nil
	}
	unknown := &problem{status: http.StatusNotFound, code: codeNotFound, message: fmt.Sprintf("there is no source %q", abbreviate(name)), hint: "GET " + importsPath + " lists the sources"}
	if near := nearest(name, names); near != "" {
		unknown.hint = fmt.Sprintf("did you mean %q? %s", near, unknown.hint)
	}
	return "", unknown
}

// start answers POST of one source: it begins an import and answers with its
// run.
func (m *management) start(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	name, err := m.sourceName(x)
	if err != nil {
		return err
	}
	request, err := m.importRequest(x)
	if err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	id, err := m.imports.Start(ctx, name, request)
	if running := (*RunningError)(nil); errors.As(err, &running) {
		return (&problem{
			status: http.StatusConflict, code: codeRunning, message: fmt.Sprintf("an import of %s goes on already", name),
			details: "it is " + runPath(running.Run), hint: "wait for its end, of which " + runPath(running.Run) + "/events tells",
		}).with("Location", runPath(running.Run))
	}
	if errors.Is(err, ErrStopping) {
		return (&problem{status: http.StatusServiceUnavailable, code: codeStopping, message: "the server is about to stop", hint: "ask again: another server answers, or this one when it was started anew"}).with("Retry-After", "1")
	}
	if err != nil {
		return err
	}
	run, err := m.imports.Run(ctx, id)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", runPath(id))
	return m.sendValue(x.w, x.r, http.StatusAccepted, m.shared.json, bodyOfRun(*run))
}

// importRequest reads the body of a request for an import, which may have none.
func (m *management) importRequest(x *exchange) (request ImportRequest, err error) {
	body, err := m.readBody(x.w, x.r)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return request, err
	}
	document, err := m.object(x, body)
	if err != nil {
		return request, err
	}
	in := &reading{}
	for i := range document.members {
		name, value := document.members[i].name, &document.members[i].value
		switch name {
		case "fresh":
			if value.kind != boolNode {
				in.fault(name, pointer(name), "type", codeValue, "expected true or false, got "+value.kind.String())
			}
			request.Fresh = string(value.raw) == "true"
		case "allow":
			request.Allow = in.texts(name, value, importer.AllowCollapse, importer.AllowDrift)
		case "restore":
			request.Restore = in.texts(name, value)
		case "restoreType":
			request.RestoreType = m.typeName(in, name, value)
		default:
			in.unknown(name, "fresh", "allow", "restore", "restoreType")
		}
	}
	return request, in.err()
}

// object is a body that must be a JSON object.
func (m *management) object(x *exchange, body []byte) (node, error) {
	if _, err := contentType(x.r, mediaJSON); err != nil {
		return node{}, err
	}
	document, err := parseJSON(body, m.settings.BodyDepth)
	if err == nil && document.kind != objectNode {
		err = &problem{status: http.StatusBadRequest, code: codeBody, message: "expected a JSON object, got " + document.kind.String()}
	}
	return document, err
}

// typeName is a member that names a type of the models.
func (m *management) typeName(in *reading, name string, value *node) string {
	if value.kind != stringNode || m.schema.Type(value.text()) == nil {
		in.fault(name, pointer(name), "enum", codeValue, "expected the name of a type, as the models have it, got "+abbreviate(string(value.render())))
		return ""
	}
	return value.text()
}

// texts are the elements of an array of texts, each one of the choices where
// there are any. A text that is no JSON string is taken as it stands: a number
// or, as a key of several parts, an array.
func (in *reading) texts(name string, value *node, choices ...string) (texts []string) {
	if value.kind != arrayNode {
		in.fault(name, pointer(name), "type", codeValue, "expected an array, got "+value.kind.String())
	}
	for i := range value.elements {
		element := &value.elements[i]
		text := string(element.render())
		if element.kind == stringNode {
			text = element.text()
		}
		if len(choices) > 0 && !slices.Contains(choices, text) {
			in.fault(name, pointer(name)+"/"+strconv.Itoa(i), "element", codeValue, fmt.Sprintf("expected %s, got %q", strings.Join(choices, " or "), abbreviate(text)))
		}
		texts = append(texts, text)
	}
	return texts
}

// unknown notes a member that the body does not take.
func (in *reading) unknown(name string, known ...string) {
	message := "there is no such member: the members are " + strings.Join(known, ", ")
	if near := nearest(name, known); near != "" {
		message = fmt.Sprintf("there is no such member; did you mean %q?", near)
	}
	in.fault(abbreviate(name), pointer(name), "unknown", codeColumn, message)
}
