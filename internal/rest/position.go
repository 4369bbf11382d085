package rest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/larderhq/larder/internal/store"
)

// The answer to a change tells the position of the database with the change
// in it, by a header and, for clients that keep cookies, by one of those. A
// read that brings either is answered from a copy of the database that has the
// change, or from the database itself.
const (
	headerPosition = "Larder-Position"
	cookiePosition = "larder-position"
)

// reading is work for what changes nothing: a copy of the database may answer.
func (x *exchange) reading() (context.Context, context.CancelFunc) {
	ctx, cancel := x.work()
	if x.server.replicated {
		ctx = store.MayLag(ctx, knownPosition(x.r))
	}
	return ctx, cancel
}

// knownPosition is the position that the client has been told.
func knownPosition(r *http.Request) string {
	if values := r.Header[headerPosition]; len(values) > 0 {
		return values[0]
	}
	if cookie, err := r.Cookie(cookiePosition); err == nil {
		return cookie.Value
	}
	return ""
}

// tellPosition adds the position to the answer to a change, also to one that
// was refused: what it was refused for is to be seen by the client.
func (s *Server) tellPosition(header http.Header) {
	position, matters := s.store.Position()
	if position == "" {
		return
	}
	header[headerPosition] = []string{position}
	cookie := http.Cookie{ //nolint:gosec // no secret, and of use without TLS too
		Name: cookiePosition, Value: position, Path: basePath, MaxAge: int(matters/time.Second) + 1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	header.Add("Set-Cookie", cookie.String())
}

// copies are the metrics of the copies of the database.
type copies struct {
	store      *store.Store
	inUse, lag *prometheus.Desc
}

func newCopies(st *store.Store) *copies {
	return &copies{
		store: st,
		inUse: prometheus.NewDesc("larder_database_replica_in_use", "Whether reads come from the replica, by its place in the settings.", []string{"replica"}, nil),
		lag:   prometheus.NewDesc("larder_database_replica_lag_seconds", "How far the replica is behind the database, as far as is known.", []string{"replica"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *copies) Describe(described chan<- *prometheus.Desc) {
	described <- c.inUse
	described <- c.lag
}

// Collect implements prometheus.Collector.
func (c *copies) Collect(collected chan<- prometheus.Metric) {
	for i, replica := range c.store.Replicas() {
		inUse := 0.0
		if replica.InUse {
			inUse = 1
		}
		place := strconv.Itoa(i + 1)
		collected <- prometheus.MustNewConstMetric(c.inUse, prometheus.GaugeValue, inUse, place)
		collected <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, replica.Lag.Seconds(), place)
	}
}
