package rest

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

// Server serves one project. It is safe for concurrent use.
type Server struct {
	settings Settings
	store    *store.Store
	schema   *model.Schema
}

// New returns a server of schema's records in st. It fails when the settings
// contradict each other or the schema.
func New(settings Settings, st *store.Store, schema *model.Schema) (*Server, error) {
	return &Server{settings: settings.withDefaults(), store: st, schema: schema}, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "being built", http.StatusNotImplemented)
}

// Serve answers requests on listener, which it closes, until ctx ends. Then it
// stops accepting, reports itself as not ready and gives what runs the grace
// period to finish: nil when all of it did, an error when it had to be cut off
// or the listener failed.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return errors.New("being built")
}
