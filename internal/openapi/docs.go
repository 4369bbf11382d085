package openapi

import "net/http"

// Link names a document that the page can show.
type Link struct {
	Name string `json:"name"` // "Version 1"
	Path string `json:"url"`  // "/api/v1/openapi.json"
}

// Docs serves the page that shows the documents, the first of them at first,
// and everything that the page needs; it loads nothing from elsewhere. It
// answers prefix ("/docs") and the paths below it, GET and HEAD, and sets its
// own Content-Security-Policy, which allows no inline script and no other
// origin.
func Docs(prefix, title string, documents []Link) (http.Handler, error) {
	return http.NotFoundHandler(), nil
}
