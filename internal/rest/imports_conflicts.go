package rest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// conflictBody is a conflict of an import as it is answered.
type conflictBody struct {
	importer.Conflict
	Links map[string]string `json:"links"`
}

func (m *management) bodyOfConflict(conflict importer.Conflict) conflictBody {
	self := importsPath + "/conflicts/" + strconv.FormatInt(conflict.ID, 10)
	links := map[string]string{
		"self": self, "run": runPath(conflict.Run), "source": sourcePath(conflict.Source), "resolution": self + "/resolution",
	}
	if record := m.resourceOf(conflict.Type); record != nil {
		links["record"] = record.path + "/" + conflict.RecordID
	}
	return conflictBody{conflict, links}
}

// resourceOf is where the records of the type with the name are served: in the
// default version, else in the oldest that has them; nil where none does.
func (s *Server) resourceOf(name string) *resource {
	for _, version := range append([]Version{{Number: s.settings.DefaultVersion}}, s.settings.Versions...) {
		edition := s.byVersion[version.Number]
		if t := edition.schema.Type(name); t != nil && t.Served(version.Number) {
			return edition.byName[t.Resource()]
		}
	}
	return nil
}

// listConflicts answers GET of the conflicts, the oldest first.
func (m *management) listConflicts(x *exchange) error {
	given, err := parameters(x.r, "source", "type", "state", "after", "limit")
	if err != nil {
		return err
	}
	filter, err := m.conflictFilter(given)
	if err != nil {
		return err
	}
	limit := filter.Limit
	filter.Limit++ // one more than asked for tells whether there is a next page
	ctx, cancel := m.working(x)
	defer cancel()
	conflicts, err := m.imports.Conflicts(ctx, filter)
	if err != nil {
		return err
	}
	if len(conflicts) > limit {
		conflicts = conflicts[:limit]
		linkNext(x, "after", conflicts[limit-1].ID)
	}
	bodies := make([]conflictBody, len(conflicts))
	for i, conflict := range conflicts {
		bodies[i] = m.bodyOfConflict(conflict)
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, bodies)
}

// conflictFilter is what the parameters of a list of conflicts ask for.
func (m *management) conflictFilter(given map[string]string) (filter importer.ConflictFilter, err error) {
	filter.Source, filter.Type = given["source"], given["type"]
	if filter.After, err = number(given, "after", 0); err != nil {
		return filter, err
	}
	if filter.Limit, err = m.page(given); err != nil {
		return filter, err
	}
	names := make([]string, len(m.schema.Types))
	for i, t := range m.schema.Types {
		names[i] = t.Name
	}
	if filter.Type != "" && !slices.Contains(names, filter.Type) {
		return filter, invalidParameter("type", filter.Type, names)
	}
	switch given["state"] {
	case "", "open":
		filter.Open = true
	case "resolved":
		filter.Resolved = true
	case "all":
	default:
		return filter, invalidParameter("state", given["state"], []string{"open", "resolved", "all"})
	}
	return filter, nil
}

// invalidParameter is the error of a parameter that is none of the choices.
func invalidParameter(name, came string, choices []string) error {
	err := &query.Error{
		Parameter: name, Code: query.CodeValue, Message: "invalid " + name,
		Details: fmt.Sprintf("expected %s, found %q", strings.Join(choices, ", "), abbreviate(came)),
	}
	if near := nearest(came, choices); near != "" {
		err.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return err
}

// readConflict answers GET of one conflict.
func (m *management) readConflict(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	id, err := pathNumber(x, "conflict")
	if err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	conflict, err := m.imports.Conflict(ctx, id)
	if err != nil {
		return noConflict(err, id)
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, m.bodyOfConflict(*conflict))
}

func noConflict(err error, id int64) error {
	if errors.Is(err, importer.ErrNoConflict) {
		return notThere("conflict", strconv.FormatInt(id, 10))
	}
	return err
}

// resolve answers POST of a conflict's resolution, with the conflict as it is
// then.
func (m *management) resolve(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	id, err := pathNumber(x, "conflict")
	if err != nil {
		return err
	}
	body, err := m.readBody(x.w, x.r)
	if err != nil {
		return err
	}
	document, err := m.object(x, body)
	if err != nil {
		return err
	}
	in := &reading{}
	var take model.OnConflict
	for i := range document.members {
		name, value := document.members[i].name, &document.members[i].value
		if name != "take" {
			in.unknown(name, "take")
			continue
		}
		take = in.side(value)
	}
	if document.member("take") == nil {
		in.fault("take", pointer("take"), "required", codeNotNull, "a value is required: upstream or local")
	}
	if err := in.err(); err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	conflict, err := m.imports.Resolve(ctx, m.store, id, take)
	if gone := (*importer.GoneError)(nil); errors.As(err, &gone) {
		return &problem{
			status: http.StatusConflict, code: codeForeignKey, message: gone.Error(),
			errors: []FieldError{{Field: gone.Field.JSONName(), Code: "reference", Message: "there is no such record to refer to"}},
		}
	}
	if err != nil {
		return noConflict(err, id)
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, m.bodyOfConflict(conflict))
}

// side is whose value a resolution takes.
func (in *reading) side(value *node) model.OnConflict {
	came := value.kind.String()
	if value.kind == stringNode {
		switch came = strconv.Quote(abbreviate(value.text())); value.text() {
		case "upstream":
			return model.TakeUpstream
		case "local":
			return model.KeepLocal
		}
	}
	in.fault("take", pointer("take"), "enum", codeValue, "expected upstream or local, got "+came)
	return ""
}
