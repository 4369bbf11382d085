package openapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/swaggest/swgui/v5/static"
)

// Link names a document that the page can show.
type Link struct {
	Name string `json:"name"` // "Version 1"
	Path string `json:"path"` // "/api/v1/openapi.json"
}

// DocsPolicy is the Content-Security-Policy of the page: nothing inline and
// nothing from elsewhere. The pictures of the viewer's style are data URLs.
const DocsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed page
var page embed.FS

// viewer are the files of Swagger UI that the page uses; the module keeps the
// large ones compressed.
var viewer = []string{"swagger-ui-bundle.js.gz", "swagger-ui.css.gz", "favicon-32x32.png"}

// Docs serves the page that shows the documents, the first of them at first,
// and everything that the page needs; it loads nothing from elsewhere. It
// answers GET and HEAD of prefix ("/docs") and of the paths below it, and sets
// DocsPolicy. The title is the project's.
func Docs(prefix, title string, documents []Link) (http.Handler, error) {
	if len(documents) == 0 {
		return nil, fmt.Errorf("build the documentation page: no document to show")
	}
	pages := docs{}
	for _, name := range viewer {
		content, err := static.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("build the documentation page: %w", err)
		}
		pages.add(prefix+"/"+name, content)
	}
	for _, name := range []string{"page.js", "page.css"} {
		content, err := page.ReadFile("page/" + name)
		if err != nil {
			return nil, fmt.Errorf("build the documentation page: %w", err)
		}
		pages.add(prefix+"/"+name, content)
	}
	index, err := renderIndex(prefix, title, documents)
	if err != nil {
		return nil, fmt.Errorf("build the documentation page: %w", err)
	}
	pages.add(prefix+"/index.html", index)
	pages[prefix], pages[prefix+"/"] = pages[prefix+"/index.html"], pages[prefix+"/index.html"]
	return pages, nil
}

// renderIndex fills the page's template.
func renderIndex(prefix, title string, documents []Link) ([]byte, error) {
	text, err := fs.ReadFile(page, "page/index.html")
	if err != nil {
		return nil, err
	}
	index, err := template.New("index").Parse(string(text))
	if err != nil {
		return nil, err
	}
	list, err := json.Marshal(documents)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = index.Execute(&out, map[string]any{"Prefix": prefix, "Title": title, "Documents": documents, "List": string(list)})
	return out.Bytes(), err
}

// docs are the files of the page by path.
type docs map[string]*file

// file is one file of the page.
type file struct {
	mediaType  string
	tag        string // entity tag, without the quotes
	content    []byte
	compressed bool // content is in the coding gzip
}

// add adds a file, which is compressed if its name ends so.
func (d docs) add(name string, content []byte) {
	name, compressed := strings.CutSuffix(name, ".gz")
	sum := sha256.Sum256(content)
	added := &file{tag: hex.EncodeToString(sum[:10]), content: content, compressed: compressed}
	switch path.Ext(name) {
	case ".html":
		added.mediaType = "text/html; charset=utf-8"
	case ".css":
		added.mediaType = "text/css; charset=utf-8"
	case ".js":
		added.mediaType = "text/javascript; charset=utf-8"
	case ".png":
		added.mediaType = "image/png"
	}
	d[name] = added
}

// ServeHTTP sends a file of the page.
func (d docs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	file := d[r.URL.Path]
	switch {
	case file == nil:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	content, coding, err := file.form(acceptsGzip(r))
	if err != nil {
		http.Error(w, "the page cannot be unpacked", http.StatusInternalServerError)
		return
	}
	tag := strconv.Quote(file.tag + coding)
	header.Set("Content-Security-Policy", DocsPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache") // asked for again, and answered by 304
	header.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if coding != "" {
		header.Set("Content-Encoding", coding)
	}
	header.Set("Content-Type", file.mediaType)
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // the client may be gone; nobody else is to be told
	}
}

// form is the file as a client gets it, and its content coding. A compressed
// file is unpacked for the rare client that does not unpack itself.
func (f *file) form(acceptsGzip bool) (content []byte, coding string, err error) {
	if !f.compressed {
		return f.content, "", nil
	}
	if acceptsGzip {
		return f.content, "gzip", nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(f.content))
	if err != nil {
		return nil, "", err
	}
	const most = 16 << 20 // several times what the viewer has
	content, err = io.ReadAll(io.LimitReader(reader, most))
	return content, "", err
}

// acceptsGzip reports whether Accept-Encoding names gzip, and not with a
// weight of nothing (RFC 9110 section 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for element := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.ReplaceAll(element, " ", ""), ";")
		if coding == "gzip" {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
