package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startTime is how long a server may take to answer after its start, or to end.
const startTime = 30 * time.Second

// Cluster is a PostgreSQL server of a test's own, which the test may stop,
// pause and start again. It ends with the test, and with the test's process
// however that ends. Its methods are for the test's goroutine.
type Cluster struct {
	t        testing.TB
	programs string // the folder of initdb, postgres and pg_basebackup
	account  *syscall.SysProcAttr
	folder   string // with its data
	port     int
	settings []string
	process  *os.Process
	ended    chan struct{} // closed when process has ended
}

// NewCluster makes a server and starts it. Each setting is one of
// postgresql.conf, as in "max_connections=20". Where this machine has no server
// programs the test is skipped, unless LARDER_TEST_POSTGRES says that
// PostgreSQL is to be tested: then it fails.
func NewCluster(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c := &Cluster{t: t, programs: programs(t), account: account(t), port: freePort(t)}
	// Nothing here has to outlive the machine.
	c.settings = append([]string{"fsync=off", "shared_buffers=16MB", "max_wal_senders=4", "wal_keep_size=64MB"}, settings...)
	c.makeFolder()
	c.run("initdb", "--pgdata", c.folder, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	c.Start()
	return c
}

// Standby makes a copy of the server that follows it and answers reads, and
// starts it.
func (c *Cluster) Standby(settings ...string) *Cluster {
	c.t.Helper()
	standby := &Cluster{t: c.t, programs: c.programs, account: c.account, port: freePort(c.t)}
	standby.settings = append(slices.Clone(c.settings), settings...)
	standby.makeFolder()
	standby.run("pg_basebackup", "--dbname", c.URL(), "--pgdata", standby.folder, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	standby.Start()
	return standby
}

// URL is that of the server's database postgres.
func (c *Cluster) URL() string {
	return "postgres://postgres@" + c.Host() + "/postgres?sslmode=disable"
}

// Host is the server's host:port.
func (c *Cluster) Host() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)) }

// Start starts the server and waits until it answers.
func (c *Cluster) Start() {
	c.t.Helper()
	log, err := os.OpenFile(c.folder+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	arguments := []string{"-D", c.folder, "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="}
	for _, setting := range c.settings {
		arguments = append(arguments, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(c.programs, "postgres"), arguments...) //nolint:gosec,noctx // of the test's own making; Stop ends it
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, c.folder
	attributes := *c.account
	attributes.Pdeathsig = syscall.SIGQUIT
	cmd.SysProcAttr = &attributes
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // whose end is what Pdeathsig means
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ends is the test's doing
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		c.t.Fatal(err)
	}
	c.process, c.ended = cmd.Process, ended
	c.await()
}

// await waits until the server answers.
func (c *Cluster) await() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL())
		if err == nil {
			if err := conn.Close(ctx); err != nil {
				c.t.Fatal(err)
			}
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
			continue
		case <-c.ended:
		case <-ctx.Done():
		}
		said, _ := os.ReadFile(c.folder + ".log")
		c.t.Fatalf("the server of the test does not start: %v\n%s", err, said)
	}
}

// Stop ends the server and waits for its end: with SIGINT quickly, with SIGQUIT
// at once, so that it has to recover when it starts again.
// (https://www.postgresql.org/docs/current/server-shutdown.html)
func (c *Cluster) Stop(signal syscall.Signal) {
	c.t.Helper()
	_ = c.process.Signal(signal) // it may have ended
	select {
	case <-c.ended:
	case <-time.After(startTime):
		c.t.Fatalf("the server of the test does not end after %v", signal)
	}
}

// runs reports whether the server was started and has not ended.
func (c *Cluster) runs() bool {
	select {
	case <-c.ended:
		return false
	default:
		return c.process != nil
	}
}

// Pause stops every process of the server where it is (SIGSTOP), so that
// connections stay and nothing answers. Resume lets them go on.
func (c *Cluster) Pause() {
	c.t.Helper()
	c.signal(c.process.Pid, syscall.SIGSTOP)
	for _, child := range c.children() { // no more can begin
		c.signal(child, syscall.SIGSTOP)
	}
}

// Resume ends a Pause.
func (c *Cluster) Resume() {
	c.t.Helper()
	for _, child := range append(c.children(), c.process.Pid) {
		c.signal(child, syscall.SIGCONT)
	}
}

func (c *Cluster) signal(pid int, signal syscall.Signal) {
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		c.t.Fatal(err)
	}
}

// children are the processes that the server has started.
func (c *Cluster) children() (pids []int) {
	said, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	for text := range strings.FieldsSeq(string(said)) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			c.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// Exec runs one statement, or several without arguments, as superuser.
func (c *Cluster) Exec(text string, arguments ...any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = conn.Exec(ctx, text, arguments...)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
}

// Number runs a statement that gives one number, as superuser.
func (c *Cluster) Number(text string) (number int64) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		c.t.Fatal(err)
	}
	err = conn.QueryRow(ctx, text).Scan(&number)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
	return number
}

// makeFolder makes an empty folder for the data, which the account that runs
// the server owns, and sees to the end of server and folder.
func (c *Cluster) makeFolder() {
	c.t.Helper()
	above, err := os.MkdirTemp("", "larder-cluster-*")
	if err != nil {
		c.t.Fatal(err)
	}
	c.folder = filepath.Join(above, "data")
	c.t.Cleanup(func() {
		if c.runs() {
			c.Resume()
			c.Stop(syscall.SIGQUIT)
		}
		if err := os.RemoveAll(above); err != nil {
			c.t.Error(err)
		}
	})
	err = os.Mkdir(c.folder, 0o700)
	if owner := c.account.Credential; owner != nil {
		err = errors.Join(err, os.Chmod(above, 0o711), os.Chown(c.folder, int(owner.Uid), int(owner.Gid))) //nolint:gosec // others pass through it only
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// run runs one of PostgreSQL's programs.
func (c *Cluster) run(name string, arguments ...string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(c.programs, name), arguments...) //nolint:gosec // of the test's own making
	cmd.Dir, cmd.SysProcAttr = filepath.Dir(c.folder), c.account
	if said, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v\n%s", name, err, said)
	}
}

// programs is the folder with the server's programs: that of the newest
// version that Debian's packages have installed, or one in PATH.
func programs(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	if inPath, err := exec.LookPath("initdb"); err == nil {
		if inPath, err = filepath.EvalSymlinks(inPath); err == nil {
			return filepath.Dir(inPath) // where the others are
		}
	}
	const missing = "no programs of a PostgreSQL server (initdb) on this machine"
	if os.Getenv("LARDER_TEST_POSTGRES") != "" {
		t.Fatal(missing + ", though LARDER_TEST_POSTGRES asks for tests of PostgreSQL")
	}
	t.Skip(missing)
	return ""
}

// account runs the server as the user postgres when the test runs as root, as
// which no PostgreSQL server runs.
func account(t testing.TB) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}
	}
	postgres, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("a PostgreSQL server does not run as root: %v", err)
	}
	uid, err := strconv.ParseUint(postgres.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(postgres.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse("tcp://" + listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
