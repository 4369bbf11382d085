package source

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Hosts lets one fetch at a time ask a host, among the sources that share it
// and, where it has a folder, among the processes that share that.
type Hosts struct {
	folder string
	mutex  sync.Mutex
	busy   map[string]chan struct{} // by host; holds a value while a fetch is in
}

// NewHosts makes a Hosts whose processes meet at lock files in the folder, which
// is made when it is needed. With "", or where it cannot be made, only the
// sources of this process wait for one another.
func NewHosts(folder string) *Hosts { return &Hosts{folder: folder, busy: map[string]chan struct{}{}} }

// lockPause is how long a wait for the lock of another process takes at a time.
const lockPause = 100 * time.Millisecond

// enter waits until no other fetch asks the host of the address; leave lets the
// next one in. A nil Hosts lets everyone in.
func (h *Hosts) enter(ctx context.Context, address *url.URL) (leave func(), err error) {
	if h == nil {
		return func() {}, nil
	}
	host := strings.ToLower(address.Host)
	h.mutex.Lock()
	if h.busy[host] == nil {
		h.busy[host] = make(chan struct{}, 1)
	}
	turn := h.busy[host]
	h.mutex.Unlock()
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another fetch from %s: %w", host, context.Cause(ctx))
	}
	shared := h.folder != "" && makeOwnFolder(h.folder) == nil
	if !shared {
		return func() { <-turn }, nil
	}
	// The port's colon is no part of a file's name on every system.
	lock := flock.New(filepath.Join(h.folder, strings.NewReplacer(":", "_", "[", "", "]", "").Replace(host)+".lock"))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil && ctx.Err() != nil {
		<-turn
		return nil, fmt.Errorf("wait for another process that fetches from %s: %w", host, context.Cause(ctx))
	}
	return func() {
		_ = lock.Close() // a lock is gone with its file
		<-turn
	}, nil
}

// makeOwnFolder makes a folder for files that are larder's own and of no use to
// version control, and tells Git so. A folder that is there stays as it is.
func makeOwnFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o600)
}
