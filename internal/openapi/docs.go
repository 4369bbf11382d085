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
		if plain, compressed := strings.CutSuffix(name, ".gz"); compressed {
			err = pages.addCompressed(prefix+"/"+plain, content)
		} else {
			err = pages.add(prefix+"/"+name, content)
		}
		if err != nil {
			return nil, fmt.Errorf("build the documentation page: %s: %w", name, err)
		}
	}
	for _, name := range []string{"page.js", "page.css"} {
		content, err := page.ReadFile("page/" + name)
		if err == nil {
			err = pages.add(prefix+"/"+name, content)
		}
		if err != nil {
			return nil, fmt.Errorf("build the documentation page: %w", err)
		}
	}
	index, err := renderIndex(prefix, title, documents)
	if err == nil {
		err = pages.add(prefix+"/index.html", index)
	}
	if err != nil {
		return nil, fmt.Errorf("build the documentation page: %w", err)
	}
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

// file is one file, in the two forms in which it is sent.
type file struct {
	mediaType         string
	tag               string
	plain, compressed []byte
}

// add adds a file.
func (d docs) add(name string, content []byte) error {
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	d.put(name, content, compressed.Bytes())
	return nil
}

// addCompressed adds a file that is compressed already.
func (d docs) addCompressed(name string, compressed []byte) error {
	const most = 16 << 20
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return err
	}
	plain, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return err
	}
	d.put(name, plain, compressed)
	return nil
}

func (d docs) put(name string, plain, compressed []byte) {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".png": "image/png",
	}
	sum := sha256.Sum256(plain)
	d[name] = &file{mediaType: types[path.Ext(name)], tag: hex.EncodeToString(sum[:10]), plain: plain, compressed: compressed}
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
	content, tag := file.plain, `"`+file.tag+`"`
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content, tag = file.compressed, `"`+file.tag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Security-Policy", DocsPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache") // asked for again, and answered by 304
	header.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", file.mediaType)
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(content) // the client may be gone; nobody else is to be told
	}
}
