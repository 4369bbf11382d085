package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/larderhq/larder/internal/postgrestest"
)

// TestFaults holds two servers of one database with a replica to their promises
// while things go wrong under them: no acknowledged change is lost, no client
// is shown a state before its own changes, what cannot be done is answered by
// 503 with Retry-After, and all goes on by itself.
func TestFaults(t *testing.T) {
	primary := postgrestest.NewCluster(t, "max_connections=30")
	primary.Exec(`CREATE ROLE shop LOGIN; GRANT ALL ON SCHEMA public TO shop`)
	standby := primary.Standby("max_connections=30")
	larder := filepath.Join(t.TempDir(), "larder")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", larder, "../../cmd/larder").CombinedOutput(); err != nil { //nolint:gosec // of constants
		t.Fatalf("go build: %v\n%s", err, said)
	}
	asShop := func(c *postgrestest.Cluster) string { return strings.Replace(c.URL(), "postgres@", "shop@", 1) }
	t.Setenv("LARDER_DATABASE_REPLICAS", asShop(standby))
	t.Setenv("LARDER_DATABASE_REPLICA_LAG", "1s")
	t.Setenv("LARDER_DATABASE_CONNECTIONS", "8")
	f := folder{t, larder, t.TempDir(), asShop(primary)}
	f.write("larder.yaml", "name: shop\n")
	f.write("models.graphql", "type Jar {\n  name: String! @unique\n  amount: Int64!\n}\n")
	f.wait(f.start("migrate", "diff", "init"))
	f.wait(f.start("migrate", "up"))
	servers := []*process{f.start("serve"), f.start("serve")}
	c := &customers{t: t, stored: map[string]int{}}
	for _, server := range servers {
		address, _ := f.serving(server)
		c.addresses = append(c.addresses, address)
	}
	for _, fault := range []struct {
		name string
		away bool // /readyz says so
		make func(t *testing.T)
	}{
		{"none", false, func(*testing.T) { time.Sleep(time.Second) }},
		{"connections are terminated", false, func(*testing.T) {
			for range 5 {
				primary.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'`)
				time.Sleep(200 * time.Millisecond)
			}
		}},
		{"the server is restarted", true, func(t *testing.T) {
			primary.Stop(syscall.SIGINT)
			c.awaitReady(t, false)
			primary.Start()
		}},
		{"the server crashes", true, func(t *testing.T) {
			primary.Stop(syscall.SIGQUIT)
			c.awaitReady(t, false)
			primary.Start()
		}},
		{"the server stands still for five seconds", true, func(t *testing.T) {
			primary.Pause()
			defer primary.Resume()
			began := time.Now()
			c.awaitReady(t, false)
			time.Sleep(time.Until(began.Add(5 * time.Second)))
		}},
		{"no connection is free", true, func(t *testing.T) {
			defer holdConnections(t, asShop(primary))()
			primary.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'larder'`)
			c.awaitReady(t, false)
		}},
		{"the replica ends and comes back", false, func(*testing.T) {
			standby.Stop(syscall.SIGQUIT)
			time.Sleep(500 * time.Millisecond)
			standby.Start()
		}},
		{"the replica stands still", false, func(*testing.T) {
			standby.Pause()
			time.Sleep(2 * time.Second)
			standby.Resume()
		}},
		{"the replica lags", false, func(*testing.T) {
			standby.Exec(`SELECT pg_wal_replay_pause()`)
			time.Sleep(2 * time.Second)
			standby.Exec(`SELECT pg_wal_replay_resume()`)
		}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			c.t = t
			c.during(func() { fault.make(t) })
			if fault.away {
				c.awaitReady(t, true)
			}
			c.awaitReplica(t)
			c.check()
		})
	}
	for _, server := range servers {
		f.stop(server)
	}
}

// customers are clients that add jars at one server and read them at another.
type customers struct {
	t         *testing.T
	addresses []string

	mutex  sync.Mutex
	next   int
	stored map[string]int // name to 1 where it was acknowledged, 0 where it was refused
	counts map[string]int // of answers
	slow   time.Duration  // the longest answer
}

// during has the customers at work while the fault is there and a moment on.
func (c *customers) during(fault func()) {
	c.counts, c.slow = map[string]int{}, 0
	ctx, stop := context.WithCancel(c.t.Context())
	var group sync.WaitGroup
	for number := range 6 {
		group.Go(func() { c.shop(ctx, number) })
	}
	func() {
		defer group.Wait()
		defer stop()
		time.Sleep(100 * time.Millisecond)
		fault()
		time.Sleep(300 * time.Millisecond)
	}()
	c.t.Logf("%v; the longest answer took %v", c.counts, c.slow.Round(time.Millisecond))
	if c.counts["201"] == 0 || c.counts["200"] == 0 {
		c.t.Error("nothing was stored, or nothing read")
	}
}

// shop is what one customer does. It keeps cookies, as browsers do.
func (c *customers) shop(ctx context.Context, number int) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Error(err)
		return
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Jar: jar, Transport: transport}
	random := rand.New(rand.NewPCG(7, uint64(number))) //nolint:gosec // no secret
	for ctx.Err() == nil {
		c.mutex.Lock()
		c.next++
		name := fmt.Sprint("jar ", c.next)
		c.mutex.Unlock()
		at := random.IntN(len(c.addresses))
		status, problem, body := c.ask(client, "POST", c.addresses[at]+"/api/v1/jars", `{"name":"`+name+`","amount":1}`)
		switch {
		case status == http.StatusCreated:
			c.note(name, 1)
		case problem.Code == "LRD503": // may be stored or not
			continue
		case status != 0:
			c.note(name, 0)
			time.Sleep(10 * time.Millisecond) // a client would heed Retry-After
			continue
		}
		var made struct{ ID int64 }
		if json.Unmarshal(body, &made) != nil {
			continue
		}
		// Cookies go by the host, so that the other server gets what this one gave.
		path := fmt.Sprintf("%s/api/v1/jars/%d", c.addresses[1-at], made.ID)
		if status, _, body := c.ask(client, "GET", path, ""); status == http.StatusNotFound {
			c.t.Errorf("%s was acknowledged by one server and is not there for another: %s", name, body)
		}
	}
}

func (c *customers) note(name string, stored int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.stored[name] = stored
}

// refusal is what is read of a problem.
type refusal struct{ Code string }

// ask sends a request and counts its answer, which must be one that was
// promised.
func (c *customers) ask(client *http.Client, method, url, body string) (status int, problem refusal, answer []byte) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0, problem, nil
	}
	r.Header.Set("Content-Type", "application/json")
	began := time.Now()
	response, err := client.Do(r)
	if err != nil {
		c.t.Errorf("%s %s: %v", method, url, err)
		return 0, problem, nil
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	if answer, err = io.ReadAll(response.Body); err != nil {
		c.t.Errorf("%s %s: %v", method, url, err)
	}
	status = response.StatusCode
	what := fmt.Sprint(status)
	if status >= 400 {
		_ = json.Unmarshal(answer, &problem) // what is no problem has no code
		what += " " + problem.Code
	}
	switch {
	case status < 300, status == http.StatusNotFound, problem.Code == "LRD503":
	case status != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "":
		c.t.Errorf("%s %s: %d, Retry-After %q: %s", method, url, status, response.Header.Get("Retry-After"), answer)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.counts[what]++
	c.slow = max(c.slow, time.Since(began))
	return status, problem, answer
}

// awaitReady waits until both servers say that they are ready, or that they
// are not.
func (c *customers) awaitReady(t *testing.T, ready bool) {
	t.Helper()
	for _, address := range c.addresses {
		c.await(t, address+"/readyz", func(status int, _ []byte) bool { return (status == http.StatusOK) == ready })
	}
}

// awaitReplica waits until both servers read from the replica.
func (c *customers) awaitReplica(t *testing.T) {
	t.Helper()
	for _, address := range c.addresses {
		c.await(t, address+"/metrics", func(_ int, body []byte) bool {
			return bytes.Contains(body, []byte(`larder_database_replica_in_use{replica="1"} 1`))
		})
		c.await(t, address+"/readyz", func(_ int, body []byte) bool { return bytes.Contains(body, []byte(`"1 of 1 in use"`)) })
	}
}

func (c *customers) await(t *testing.T, url string, is func(status int, body []byte) bool) {
	t.Helper()
	status, body := 0, ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		if status, body, err = request("GET", url, ""); err != nil {
			t.Fatal(err)
		}
		if is(status, []byte(body)) {
			return
		}
		_, _, _ = request("GET", c.addresses[0]+"/api/v1/jars/1", "") // replicas are asked for by reads
	}
	t.Fatalf("%s still answers %d: %s", url, status, body)
}

// check demands that what was acknowledged is there, and what was refused not.
func (c *customers) check() {
	c.t.Helper()
	found := map[string]int{}
	for after := ""; ; {
		status, body, err := request("GET", c.addresses[0]+"/api/v1/jars?limit=1000&order=id&select=id,name"+after, "")
		var jars []struct {
			ID   int64
			Name string
		}
		if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &jars) != nil {
			c.t.Fatalf("%d: %s (%v)", status, body, err)
		}
		if len(jars) == 0 {
			break
		}
		for _, jar := range jars {
			found[jar.Name]++
		}
		after = fmt.Sprintf("&id=gt.%d", jars[len(jars)-1].ID)
	}
	for name, stored := range c.stored {
		if found[name] != stored {
			c.t.Errorf("%s: %d were acknowledged, %d are there", name, stored, found[name])
		}
	}
}

// holdConnections takes every connection that the server still gives to the
// role, and returns what gives them back.
func holdConnections(t *testing.T, address string) (release func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			for ctx.Err() == nil {
				conn, err := pgx.Connect(ctx, address+"&application_name=holder")
				if err != nil {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				<-ctx.Done()
				_ = conn.Close(context.Background()) // with which it is free
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}
