// Package exporter writes the records of a store to files that a source can
// read again. [Tables] says what is written of each type, an [Export] writes
// it, all of it from one state of the database and one record at a time, and
// [Models] are the models that read it back.
//
// # What a record is
//
// A record is the JSON object that the API serves, made by the database: its
// id, its attributes, the ids of the records that it refers to. Beside them
// stand the many-to-many lists that the type owns, as lists of ids. So the
// files of all types hold everything that the store holds of them, and a
// source whose key is the id links it again. Nested, the records of a list
// stand in the record that they belong to instead.
package exporter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

// Formats are the formats that can be written.
func Formats() []source.Format { return []source.Format{source.NDJSON, source.JSON, source.CSV} }

// Export says what is written, and how.
type Export struct {
	Tables []Table
	Format source.Format
	// Overwrite has files that exist replaced; else they are an error.
	Overwrite bool
	// Progress is called as the export goes on, from the exporting goroutine;
	// it may be nil.
	Progress func(Progress)
}

// Progress is how far the export of one table has come.
type Progress struct {
	Resource string
	Done     int
	Total    int
}

// Written is what was written of one table.
type Written struct {
	Resource string `json:"resource"`
	Records  int    `json:"records"`
	Bytes    int64  `json:"bytes"`
	File     string `json:"file,omitempty"` // "" for a stream
}

// progressRows is how many records are written between two calls of Progress.
const progressRows = 1000

// Write writes to a stream: one table, or as JSON an object with a list for
// each.
func (e Export) Write(ctx context.Context, s *store.Store, to io.Writer) (written []Written, err error) {
	err = s.View(ctx, func(ctx context.Context, view *store.View) error {
		written, err = e.stream(ctx, view, to)
		return err
	})
	return written, err
}

// File writes what Write does to a new file, which has its name when it is
// whole.
func (e Export) File(ctx context.Context, s *store.Store, path string) (written []Written, err error) {
	err = create([]string{path}, e.Overwrite, func(files []io.Writer) error {
		written, err = e.Write(ctx, s, files[0])
		return err
	})
	for i := range written {
		written[i].File = path
	}
	return written, err
}

// Folder writes each table to a file of its own, which is called as its
// resource. The folder is made where there is none. The files have their names
// when all of them are whole.
func (e Export) Folder(ctx context.Context, s *store.Store, folder string) (written []Written, err error) {
	paths := make([]string, len(e.Tables))
	for i, table := range e.Tables {
		paths[i] = filepath.Join(folder, table.Name()+"."+string(e.Format))
	}
	err = inFolder(folder, func() error {
		return create(paths, e.Overwrite, func(files []io.Writer) error {
			return s.View(ctx, func(ctx context.Context, view *store.View) error {
				for i, table := range e.Tables {
					one := e
					one.Tables = []Table{table}
					of, err := one.stream(ctx, view, files[i])
					if err != nil {
						return err
					}
					of[0].File = paths[i]
					written = append(written, of[0])
				}
				return nil
			})
		})
	})
	return written, err
}

// stream writes the tables one after the other.
func (e Export) stream(ctx context.Context, view *store.View, to io.Writer) ([]Written, error) {
	if len(e.Tables) != 1 && e.Format != source.JSON {
		return nil, fmt.Errorf("a file of the format %s holds one resource: name one, or write to a folder", e.Format)
	}
	out := &counter{out: bufio.NewWriterSize(to, 64<<10)}
	written := make([]Written, 0, len(e.Tables))
	for i, table := range e.Tables {
		switch {
		case len(e.Tables) == 1:
		case i == 0:
			out.write("{\n", quoted(table.Name()), ": ")
		default:
			out.write(",\n", quoted(table.Name()), ": ")
		}
		before := out.bytes
		records, err := e.table(ctx, view, table, out)
		if err != nil {
			return nil, err
		}
		written = append(written, Written{Resource: table.Name(), Records: records, Bytes: out.bytes - before})
	}
	if len(e.Tables) > 1 {
		out.write("\n}")
	}
	if e.Format == source.JSON {
		out.write("\n")
	}
	if err := errors.Join(out.failure, out.out.Flush()); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	return written, nil
}

// quoted is a resource's name, which holds letters, digits and hyphens, in JSON.
func quoted(name string) string { return `"` + name + `"` }

// table writes the records of one table.
func (e Export) table(ctx context.Context, view *store.View, table Table, out *counter) (records int, err error) {
	progress, total := func(int) {}, 0
	if e.Progress != nil {
		if total, err = table.count(ctx, view); err != nil {
			return 0, err
		}
		progress = func(done int) { e.Progress(Progress{Resource: table.Name(), Done: done, Total: total}) }
		progress(0)
	}
	rows := e.rows(table, out)
	rows.begin()
	err = view.Each(ctx, table.Read, func(object []byte) error {
		if err := rows.row(object); err != nil {
			return err
		}
		if records++; records%progressRows == 0 {
			progress(records)
		}
		return out.failure
	})
	if err != nil {
		return 0, err
	}
	rows.end()
	progress(records)
	return records, nil
}

// rows is a format's way of writing records.
type rows interface {
	begin()
	row(object []byte) error
	end()
}

func (e Export) rows(table Table, out *counter) rows {
	switch e.Format {
	case source.CSV:
		return newCells(table, out)
	case source.NDJSON:
		return lines{out}
	case source.JSON, source.Module:
	}
	return &list{out: out}
}

// lines is NDJSON: an object a line.
type lines struct{ out *counter }

func (lines) begin() {}
func (lines) end()   {}

func (l lines) row(object []byte) error {
	l.out.text(object)
	l.out.write("\n")
	return nil
}

// list is a JSON array with an object a line.
type list struct {
	out  *counter
	more bool
}

func (l *list) begin() { l.out.write("[") }

func (l *list) row(object []byte) error {
	if l.more {
		l.out.write(",")
	}
	l.more = true
	l.out.write("\n")
	l.out.text(object)
	return nil
}

func (l *list) end() {
	if l.more {
		l.out.write("\n")
	}
	l.out.write("]")
}

// counter counts what is written, and keeps the first failure.
type counter struct {
	out     *bufio.Writer
	bytes   int64
	failure error
}

func (c *counter) write(texts ...string) {
	for _, text := range texts {
		c.add(c.out.WriteString(text))
	}
}

func (c *counter) text(text []byte) { c.add(c.out.Write(text)) }

func (c *counter) add(bytes int, err error) {
	c.bytes += int64(bytes)
	if c.failure == nil {
		c.failure = err
	}
}

// FormatOf is the format for a file's name, "" when it tells none.
func FormatOf(name string) source.Format {
	if strings.EqualFold(filepath.Ext(name), ".tsv") {
		return "" // it would be written with commas
	}
	if format := source.FormatOf(name); format != source.Module {
		return format
	}
	return ""
}
