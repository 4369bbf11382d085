package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

// Server serves one project. It is safe for concurrent use.
type Server struct {
	settings  Settings
	store     *store.Store
	schema    *model.Schema
	byVersion map[int]*edition
	mux       *http.ServeMux
	guard     *guard
	compress  *compressor
	observer  *observer
	shared    sharedHeaders
	stopping  chan struct{} // closed by stop, when the server takes no more requests
	stop      func()

	replicated bool // the database has copies
}

// New returns a server of schema's records in st. It fails when the settings
// contradict each other or the schema.
func New(settings Settings, st *store.Store, schema *model.Schema) (*Server, error) {
	s := &Server{
		settings: settings.withDefaults(), store: st, schema: schema,
		byVersion: map[int]*edition{},
		mux:       http.NewServeMux(), shared: newSharedHeaders(),
		stopping: make(chan struct{}),
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	if err := s.settings.settleVersions(schema); err != nil {
		return nil, err
	}
	for _, version := range s.settings.Versions {
		s.byVersion[version.Number] = newEdition(s, version)
	}
	var err error
	if s.guard, err = newGuard(s.settings); err != nil {
		return nil, err
	}
	if s.compress, err = newCompressor(s.settings.Compress); err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	s.observer = newObserver(s.settings.Logger)
	if s.replicated = len(st.Replicas()) > 0; s.replicated {
		s.observer.registry.MustRegister(newCopies(st))
	}
	s.routes()
	s.mountImports()
	if err := s.operate(); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	rec := s.observer.begin(w, r)
	defer s.finish(rec, r, begun)
	header := w.Header()
	header["X-Request-Id"] = []string{rec.id}
	header["X-Content-Type-Options"] = s.shared.nosniff
	if err := s.guard.checkHost(r); err != nil {
		s.fail(rec, r, err)
		return
	}
	if done, err := s.guard.crossOrigin(rec, r); done || err != nil {
		if err != nil {
			s.fail(rec, r, err)
		}
		return
	}
	s.mux.ServeHTTP(rec, r)
}

// finish ends a request, also one whose handler has panicked: the client gets
// a 500, the log the stack.
func (s *Server) finish(rec *recorder, r *http.Request, begun time.Time) {
	cause := recover()
	if cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
		s.observer.logger.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
			slog.String("id", rec.id), slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
		s.fail(rec, r, fmt.Errorf("panic: %v", cause))
	}
	s.observer.end(rec, r, begun)
	if cause == http.ErrAbortHandler { //nolint:errorlint // as above
		panic(cause) // net/http's own sign to cut the connection
	}
}

// Serve answers requests on listener, which it closes, until ctx ends. Then it
// stops accepting, reports itself as not ready and gives what runs the grace
// period to finish: nil when all of it did, an error when it had to be cut off
// or the listener failed.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	s.guard.listensOn(listener.Addr())
	// Requests outlive ctx by the grace period; then they are cancelled.
	work, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	server := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return work },
		ReadHeaderTimeout: s.settings.HeaderTimeout,
		ReadTimeout:       s.settings.ReadTimeout,
		WriteTimeout:      s.settings.WriteTimeout,
		IdleTimeout:       s.settings.IdleTimeout,
		MaxHeaderBytes:    s.settings.HeadBytes,
		ErrorLog:          slog.NewLogLogger(s.settings.Logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.stop()
	grace, cancel := context.WithTimeout(work, s.settings.GracePeriod)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		abandon()
		_ = server.Close() // what it could report was abandoned just now
		err = fmt.Errorf("requests still ran after the grace period of %s and were cut off", s.settings.GracePeriod)
	}
	if cause := <-failed; err == nil && !errors.Is(cause, http.ErrServerClosed) {
		err = fmt.Errorf("serve %s: %w", listener.Addr(), cause)
	}
	return err
}
