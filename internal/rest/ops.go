package rest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/larderhq/larder/internal/openapi"
)

// readyTimeout bounds how long readiness waits for the database.
const readyTimeout = 2 * time.Second

// operate routes what is no resource.
func (s *Server) operate() error {
	s.get("/healthz", func(w *recorder, r *http.Request) error {
		return s.sendValue(w, r, http.StatusOK, s.shared.json, map[string]string{"status": "ok"})
	})
	s.get("/readyz", s.ready)
	metrics := promhttp.HandlerFor(s.observer.registry, promhttp.HandlerOpts{})
	s.get("/metrics", func(w *recorder, r *http.Request) error {
		metrics.ServeHTTP(w, r)
		return nil
	})
	s.get("/{$}", s.index)
	s.get(basePath, s.index)
	for _, version := range s.settings.Versions {
		edition := s.byVersion[version.Number]
		s.get(versionPath(version.Number), func(w *recorder, r *http.Request) error {
			w.announce(edition)
			return s.sendValue(w, r, http.StatusOK, s.shared.json, edition.index())
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		rec, _ := w.(*recorder)
		s.fail(rec, r, s.noRoute(rec, r))
	})
	return s.describe()
}

// describe routes the OpenAPI documents, which stay the same while the server
// runs, and the page that shows them.
func (s *Server) describe() error {
	var links []openapi.Link
	documents := map[*edition]func(*recorder, *http.Request) error{}
	for _, version := range s.settings.Versions {
		document, err := openapi.Document(s.schema, version.Number, openapi.Info{
			Title: s.settings.Name, Release: s.settings.Release,
			PageSize: s.settings.PageSize, MaxLimit: s.settings.Query.MaxLimit, Imports: s.settings.Imports != nil,
			Deprecated: version.Deprecated, Sunset: version.Sunset, Link: version.Link,
		})
		if err != nil {
			return fmt.Errorf("describe version %d of the API: %w", version.Number, err)
		}
		edition, tag := s.byVersion[version.Number], tagOf(document)
		documents[edition] = func(w *recorder, r *http.Request) error {
			w.announce(edition)
			return s.sendTagged(w, r, http.StatusOK, s.shared.json, document, tag)
		}
		path := versionPath(version.Number) + "/openapi.json"
		s.get(path, documents[edition])
		link := openapi.Link{Name: "Version " + strconv.Itoa(version.Number), Path: path}
		if !version.Deprecated.IsZero() {
			link.Name += " (deprecated)"
		}
		if version.Number == s.settings.DefaultVersion {
			links = append([]openapi.Link{link}, links...)
			continue
		}
		links = append(links, link)
	}
	s.get("/openapi.json", func(w *recorder, r *http.Request) error {
		edition, err := s.editionFor(r, 0)
		if err != nil {
			return err
		}
		return documents[edition](w, r)
	})
	docs, err := openapi.Docs("/docs", s.settings.Name, links)
	if err != nil {
		return err
	}
	show := func(w *recorder, r *http.Request) error {
		docs.ServeHTTP(w, r)
		return nil
	}
	s.get("/docs", show)
	s.get("/docs/", show)
	return nil
}

// get routes GET and HEAD of a path.
func (s *Server) get(path string, work func(w *recorder, r *http.Request) error) {
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		rec, _ := w.(*recorder)
		rec.route = strings.TrimSuffix(path, "{$}")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.otherMethod(rec, r, "GET, HEAD, OPTIONS")
			return
		}
		header := rec.Header()
		header["Cache-Control"] = s.shared.noCache
		header["Vary"] = s.shared.vary
		header["Content-Security-Policy"] = s.shared.policy
		if err := work(rec, r); err != nil {
			s.fail(rec, r, err)
		}
	})
}

// ready answers 200 when the server takes requests and the database answers,
// else 503.
func (s *Server) ready(w *recorder, r *http.Request) error {
	status, answer := http.StatusOK, map[string]string{"status": "ready"}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if s.isStopping() {
		status, answer = http.StatusServiceUnavailable, map[string]string{"status": "stopping"}
	} else if err := s.store.Ping(ctx); err != nil {
		s.logFailure(r, w.id, err)
		status, answer = http.StatusServiceUnavailable, map[string]string{"status": "the database does not answer"}
	}
	if s.replicated {
		answer["replicas"] = s.replicasInUse()
	}
	return s.sendValue(w, r, status, s.shared.json, answer)
}

// isStopping reports whether the server takes no more requests.
func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// replicasInUse is how many copies of the database are read from.
func (s *Server) replicasInUse() string {
	replicas, inUse := s.store.Replicas(), 0
	for _, replica := range replicas {
		if replica.InUse {
			inUse++
		}
	}
	return fmt.Sprintf("%d of %d in use", inUse, len(replicas))
}

// DefaultVersion is the API version that a request gets which names none.
func (s *Server) DefaultVersion() int { return s.settings.DefaultVersion }

// serverIndex is what GET / answers.
type serverIndex struct {
	Name     string            `json:"name"`
	Server   string            `json:"server"`
	Default  int               `json:"defaultVersion"`
	Versions []versionIndex    `json:"versions"`
	Links    map[string]string `json:"links"`
}

// versionIndex is what GET /api/v1 answers.
type versionIndex struct {
	Version    int               `json:"version"`
	Deprecated string            `json:"deprecated,omitempty"`
	Sunset     string            `json:"sunset,omitempty"`
	Link       string            `json:"link,omitempty"`
	Resources  map[string]string `json:"resources"`
	OpenAPI    string            `json:"openapi"`
}

// index answers GET / and GET /api: the versions with their resources.
func (s *Server) index(w *recorder, r *http.Request) error {
	answer := serverIndex{
		Name: s.settings.Name, Server: "larder " + s.settings.Release, Default: s.settings.DefaultVersion,
		Links: map[string]string{"docs": "/docs", "openapi": "/openapi.json", "health": "/healthz", "readiness": "/readyz", "metrics": "/metrics"},
	}
	if s.settings.Imports != nil {
		answer.Links["imports"] = importsPath
	}
	for _, version := range s.settings.Versions {
		answer.Versions = append(answer.Versions, s.byVersion[version.Number].index())
	}
	return s.sendValue(w, r, http.StatusOK, s.shared.json, answer)
}

func (e *edition) index() versionIndex {
	answer := versionIndex{Version: e.Number, Resources: map[string]string{}, OpenAPI: versionPath(e.Number) + "/openapi.json", Link: e.Link}
	if !e.Deprecated.IsZero() {
		answer.Deprecated = e.Deprecated.UTC().Format(time.RFC3339)
	}
	if !e.Sunset.IsZero() {
		answer.Sunset = e.Sunset.UTC().Format(time.RFC3339)
	}
	for _, res := range e.resources {
		answer.Resources[res.kind.Resource()] = res.path
	}
	return answer
}
