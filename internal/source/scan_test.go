package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/larderhq/larder/internal/source/graphqltest"
)

// scanWhole reads text as one JSON value.
func scanWhole(text io.Reader) (json.RawMessage, error) {
	s := newScanner(text)
	raw, err := s.raw()
	if err == nil {
		err = s.end()
	}
	return raw, err
}

func TestScannerKeepsValuesAsTheyAreWritten(t *testing.T) {
	long := `"` + strings.Repeat("é𝄞\\n", 20_000) + `"`
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `1.50`, `1e400`, `12345678901234567890123`, `-1.5E-7`, `null`, `true`, `false`,
		`{"a":{"b":[1,{"c":"\u00e9\ud834\udd1e\\\""}]},"b":[]}`, `"\ud834 alone"`, `[ 1 , 2 ]`, long,
		`{"` + strings.Repeat("k", 70_000) + `":1}`,
	} {
		for _, reader := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			raw, err := scanWhole(reader)
			if err != nil || string(raw) != text {
				t.Errorf("%.60s: got %.60s, %v", text, raw, err)
			}
		}
	}
}

func TestScannerFindsEqualKeys(t *testing.T) {
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, `"key%d":{"key%d":0},`, i, i)
	}
	tests := []struct {
		text  string
		twice string
	}{
		{`{"a":1,"a":2}`, "a"},
		{`{"a":{"a":{"b":1}},"b":1}`, ""},
		{`[{"a":1},{"a":1}]`, ""},
		{`{"é":1,"\u00e9":1}`, "é"},
		{`{"\ud834\udd1e":1,"𝄞":1}`, "𝄞"},
		{`{"":1,"":1}`, ""},
		{`{` + many.String() + `"key77":1}`, "key77"},
		{`{` + many.String() + `"key100":1}`, ""},
		{`{"ab":1,"a":2,"b":3}`, ""},
	}
	for _, test := range tests {
		_, err := scanWhole(strings.NewReader(test.text))
		wanted := test.twice != "" || test.text == `{"":1,"":1}`
		if wanted != (err != nil) {
			t.Errorf("%.40s: %v", test.text, err)
		} else if wanted {
			wantText(t, err, fmt.Sprintf("the key %q occurs twice", test.twice))
		}
	}
}

func TestScannerReportsWhatItsReaderReports(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"", `{"a":`, `{"a":[1,2`, `"abc`, `tr`, `{"a":1}`} {
		_, err := scanWhole(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// strict reports whether text is JSON as larder reads it, by the standard
// library's decoder and the rules that larder adds.
func strict(text []byte) bool {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !json.Valid(text) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	return distinct(decoder, 0) == nil
}

var errNotStrict = errors.New("not strict")

// distinct reads a value and fails on equal keys and deep nesting.
func distinct(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	delim, composite := token.(json.Delim)
	if !composite {
		return nil
	}
	if depth >= maxDepth {
		return errNotStrict
	}
	keys := map[string]bool{}
	for decoder.More() {
		if delim == '{' {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			if keys[key.(string)] {
				return errNotStrict
			}
			keys[key.(string)] = true
		}
		if err := distinct(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// FuzzScanner holds the scanner against the standard library's decoder.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"a":[1,null,{"b":"x"}]}}`, `[1e5,-0.1,"\u00e9\ud834\udd1e"]`, "\xef\xbb\xbf{}", `{"a":1,"a":2}`,
		`"\ud834"`, `{"a"`, `01`, `[1,]`, `tru`, "\"\xff\"", ` {} x`, `{"\u0061":1,"a":1}`, `"\x"`, `-`, `1.`, `1e`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			if _, err := scanWhole(bytes.NewReader(text)); err == nil {
				t.Fatalf("invalid UTF-8 was taken: %q", text)
			}
			return
		}
		raw, err := scanWhole(iotest.HalfReader(bytes.NewReader(text)))
		if (err == nil) != strict(text) {
			t.Fatalf("%q: scanner says %v, the decoder %v", text, err, strict(text))
		}
		if want := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))); err == nil && !bytes.Equal(raw, want) {
			t.Fatalf("%q was kept as %q", want, raw)
		}
	})
}

// FuzzAnswer reads arbitrary answers as a fetch would: what is taken is JSON,
// its records are objects, and a snapshot of it gives the same records back.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"allPlanets":{"planets":[{"name":"Hoth","population":null,"terrains":["ice"]}]}}}`,
		`{"data":{"allPlanets":{"pageInfo":{"hasNextPage":true,"endCursor":"x"},"planets":[null,{"a":1}]}},"errors":[{"message":"m","path":["allPlanets","planets",0]}]}`,
		`{"errors":[{"message":"no","extensions":{"code":"THROTTLED"}}]}`, `{"data":null}`, `{"errors":"x"}`, `{}`,
		`{"data":{"allPlanets":[[{"planets":{}}],{"planets":[{}]}]}}`, `{"data":{"allPlanets":{"pageInfo":7}}}`,
		`{"data":{"allPlanets":{"planets":{"pageInfo":[],"x":"\ud800"}}}}`, "\xef\xbb\xbf{\"data\":{}}",
	} {
		f.Add([]byte(seed))
	}
	q, err := parseQuestion(`{ allPlanets { pageInfo { hasNextPage endCursor } planets { name } } }`, "")
	if err != nil {
		f.Fatal(err)
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := readEnvelope(newScanner(bytes.NewReader(text)), q.root)
		if err != nil {
			return
		}
		if !strict(text) {
			t.Fatalf("%q was taken", text)
		}
		if e.judge(true) != nil {
			return
		}
		file := filepath.Join(folder, "answer.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close() //nolint:errcheck // it was only read
		pages := &spool{file: opened, partial: true, pages: []page{{offset: e.offset, length: e.length, failed: e.paths()}}}
		a := answerOf(&Answer{Complete: true, FetchedAt: time.Unix(0, 0)}, pages, func() error { return nil })
		want, wantErr := collect(a, "allPlanets.planets")
		for _, r := range want {
			if !json.Valid(r.Data) || r.Data[0] != '{' {
				t.Fatalf("%q is no object", r.Data)
			}
		}
		snapshot := filepath.Join(folder, "snapshot.json")
		if err := WriteSnapshot(snapshot, a); err != nil {
			t.Fatal(err)
		}
		back, err := ReadSnapshot(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close() //nolint:errcheck // it was only read
		got, gotErr := collect(back, "allPlanets.planets")
		if len(got) != len(want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%q: %d records (%v) became %d (%v)", text, len(want), wantErr, len(got), gotErr)
		}
	})
}

// TestRecordsStreamInConstantMemory fetches 100,000 planets, about 11 MB.
func TestRecordsStreamInConstantMemory(t *testing.T) {
	const planets, bound = 100_000, 8 << 20
	var text strings.Builder
	text.WriteString(`{"data":{"allPlanets":{"planets":[`)
	for i, p := range graphqltest.Synthetic(planets) {
		if i > 0 {
			text.WriteByte(',')
		}
		population := p.Population
		if population == "" {
			population = "null"
		}
		fmt.Fprintf(&text, `{"name":%q,"population":%s,"terrains":[%q,%q],"climates":[%q,%q]}`,
			p.Name, population, p.Terrains[0], p.Terrains[1], p.Climates[0], p.Climates[1])
	}
	text.WriteString(`]}}}`)
	body := text.String()
	s := serve(t, graphqltest.Behaviour{Redirect: -1, Answer: &body})
	g, _ := connect(t, s.URL, nil)

	before := heap()
	a := fetchAll(t, g)
	seen, largest := 0, uint64(0)
	for _, err := range a.Records("allPlanets.planets") {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen%20_000 == 0 {
			largest = max(largest, heap())
		}
	}
	if seen != planets {
		t.Errorf("saw %d planets", seen)
	}
	if grown := int64(largest) - int64(before); grown > bound {
		t.Errorf("%d bytes are held while records stream, want at most %d", grown, bound)
	}
}

// heap is the memory in use after a collection.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func BenchmarkFetch(b *testing.B) {
	body, err := json.Marshal(graphqltest.Synthetic(100_000))
	if err != nil {
		b.Fatal(err)
	}
	text := `{"data":{"allPlanets":{"planets":` + string(body) + `}}}`
	s := serve(b, graphqltest.Behaviour{Redirect: -1, Answer: &text})
	g, _ := connect(b, s.URL, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		a, err := g.Fetch(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range a.Records("allPlanets.planets") {
			if err != nil {
				b.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
