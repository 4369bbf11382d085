package source

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"os"
	"time"
)

// begin takes over the whole pages of a fetch that broke off, or starts the
// spool anew. It returns how many pages there are and whether more are to come.
func (f *fetch) begin(resume bool, variables map[string]any) (pages int, more bool, err error) {
	if f.journal == nil {
		return 0, true, nil
	}
	lines := newJournalReader(io.NewSectionReader(f.journal.file, 0, 1<<62))
	head, ok := lines.head()
	if !resume || !ok || head.Asked != f.identity() || f.journal.age() > f.settings.Resume {
		return 0, true, f.startJournal()
	}
	pages, more, err = f.replay(lines, variables)
	if err != nil {
		return 0, false, &lostPlace{err}
	}
	if pages == 0 {
		return 0, true, f.startJournal()
	}
	if err := errors.Join(cut(f.journal.file, lines.whole), f.rewind()); err != nil {
		return 0, false, err
	}
	f.answer.FetchedAt = head.StartedAt.UTC()
	f.notice("continues the read of %s that broke off: %d of its pages are kept, from %s on",
		f.Address(), pages, head.StartedAt.UTC().Format("2006-01-02 15:04 MST"))
	return pages, more, nil
}

// age is how long ago the journal got its last line.
func (j *journal) age() time.Duration {
	info, err := j.file.Stat()
	if err != nil {
		return math.MaxInt64
	}
	return time.Since(info.ModTime())
}

// cut ends a file at a length and writes on from there.
func cut(file *os.File, length int64) error {
	if err := file.Truncate(length); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	if _, err := file.Seek(length, io.SeekStart); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

// startJournal empties the spool and says what will be in it.
func (f *fetch) startJournal() error {
	if err := errors.Join(cut(f.journal.file, 0), f.rewind()); err != nil {
		return err
	}
	return f.journal.write(journalHead{
		Larder: journalForm, Address: f.Address(), Asked: f.identity(), StartedAt: f.answer.FetchedAt,
	})
}

// replay takes the pages of a journal into the answer, in their order, up to
// the first one that is not whole. An error says that a page leads elsewhere
// than it did when it was fetched.
func (f *fetch) replay(lines *journalReader, variables map[string]any) (pages int, more bool, err error) {
	for more = true; more; {
		before := lines.whole
		line, ok := lines.page(pages+1, f.written)
		page := (*kept)(nil)
		if ok {
			page, ok = f.readAgain(line)
		}
		if !ok {
			lines.whole = before
			return pages, more, nil
		}
		f.accommodate(page)
		pages++
		if more, err = f.advance(pages, variables); err != nil {
			return pages, false, err
		}
		if !maps.Equal(line.Cursors, f.cursors()) {
			return pages, false, fmt.Errorf("page %d ends elsewhere than its journal says", pages)
		}
	}
	return pages, more, nil
}

// readAgain checks a page of the spool as it was checked when it came.
func (f *fetch) readAgain(line journalPage) (page *kept, ok bool) {
	sum := crc32.New(castagnoli)
	n, err := io.Copy(sum, io.NewSectionReader(f.file, line.Offset, line.Bytes))
	if err != nil || n != line.Bytes || sumText(sum.Sum32()) != line.Sum {
		return nil, false
	}
	e, err := readEnvelope(newScanner(io.NewSectionReader(f.file, line.Offset, line.Bytes)), f.question.root)
	if err != nil {
		return nil, false
	}
	page, err = f.admit(e, line.Bytes, line.Status)
	return page, err == nil
}

// cursors are where the next page begins.
func (f *fetch) cursors() map[string]string {
	cursors := map[string]string{}
	for _, c := range f.question.connections {
		if !c.closed {
			cursors[c.path] = c.cursor
		}
	}
	return cursors
}

// syncEvery is how often the spool is forced to the disk. A kill loses nothing
// that was written; only a machine that stops may lose the pages since then,
// which are fetched again.
const syncEvery = time.Second

// remember notes that a page is whole.
func (f *fetch) remember(number int, page *kept) error {
	if f.journal == nil {
		return nil
	}
	err := f.journal.write(journalPage{
		Page: number, At: time.Now().UTC(), Status: page.status, Offset: f.written - page.bytes, Bytes: page.bytes,
		Sum: sumText(page.sum), Cursors: f.cursors(),
	})
	if err == nil && time.Since(f.journal.synced) > syncEvery {
		f.journal.synced = time.Now()
		err = f.sync()
	}
	return err
}

// sync forces the spool to the disk, the pages before what is said of them.
func (f *fetch) sync() error {
	if err := errors.Join(f.file.Sync(), f.journal.file.Sync()); err != nil {
		return fmt.Errorf("keep the pages of the answer: %w", err)
	}
	return nil
}

// giveUp ends a fetch that failed. What it has is kept for the next one where
// the reason may pass.
func (f *fetch) giveUp(ctx context.Context, cause error) error {
	var unreachable *UnreachableError
	passing := ctx.Err() != nil || errors.As(cause, &unreachable)
	if f.journal == nil || f.answer.Pages == 0 || !passing {
		return f.remove()
	}
	return errors.Join(f.sync(), f.file.Close(), f.journal.close())
}

// remove deletes what was kept.
func (f *fetch) remove() error {
	if f.journal == nil {
		return f.spool.remove()
	}
	return errors.Join(f.spool.remove(), os.Remove(f.journal.file.Name()), f.journal.close())
}
