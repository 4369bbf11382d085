package rest

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard decides who may ask from where: the Host that a request names, and
// the web pages of other origins (CORS, the Fetch standard).
type guard struct {
	hosts      []string
	loopback   bool // the listener is one: check the Host
	origins    []string
	anyOrigin  bool
	protection *http.CrossOriginProtection
}

func newGuard(settings Settings) (*guard, error) {
	g := &guard{
		hosts:      settings.Hosts,
		origins:    settings.Origins,
		anyOrigin:  slices.Contains(settings.Origins, "*"),
		protection: http.NewCrossOriginProtection(),
	}
	for _, origin := range settings.Origins {
		if origin == "*" {
			continue
		}
		if err := g.protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("the origin %q is not of the form https://host: %w", origin, err)
		}
	}
	return g, nil
}

// listensOn tells the guard where the server listens.
func (g *guard) listensOn(address net.Addr) {
	tcp, ok := address.(*net.TCPAddr)
	g.loopback = ok && tcp.IP.IsLoopback()
}

// checkHost refuses a request to a loopback listener that names another host:
// see Settings.Hosts.
func (g *guard) checkHost(r *http.Request) error {
	if !g.loopback {
		return nil
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(strings.ToLower(host), "[]"), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return nil
	}
	if address, err := netip.ParseAddr(host); err == nil && address.IsLoopback() {
		return nil
	}
	for _, allowed := range g.hosts {
		if allowed == "*" || strings.EqualFold(allowed, host) {
			return nil
		}
	}
	return &problem{
		status: http.StatusMisdirectedRequest, code: codeHost,
		message: "this server does not answer for the host " + abbreviate(host),
		details: "it listens on loopback and answers for localhost and loopback addresses",
		hint:    "a proxy that passes the Host on needs its name among the server's allowed hosts",
	}
}

const (
	// exposed are the headers of answers that scripts of other origins may read.
	exposed = "API-Version, Content-Range, Content-Location, Deprecation, ETag, Idempotency-Replayed, Larder-Position, Link, Location, Preference-Applied, Retry-After, Sunset, X-Request-Id"
	// allowedHeaders are those of requests that they may set beside the safe ones.
	allowedHeaders = "Accept, Accept-Profile, Accept-Version, Apikey, Authorization, Content-Encoding, Content-Profile, Content-Type, Idempotency-Key, If-Match, If-None-Match, Larder-Position, Prefer, Range, X-Client-Info, X-Request-Id, X-Retry-Count"
	allowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
	preflightAge   = "7200" // seconds, the most that browsers heed
)

// crossOrigin sets the CORS headers for an allowed origin, refuses a change
// that a page of another origin sends, and answers preflights: done is true
// when nothing is left to do.
func (g *guard) crossOrigin(w http.ResponseWriter, r *http.Request) (done bool, err error) {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return false, nil // no browser's cross-origin request, or one that changes nothing
	}
	allowed := g.anyOrigin || slices.Contains(g.origins, origins[0])
	if allowed {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", origins[0])
		header.Set("Access-Control-Expose-Headers", exposed)
	}
	if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
		if allowed {
			header := w.Header()
			header.Set("Access-Control-Allow-Methods", allowedMethods)
			header.Set("Access-Control-Allow-Headers", allowedHeaders)
			header.Set("Access-Control-Max-Age", preflightAge)
		}
		w.WriteHeader(http.StatusNoContent)
		return true, nil
	}
	if g.anyOrigin || g.protection.Check(r) == nil {
		return false, nil
	}
	return false, &problem{
		status: http.StatusForbidden, code: codeOrigin,
		message: "pages of the origin " + abbreviate(origins[0]) + " may not change anything here",
		hint:    "the server's settings list the origins that may",
	}
}
