// Package openapi describes the API of a schema: [Document] writes it as an
// OpenAPI 3.1 document of exactly the types and attributes that one API
// version serves, and [Docs] serves a page that shows such documents and tries
// requests. The document says a second time what package rest does; package
// openapitest holds real requests and answers against it, so that the two
// cannot part.
package openapi

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
)

// Info is what a document says beyond the schema. A zero field has the default
// that its comment names.
type Info struct {
	Title       string // of the API; default "larder"
	Description string // in Markdown, before larder's own words
	Release     string // of larder, "1.4.0"; default "devel"
	Server      string // the URL that the paths are below; default "/", where the document came from
	PageSize    int    // rows of a list that asks for no limit; default 20
	MaxLimit    int    // rows of a page at most; default 1,000
	Imports     bool   // imports are managed, under /api/_imports

	Deprecated time.Time // when the version became or becomes so; zero: it is not
	Sunset     time.Time // when it goes away; zero: no plan
	Link       string    // URL of a page that tells of its end
}

// withDefaults returns the info with every zero replaced by its default.
func (i Info) withDefaults() Info {
	if i.Title == "" {
		i.Title = "larder"
	}
	if i.Release == "" {
		i.Release = "devel"
	}
	if i.Server == "" {
		i.Server = "/"
	}
	if i.PageSize == 0 {
		i.PageSize = 20
	}
	if i.MaxLimit == 0 {
		i.MaxLimit = 1000
	}
	return i
}

// notice tells of the version's end, if that is planned.
func (i Info) notice() string {
	var sentences []string
	if !i.Deprecated.IsZero() {
		sentences = append(sentences, "**This version is deprecated** from "+i.Deprecated.UTC().Format(time.DateOnly)+".")
	}
	if !i.Sunset.IsZero() {
		sentences = append(sentences, "It may go away on "+i.Sunset.UTC().Format(time.DateOnly)+".")
	}
	if len(sentences) > 0 && i.Link != "" {
		sentences = append(sentences, "See <"+i.Link+">.")
	}
	return strings.Join(sentences, " ")
}

// introduction is what every document says about itself.
const introduction = `Filters, columns, order and pages are asked for in the query: ` +
	"`?population=gte.1000000&order=name&select=id,name&limit=20`" + `. The grammar is PostgREST's.

Every error is an RFC 9457 problem (` + "`application/problem+json`" + `) that says what was expected and what came, and for a body names each field at fault.`

// Document writes the OpenAPI 3.1 document of a schema as an API version
// serves it, as JSON in a stable order: the same schema, version and info give
// the same bytes.
func Document(schema *model.Schema, version int, info Info) ([]byte, error) {
	schema = schema.In(version)
	w := newWriter(schema, version, info.withDefaults())
	paths, tags := object{}, []any{}
	types := map[*model.Type]names{}
	for _, t := range schema.Types {
		if t.Served(version) {
			types[t] = w.describe(t)
			tags = append(tags, object{{"name", types[t].tag}}.with("description", t.Description))
		}
	}
	for _, t := range schema.Types {
		n, served := types[t]
		if !served {
			continue
		}
		path := "/api/v" + strconv.Itoa(version) + "/" + t.Resource()
		paths = append(paths,
			member{path, w.collection(n)},
			member{path + "/{id}", w.item(n)},
		)
		for _, relation := range query.Lists(t, version) {
			paths = append(paths, member{path + "/{id}/" + relation.PathName(), w.list(n, relation, types[relation.Relation.Target])})
		}
	}
	if w.info.Imports {
		paths = append(paths, importPaths()...)
		tags = append(tags, object{{"name", importsTag}, {"description", "Where records come from, and what became of it. The same in all versions."}})
		w.schemas = append(w.schemas, importSchemas()...)
	}
	paths = append(paths, serverPaths()...)
	tags = append(tags, object{{"name", serverTag}, {"description", "How the server does."}})
	document := object{
		{"openapi", "3.1.0"},
		{"info", w.information()},
		{"servers", []any{object{{"url", w.info.Server}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", w.components()},
	}
	var text bytes.Buffer
	if err := writeJSON(&text, document, "\n"); err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return append(text.Bytes(), '\n'), nil
}

// writer gathers a document.
type writer struct {
	schema  *model.Schema
	version int
	info    Info

	schemas    object                  // components of the types and enums
	parameters object                  // components: the filters
	taken      map[string]bool         // names of schemas and operations in use
	listed     map[*model.Field]string // schemas of the new records that a relation lists, by their names
}

func newWriter(schema *model.Schema, version int, info Info) *writer {
	w := &writer{schema: schema, version: version, info: info, taken: map[string]bool{}, listed: map[*model.Field]string{}}
	// The names of the models come first: they keep theirs whatever else is called so.
	for _, t := range schema.Types {
		w.taken[t.Name] = true
	}
	for _, enum := range schema.Enums {
		w.taken[enum.Name] = true
		w.schemas = append(w.schemas, member{enum.Name, enumSchema(enum)})
	}
	return w
}

// free is name, or the first of name2, name3, … that nothing else is called.
func (w *writer) free(name string) string {
	candidate := name
	for i := 2; w.taken[candidate]; i++ {
		candidate = name + strconv.Itoa(i)
	}
	w.taken[candidate] = true
	return candidate
}

// information is the info object.
func (w *writer) information() object {
	description := introduction
	if w.info.Description != "" {
		description = w.info.Description + "\n\n" + introduction
	}
	if notice := w.info.notice(); notice != "" {
		description = notice + "\n\n" + description
	}
	return object{
		{"title", w.info.Title},
		{"description", description},
		{"version", strconv.Itoa(w.version)},
		{"x-generator", "larder " + w.info.Release},
	}
}

// components are the parts that operations refer to.
func (w *writer) components() object {
	return object{
		{"schemas", append(w.schemas, sharedSchemas()...)},
		{"parameters", append(w.parameters, sharedParameters(w.info)...)},
		{"headers", sharedHeaders()},
		{"responses", problemResponses()},
	}
}
