package postgres

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxy stands between an engine and its server and cuts connections.
type proxy struct {
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mutex sync.Mutex
	down  bool
	pairs map[net.Conn]net.Conn // client to server
	cut   func(sent []byte) (before, after bool)
}

// newProxy starts a proxy to the database at the address, and returns the
// address that leads through it.
func newProxy(t *testing.T, address string) (p *proxy, through string) {
	t.Helper()
	parsed, err := url.Parse(with(t, address, "sslmode", "disable")) // the proxy reads what it passes on
	if err != nil {
		t.Fatal(err)
	}
	p = &proxy{server: parsed.Host, pairs: map[net.Conn]net.Conn{}}
	if p.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = p.listener.Close() // it is not needed any more
		p.set(true)
		p.running.Wait()
	})
	parsed.Host = p.listener.Addr().String()
	return p, parsed.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		p.mutex.Lock()
		if p.down || err != nil {
			_ = client.Close()
			if err == nil {
				_ = server.Close()
			}
			p.mutex.Unlock()
			continue
		}
		p.pairs[client] = server
		p.mutex.Unlock()
		p.running.Go(func() { p.forward(client, server) })
		p.running.Go(func() { p.back(server, client) })
	}
}

// forward sends what the client says to the server, and cuts where p.cut says.
func (p *proxy) forward(client, server net.Conn) {
	defer p.end(client)
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		p.mutex.Lock()
		cut := p.cut
		p.mutex.Unlock()
		before, after := false, false
		if cut != nil {
			before, after = cut(buffer[:n])
		}
		if before {
			return
		}
		if after {
			p.deafen(client)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if after { // the server ends the connection when it has done what it was sent
			_, _ = server.Write([]byte{'X', 0, 0, 0, 4})
			return
		}
	}
}

// deafen cuts the client off.
func (p *proxy) deafen(client net.Conn) { _ = client.Close() }

func (p *proxy) back(server, client net.Conn) {
	defer p.end(client)
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) end(client net.Conn) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if server, known := p.pairs[client]; known {
		delete(p.pairs, client)
		_, _ = client.Close(), server.Close()
	}
}

// set takes the way to the server down, with every connection, or up.
func (p *proxy) set(down bool) {
	p.mutex.Lock()
	p.down = down
	var clients []net.Conn
	if down {
		for client := range p.pairs {
			clients = append(clients, client)
		}
	}
	p.mutex.Unlock()
	for _, client := range clients {
		p.end(client)
	}
}

// cutAtCommit cuts the connection of the next so many COMMITs, before or after
// the server gets them; then does what is left to be done.
func (p *proxy) cutAtCommit(times int, before bool, then func()) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.cut = func(sent []byte) (bool, bool) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if times == 0 || !bytes.Contains(sent, []byte("COMMIT\x00")) {
			return false, false
		}
		if times--; times == 0 && then != nil {
			then()
		}
		return before, !before
	}
}
