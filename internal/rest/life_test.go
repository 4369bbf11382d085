package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/rest/conformance"
	"github.com/larderhq/larder/internal/store"
)

func TestTheServerStopsWhenWhatRunsIsDone(t *testing.T) {
	t.Run("within the grace period", func(t *testing.T) {
		err := stopWhileReceiving(t, 5*time.Second, func(connection net.Conn) string {
			if _, err := io.WriteString(connection, tatooine[10:]); err != nil {
				t.Error(err)
			}
			got, err := io.ReadAll(connection)
			if err != nil {
				t.Error(err)
			}
			return string(got)
		}, "HTTP/1.1 201")
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Run("beyond the grace period", func(t *testing.T) {
		err := stopWhileReceiving(t, 100*time.Millisecond, func(connection net.Conn) string {
			got, err := io.ReadAll(connection)
			if err == nil && len(got) == 0 {
				return "closed"
			}
			return string(got)
		}, "")
		if err == nil || !strings.Contains(err.Error(), "grace period of 100ms") {
			t.Errorf("serve: %v", err)
		}
	})
}

// stopWhileReceiving stops a server that has received a part of a request,
// lets finish end the request and returns what Serve returned.
func stopWhileReceiving(t *testing.T, grace time.Duration, finish func(net.Conn) string, want string) error {
	t.Helper()
	schema := conformance.Schema(t)
	st := openSQLite(t, schema)
	server, err := rest.New(rest.Settings{GracePeriod: grace}, st, schema)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()

	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	head := "POST /api/v1/planets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + strconv.Itoa(len(tatooine)) + "\r\n\r\n"
	if _, err := io.WriteString(connection, head+tatooine[:10]); err != nil {
		t.Fatal(err)
	}
	waitInFlight(t, listener.Addr().String())
	stop()
	waitRefused(t, listener.Addr().String())
	if got := finish(connection); !strings.HasPrefix(got, want) {
		t.Errorf("got %.200q", got)
	}
	select {
	case err := <-served:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("the server does not stop")
		return nil
	}
}

// waitInFlight waits until the server is busy with another request.
func waitInFlight(t *testing.T, address string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 500 {
		if strings.Contains(string(ask(t, client, "GET", "http://"+address+"/metrics", nil).body), "larder_http_requests_in_flight 2") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the request did not begin")
}

// waitRefused waits until the server takes no connection any more.
func waitRefused(t *testing.T, address string) {
	t.Helper()
	for range 500 {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = connection.Close()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the server still takes connections")
}

func TestReadinessTellsThatTheDatabaseIsGone(t *testing.T) {
	schema := conformance.Schema(t)
	engine := openEngine(t, schema)
	address := conformance.Serve(t, rest.Settings{Logger: slog.New(slog.DiscardHandler)}, store.New(engine, schema), schema)
	ask(t, plain(), "GET", address+"/readyz", nil).expect(t, 200, "")
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	ask(t, plain(), "GET", address+"/readyz", nil).expect(t, 503, "")
	ask(t, plain(), "GET", address+"/healthz", nil).expect(t, 200, "")
	got := ask(t, plain(), "GET", address+"/api/v1/planets", nil)
	got.expect(t, 503, "PGRST000")
	if got.header.Get("Retry-After") == "" {
		t.Error("the answer does not say when to try again")
	}
}
