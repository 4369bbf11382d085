// Package openapi describes the API of a schema: [Document] writes it as an
// OpenAPI 3.1 document of exactly the types and attributes that one API
// version serves, and [Docs] serves a page that shows such documents and tries
// requests. The package imitates nothing: what rest serves is written down
// here a second time, and rest's tests hold real requests and answers against
// the document (package openapitest).
package openapi

import (
	"errors"

	"github.com/larderhq/larder/internal/model"
)

// Info is what a document says beyond the schema.
type Info struct {
	Title       string // of the API; default "larder"
	Description string // in Markdown, before larder's own words; may be empty
	Release     string // of larder, "1.4.0"; default "devel"
	Server      string // the URL that the paths are below; default "/", where the document came from
	PageSize    int    // rows of a list that asks for no limit; default 20
	MaxLimit    int    // rows of a page at most; default 1,000
	Deprecated  bool   // the version is
}

// Document writes the OpenAPI 3.1 document of a schema as an API version
// serves it, as JSON in a stable order: the same schema, version and info give
// the same bytes.
func Document(schema *model.Schema, version int, info Info) ([]byte, error) {
	return nil, errors.New("being built")
}
