package source

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// journalForm is the first member of a journal and says how to read it.
const journalForm = "spool 1"

// journalHead is the first line of a journal: what is being read.
type journalHead struct {
	Larder    string    `json:"larder"`
	Address   string    `json:"address"` // without credentials, for people
	Asked     string    `json:"asked"`   // a hash of the address, the query, its operation and its variables
	StartedAt time.Time `json:"startedAt"`
}

// journalPage is a line of a journal: a page that is whole in the file of pages.
type journalPage struct {
	Page   int       `json:"page"` // from 1
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	Offset int64     `json:"offset"`
	Bytes  int64     `json:"bytes"`
	Sum    string    `json:"sum"` // CRC-32C of the bytes
	// Cursors are the end of this page, by the connections that have more.
	Cursors map[string]string `json:"cursors"`
}

// castagnoli is the polynomial that processors know.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumText(sum uint32) string { return fmt.Sprintf("%08x", sum) }

// journal is the file that tells which pages of a fetch are whole. Each line is
// the CRC-32C of the rest of it and JSON; what stands behind the first line that
// is not so was cut off by a kill.
type journal struct {
	file   *os.File
	lock   *flock.Flock
	synced time.Time
}

// longestLine bounds a line of a journal.
const longestLine = 1 << 20

// journalReader reads the lines of a journal as long as they are whole.
type journalReader struct {
	in    *bufio.Reader
	whole int64 // bytes of the lines that were read
}

func newJournalReader(in io.Reader) *journalReader {
	return &journalReader{in: bufio.NewReaderSize(in, longestLine)}
}

// line reads the next line into value and reports whether it is whole.
func (r *journalReader) line(value any) bool {
	line, err := r.in.ReadSlice('\n')
	if err != nil {
		return false
	}
	sum, text, found := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
	if !found || sum != sumText(crc32.Checksum([]byte(text), castagnoli)) || json.Unmarshal([]byte(text), value) != nil {
		return false
	}
	r.whole += int64(len(line))
	return true
}

// head reads the first line; false where there is none that this larder reads.
func (r *journalReader) head() (head journalHead, ok bool) {
	ok = r.line(&head) && head.Larder == journalForm
	return head, ok
}

// page reads the line of the page that comes next, whose bytes stand behind
// those of the ones before it.
func (r *journalReader) page(number int, offset int64) (page journalPage, ok bool) {
	before := r.whole
	ok = r.line(&page) && page.Page == number && page.Offset == offset && page.Bytes > 0
	if !ok {
		r.whole = before
	}
	return page, ok
}

// write appends a line.
func (j *journal) write(value any) error {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = fmt.Fprintf(j.file, "%s %s\n", sumText(crc32.Checksum(text, castagnoli)), text)
	}
	if err != nil {
		return fmt.Errorf("keep the pages of the answer: %w", err)
	}
	return nil
}

// storage opens the files for the pages: the spool, where the settings name one
// and the query can be paged, else a temporary file. The warning says why a
// spool that was asked for is not used.
func (g *GraphQL) storage(q *question) (pages *os.File, j *journal, warning string, err error) {
	if g.settings.Spool != "" && q.pages() {
		pages, j, err = openSpool(g.settings.Spool)
		if err == nil {
			return pages, j, "", nil
		}
		warning = fmt.Sprintf("should this read break off, it cannot be continued: %v", err)
	}
	pages, err = os.CreateTemp("", "larder-fetch-*.json")
	if err != nil {
		return nil, nil, "", fmt.Errorf("keep the answer of %s: %w", g.Address(), err)
	}
	return pages, nil, warning, nil
}

// openSpool opens the files of a spool for this process alone.
func openSpool(name string) (*os.File, *journal, error) {
	if err := makeOwnFolder(filepath.Dir(name)); err != nil {
		return nil, nil, err
	}
	lock := flock.New(name + ".lock")
	if alone, err := lock.TryLock(); err != nil {
		return nil, nil, err
	} else if !alone {
		return nil, nil, errors.Join(fmt.Errorf("another process reads the same source (it holds %s.lock)", name), lock.Close())
	}
	var files [2]*os.File
	var failures error
	for i, ending := range []string{".pages", ".journal"} {
		var err error
		files[i], err = os.OpenFile(name+ending, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the project's settings name it
		failures = errors.Join(failures, err)
	}
	if failures != nil {
		return nil, nil, errors.Join(failures, files[0].Close(), lock.Close())
	}
	return files[0], &journal{file: files[1], lock: lock}, nil
}

// close ends the work on a spool; whoever comes next may continue it.
func (j *journal) close() error { return errors.Join(j.file.Close(), j.lock.Close()) }

// identity is a hash of where and what is asked.
func (g *GraphQL) identity() string {
	where := *g.endpoint
	where.User = nil
	sum := sha256.Sum256([]byte(where.String() + "\n" + g.Fingerprint()))
	return "sha256:" + hex.EncodeToString(sum[:])
}
