package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// snapshotForm is the first member of a snapshot and says how to read it.
const snapshotForm = "snapshot 1"

// WriteSnapshot keeps an answer in a file from which [ReadSnapshot] gives it
// back. The file is JSON made to be read and compared by people: first what the
// answer is, then one record a line. It is replaced in one step, and left as it
// is (date included) where the data are the same. An answer with failed paths
// is not kept, for a snapshot is the last good answer.
func WriteSnapshot(file string, a *Answer) error {
	if len(a.Failed) > 0 {
		return nil
	}
	if a.spool == nil {
		return fmt.Errorf("write snapshot %s: the answer was not fetched from an endpoint", file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".snapshot-*")
	if err != nil {
		return fmt.Errorf("write snapshot %s: %w", file, err)
	}
	defer os.Remove(fresh.Name()) //nolint:errcheck // it is gone when all went well
	err = writeSnapshot(fresh, a)
	if err == nil {
		err = fresh.Chmod(0o644) //nolint:gosec // a project file like any other: it goes under version control
	}
	if err == nil {
		err = fresh.Sync()
	}
	if err := errors.Join(err, fresh.Close()); err != nil {
		return fmt.Errorf("write snapshot %s: %w", file, err)
	}
	if same, err := sameData(fresh.Name(), file); err != nil || same {
		return err
	}
	if err := os.Rename(fresh.Name(), file); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

func writeSnapshot(file io.Writer, a *Answer) error {
	w := bufio.NewWriter(file)
	head := []struct {
		name  string
		value any
		shown bool
	}{
		{"larder", snapshotForm, true},
		{"address", a.Address, true},
		{"fetchedAt", a.FetchedAt.UTC().Format(time.RFC3339), true},
		{"asked", a.Fingerprint, true},
		{"complete", a.Complete, true},
		{"partial", true, a.spool.partial},
		{"paged", a.spool.paged, len(a.spool.paged) > 0},
	}
	write := func(text string) { _, _ = w.WriteString(text) } // Flush reports the error
	write("{\n")
	for _, member := range head {
		if !member.shown {
			continue
		}
		value, err := json.Marshal(member.value)
		if err != nil {
			return err
		}
		write(fmt.Sprintf("%q: %s,\n", member.name, value))
	}
	write(`"pages": [` + "\n")
	for i := range a.spool.pages {
		if i > 0 {
			write(",\n")
		}
		if err := writeByLine(w, a.spool.open(i)); err != nil {
			return err
		}
	}
	write("\n]\n}\n")
	return w.Flush()
}

// writeByLine writes the next value compactly, but each element of the
// outermost lists of objects on a line of its own.
func writeByLine(w *bufio.Writer, s *scanner) error {
	switch s.kind() {
	case '{':
		return writeMembers(w, s)
	case '[':
		return writeElements(w, s)
	}
	return writeCompact(w, s)
}

func writeMembers(w *bufio.Writer, s *scanner) error {
	between := "{"
	err := s.object(func(key []byte) error {
		name, err := json.Marshal(string(key))
		if err != nil {
			return err
		}
		_, _ = w.WriteString(between + string(name) + ":")
		between = ","
		return writeByLine(w, s)
	})
	if between == "{" {
		_, _ = w.WriteString(between)
	}
	_, _ = w.WriteString("}")
	return err
}

func writeElements(w *bufio.Writer, s *scanner) error {
	before, after := "[", "]"
	between := ","
	err := s.array(func(i int) error {
		if i == 0 && s.kind() != '"' {
			before, between, after = "[\n", ",\n", "\n]"
		}
		if i == 0 {
			_, _ = w.WriteString(before)
		} else {
			_, _ = w.WriteString(between)
		}
		before = ""
		return writeCompact(w, s)
	})
	_, _ = w.WriteString(before + after)
	return err
}

func writeCompact(w *bufio.Writer, s *scanner) error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Compact(&text, raw); err != nil {
		return err
	}
	_, err = w.Write(text.Bytes())
	return err
}

// sameData reports whether two snapshots differ in nothing but their date.
func sameData(fresh, old string) (bool, error) {
	oldSum, err := dataSum(old)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	freshSum, err := dataSum(fresh)
	return freshSum == oldSum, err
}

// dataSum is a hash of a snapshot without the line that holds its date.
func dataSum(file string) ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	in, err := os.Open(file) //nolint:gosec // the path comes from the project's settings
	if err != nil {
		return sum, fmt.Errorf("compare snapshots: %w", err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	r, hash := bufio.NewReader(in), sha256.New()
	for line := ""; !strings.HasPrefix(line, `"pages"`) && err == nil; {
		if line, err = r.ReadString('\n'); !strings.HasPrefix(line, `"fetchedAt"`) {
			_, _ = hash.Write([]byte(line))
		}
	}
	if _, err := io.Copy(hash, r); err != nil {
		return sum, fmt.Errorf("compare snapshots: %w", err)
	}
	hash.Sum(sum[:0])
	return sum, nil
}

// ReadSnapshot opens an answer that [WriteSnapshot] kept. Close leaves the file
// where it is. Errors name the file, and the line where its JSON is broken.
func ReadSnapshot(file string) (*Answer, error) {
	in, err := os.Open(file) //nolint:gosec // the path comes from the project's settings
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	a, err := readSnapshot(file, in)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return a, nil
}

func readSnapshot(file string, in *os.File) (*Answer, error) {
	var head struct {
		Larder    string         `json:"larder"`
		Address   string         `json:"address"`
		FetchedAt time.Time      `json:"fetchedAt"`
		Asked     string         `json:"asked"`
		Complete  bool           `json:"complete"`
		Partial   bool           `json:"partial"`
		Paged     map[string]int `json:"paged"`
	}
	members := map[string]json.RawMessage{}
	pages := &spool{file: in}
	s := newScanner(in)
	err := s.object(func(key []byte) error {
		if string(key) == "pages" {
			return readPages(s, pages)
		}
		name := string(key)
		value, err := s.raw()
		members[name] = value
		return err
	})
	if err == nil {
		err = s.end()
	}
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d:%d: the snapshot is broken: %s; restore it from version control, "+
			"or remove it and import with a network", file, syntax.Line, syntax.Column, syntax.Message)
	}
	if err != nil {
		return nil, fmt.Errorf("read snapshot %s: %w", file, err)
	}
	text, err := json.Marshal(members)
	if err == nil {
		err = json.Unmarshal(text, &head)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the snapshot's description is broken: %w", file, err)
	}
	if head.Larder != snapshotForm {
		return nil, fmt.Errorf("%s is no snapshot that this larder reads: expected \"larder\": %q, found %q",
			file, snapshotForm, head.Larder)
	}
	for connection, count := range head.Paged {
		if count < 1 || count > len(pages.pages) {
			return nil, fmt.Errorf("%s: the snapshot says that %s has %d pages, but it holds %d",
				file, connection, count, len(pages.pages))
		}
	}
	pages.paged, pages.partial = head.Paged, head.Partial
	pages.place = fmt.Sprintf("%s (snapshot %s)", head.Address, file)
	return answerOf(&Answer{
		Address: head.Address, FetchedAt: head.FetchedAt, Bytes: s.offset(), Pages: len(pages.pages),
		Offline: true, Complete: head.Complete, Fingerprint: head.Asked,
	}, pages, in.Close), nil
}

func readPages(s *scanner, pages *spool) error {
	return s.array(func(int) error {
		if s.kind() != '{' {
			return s.unexpected("a page, which is an object")
		}
		start := s.offset()
		err := s.skip()
		pages.pages = append(pages.pages, page{offset: start, length: s.offset() - start})
		return err
	})
}

// snapshotted is an endpoint with a file that can stand in for it.
type snapshotted struct {
	live    *GraphQL
	file    string
	offline bool
}

// WithSnapshot reads from the endpoint, and from its snapshot when the endpoint
// is unreachable (see [UnreachableError]); the answer's notices say so, with
// the snapshot's date. When offline is set the endpoint is not asked at all. A
// snapshot of another query is refused. The snapshot is not written here:
// [WriteSnapshot] is for an answer that proved good.
func WithSnapshot(live *GraphQL, file string, offline bool) Source {
	return &snapshotted{live: live, file: file, offline: offline}
}

func (s *snapshotted) Fetch(ctx context.Context, progress func(Progress)) (*Answer, error) {
	if s.offline {
		return s.read("larder was told to work offline", progress)
	}
	a, err := s.live.Fetch(ctx, progress)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		return a, err
	}
	if _, missing := os.Stat(s.file); errors.Is(missing, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; and there is no snapshot to start from (%s)", err, s.file)
	}
	a, snapshotErr := s.read(err.Error(), progress)
	if snapshotErr != nil {
		return nil, fmt.Errorf("%w; and its snapshot cannot be used: %w", err, snapshotErr)
	}
	return a, nil
}

// read opens the snapshot and says why.
func (s *snapshotted) read(reason string, progress func(Progress)) (*Answer, error) {
	a, err := ReadSnapshot(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no snapshot at %s, and %s: import once with a network", s.file, reason)
	}
	if err != nil {
		return nil, err
	}
	if a.Fingerprint != s.live.Fingerprint() {
		return nil, errors.Join(fmt.Errorf("the snapshot %s answers another query (or other variables) than the "+
			"source asks now: import once with a network to renew it", s.file), a.Close())
	}
	if progress != nil {
		progress(Progress{Bytes: a.Bytes, Pages: a.Pages})
	}
	a.Notices = append(a.Notices, fmt.Sprintf("using the snapshot %s of %s (%s old), because %s",
		s.file, a.FetchedAt.Format(time.DateOnly), age(time.Since(a.FetchedAt)), reason))
	return a, nil
}

// age is a duration as a person says it.
func age(d time.Duration) string {
	count, unit := int(d.Minutes()), "minute"
	switch {
	case d >= 48*time.Hour:
		count, unit = int(d.Hours()/24), "day"
	case d >= 2*time.Hour:
		count, unit = int(d.Hours()), "hour"
	}
	if count == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", max(count, 0), unit)
}
