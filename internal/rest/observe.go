package rest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// recorder passes an answer on and remembers what was answered.
type recorder struct {
	http.ResponseWriter
	id      string   // of the request
	route   string   // pattern, for metrics
	problem string   // code
	links   []string // of the version that answers
	status  int
	bytes   int64
	changed func(http.Header) // called before the answer to a change begins; nil for none
}

// WriteHeader remembers the first final status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
		if w.changed != nil {
			w.changed(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *recorder) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(data)
	w.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observer numbers, counts and logs requests.
type observer struct {
	logger    *slog.Logger
	prefix    string // of generated request ids, different in every process
	last      atomic.Uint64
	recorders sync.Pool

	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newObserver(logger *slog.Logger) *observer {
	prefix := make([]byte, 6)
	_, _ = rand.Read(prefix) // never fails, says its documentation
	o := &observer{
		logger:   logger,
		prefix:   hex.EncodeToString(prefix) + "-",
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "larder_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "larder_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "larder_http_requests_in_flight", Help: "Requests being answered.",
		}),
	}
	o.registry.MustRegister(o.requests, o.duration, o.inFlight,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	o.recorders.New = func() any { return new(recorder) }
	return o
}

// begin returns the recorder of a request, which end takes back.
func (o *observer) begin(w http.ResponseWriter, r *http.Request) *recorder {
	o.inFlight.Inc()
	rec, _ := o.recorders.Get().(*recorder)
	*rec = recorder{ResponseWriter: w, id: o.requestID(r)}
	return rec
}

func (o *observer) end(rec *recorder, r *http.Request, begun time.Time) {
	o.inFlight.Dec()
	elapsed := time.Since(begun)
	method := knownMethod(r.Method)
	route := rec.route
	if route == "" {
		route = "unknown"
	}
	o.requests.WithLabelValues(route, method, statusText(rec.status)).Inc()
	o.duration.WithLabelValues(route, method).Observe(elapsed.Seconds())
	if o.logger.Enabled(r.Context(), slog.LevelInfo) {
		o.logRequest(r.Context(), rec, r, elapsed)
	}
	*rec = recorder{}
	o.recorders.Put(rec)
}

func (o *observer) logRequest(ctx context.Context, rec *recorder, r *http.Request, elapsed time.Duration) {
	attributes := make([]slog.Attr, 0, 9)
	attributes = append(attributes,
		slog.String("id", rec.id),
		slog.String("method", r.Method),
		slog.String("path", r.URL.EscapedPath()),
		slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes),
		slog.Float64("milliseconds", float64(elapsed.Microseconds())/1000),
		slog.String("client", r.RemoteAddr),
	)
	if r.URL.RawQuery != "" {
		attributes = append(attributes, slog.String("query", abbreviateTo(r.URL.RawQuery, 1000)))
	}
	if rec.problem != "" {
		attributes = append(attributes, slog.String("code", rec.problem))
	}
	o.logger.LogAttrs(ctx, slog.LevelInfo, "request", attributes...)
}

// logFailure logs what a client is not told.
func (s *Server) logFailure(r *http.Request, id string, err error) {
	s.observer.logger.LogAttrs(r.Context(), slog.LevelError, "request failed",
		slog.String("id", id), slog.String("method", r.Method), slog.String("path", r.URL.EscapedPath()), slog.Any("error", err))
}

// requestID is the client's X-Request-Id where that is sane, else a new one.
func (o *observer) requestID(r *http.Request) string {
	if values := r.Header["X-Request-Id"]; len(values) == 1 && saneID(values[0]) {
		return values[0]
	}
	id := append(make([]byte, 0, 32), o.prefix...)
	return string(strconv.AppendUint(id, o.last.Add(1), 36))
}

// saneID: letters, digits and -_.:/+= up to 128, so that an id can be neither a
// line of a log nor a header of its own.
func saneID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', isDigit(c):
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}

// knownMethod keeps invented methods from making metrics without end.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// statusText is the status as text, without an allocation for the usual ones.
func statusText(status int) string {
	switch status {
	case http.StatusOK:
		return "200"
	case http.StatusCreated:
		return "201"
	case http.StatusNotModified:
		return "304"
	case http.StatusNotFound:
		return "404"
	}
	return strconv.Itoa(status)
}
