package source

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRowsAreThoseOfTheStandardReader compares rows, and whether there are any,
// with encoding/csv, which differs in one thing: it makes CRLF within quotes LF.
func TestRowsAreThoseOfTheStandardReader(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"a", "é", ",", ",", ";", `"`, `"`, `""`, "\n", "\r\n", "\r", " ", "\t"})
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 12).Draw(r, "text"), "")
		ours := &cells{name: "a.csv", in: bufio.NewReaderSize(strings.NewReader(text), 16), delimiter: []byte{','}}
		theirs := csv.NewReader(strings.NewReader(text))
		theirs.FieldsPerRecord = -1
		for {
			want, wantErr := theirs.Read()
			got, gotErr := ours.next()
			if (gotErr == nil) != (wantErr == nil) || errors.Is(gotErr, io.EOF) != errors.Is(wantErr, io.EOF) {
				r.Fatalf("%q: error %v, want %v", text, gotErr, wantErr)
			}
			if gotErr != nil {
				return
			}
			var read []string
			for i, cell := range got {
				line, column := theirs.FieldPos(i)
				if cell.line != line || cell.column != column {
					r.Fatalf("%q: cell %d at %d:%d, want %d:%d", text, i, cell.line, cell.column, line, column)
				}
				read = append(read, string(bytes.ReplaceAll(cell.text, []byte("\r\n"), []byte("\n"))))
			}
			if !slices.Equal(read, want) {
				r.Fatalf("%q: %q, want %q", text, read, want)
			}
		}
	})
}
