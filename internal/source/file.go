package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/larderhq/larder/internal/source/module"
)

// Format is what a file holds.
type Format string

// The formats of files.
const (
	JSON   Format = "json"
	NDJSON Format = "ndjson" // one JSON object a line
	CSV    Format = "csv"    // RFC 4180, with a header row
	Module Format = "module" // TypeScript or JavaScript whose exports are the records
)

// Formats are all formats, for messages and documentation.
func Formats() []Format { return []Format{JSON, NDJSON, CSV, Module} }

// FormatOf is the format that a file's name tells, "" when it tells none.
func FormatOf(name string) Format {
	switch strings.ToLower(path.Ext(filepath.ToSlash(name))) {
	case ".json":
		return JSON
	case ".ndjson", ".jsonl":
		return NDJSON
	case ".csv", ".tsv":
		return CSV
	case ".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs":
		return Module
	}
	return ""
}

// FileSettings say which file to read, and how. A zero value means the default.
type FileSettings struct {
	// Dir is the project's folder: Path is found from it, and a module imports
	// nothing from outside.
	Dir  string
	Path string // of the file, or with a slash at its end of a folder of them; this or URL
	// URL is where the file is fetched from, with GET: http or https. Values of
	// secrets come resolved, and the settings of requests are those of an
	// endpoint: Headers, Token, Timeout, Retries, CrossHost, UserAgent.
	URL       string
	Format    Format // default: as the name tells
	Delimiter rune   // of CSV; default: the one of , ; and tab that the header has most of

	Headers   map[string]string
	Token     string
	Timeout   time.Duration
	Retries   int
	CrossHost bool
	UserAgent string
	Rate      float64    // requests a second at most; default unlimited
	Known     Validators // as of [GraphQLSettings]
	Hosts     *Hosts     // as of [GraphQLSettings]

	MaxBytes int64         // of the file, decompressed; default 16 GiB
	Limits   module.Limits // of a module's evaluation
}

// DefaultFileBytes is the default of [FileSettings].MaxBytes. It only bounds
// the disk that a download takes, for files are read in constant memory.
const DefaultFileBytes = 16 << 30

// File is a file whose records are read: of the project, or from an address.
type File struct {
	settings FileSettings
	endpoint *GraphQL // for a URL: how to ask
}

// NewFile checks the settings; it does not open the file. The error names the
// setting at fault.
func NewFile(settings FileSettings) (*File, error) {
	f := &File{settings: settings}
	name := settings.Path
	switch {
	case settings.Path == "" && settings.URL == "":
		return nil, errors.New("the source names no file: expected path or url")
	case settings.Path != "" && settings.URL != "":
		return nil, errors.New("the source has path and url: remove one")
	case settings.URL != "":
		endpoint, err := newEndpoint(GraphQLSettings{
			URL: settings.URL, Headers: settings.Headers, Token: settings.Token, Timeout: settings.Timeout,
			Retries: settings.Retries, CrossHost: settings.CrossHost, UserAgent: settings.UserAgent,
			Rate: settings.Rate, Known: settings.Known, Hosts: settings.Hosts,
		})
		if err != nil {
			return nil, err
		}
		f.endpoint, name = endpoint, endpoint.endpoint.Path
	}
	if f.settings.MaxBytes == 0 {
		f.settings.MaxBytes = DefaultFileBytes
	}
	if f.settings.Format == "" {
		f.settings.Format = FormatOf(name)
	}
	switch {
	case f.endpoint == nil && isFolder(name):
		if settings.Format != "" {
			return nil, errors.New("the files of a folder have different formats, which their names tell: remove format")
		}
	case f.settings.Format == "":
		return nil, fmt.Errorf("the name of %s does not tell what it holds: set format to one of %s", f.Address(), formatList())
	case !slices.Contains(Formats(), f.settings.Format):
		return nil, fmt.Errorf("there is no format %q: expected one of %s", f.settings.Format, formatList())
	case f.settings.Format == Module && f.endpoint != nil:
		return nil, errors.New("a module is evaluated, so it must be a file of the project: set path instead of url")
	}
	if d := settings.Delimiter; d == '"' || d == '\r' || d == '\n' || d == 0xfffd {
		return nil, fmt.Errorf("%q cannot be a delimiter: expected a character like , or ;", d)
	}
	return f, nil
}

func formatList() string {
	words := []string{}
	for _, format := range Formats() {
		words = append(words, string(format))
	}
	return strings.Join(words, ", ")
}

// Address is the file's path as it was set, or where it is fetched from,
// without credentials.
func (f *File) Address() string {
	if f.endpoint != nil {
		return f.endpoint.Address()
	}
	return filepath.ToSlash(f.settings.Path)
}

// Fetch reads the whole file once, checks its form and finds its records. The
// records themselves are read from the file again, which must stay as it is
// until the answer is closed. Errors name the file and the line.
func (f *File) Fetch(ctx context.Context, progress func(Progress)) (*Answer, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if f.endpoint == nil && isFolder(f.settings.Path) {
		return f.fetchFolder(ctx, progress)
	}
	if f.settings.Format == Module {
		return f.evaluate(ctx, progress)
	}
	a, in, err := f.open(ctx, progress)
	if err != nil {
		return nil, err
	}
	r := &fileReader{file: in, settings: f.settings, name: f.Address()}
	if err := r.check(ctx, a, progress); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// open finds the file, or fetches it into a temporary one.
func (f *File) open(ctx context.Context, progress func(Progress)) (*Answer, *os.File, error) {
	if f.endpoint != nil {
		return f.download(ctx, progress)
	}
	name := f.settings.Path
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.settings.Dir, filepath.FromSlash(name))
	}
	in, err := os.Open(name) //nolint:gosec // the project's owner names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("there is no file %s: correct the source's path, which is found from the project's folder", name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", f.Address(), err)
	}
	info, err := in.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder: expected a file")
	}
	if err == nil && info.Mode().IsRegular() && info.Size() > f.settings.MaxBytes {
		err = fmt.Errorf("it has %d bytes, more than maxBytes allows (%d)", info.Size(), f.settings.MaxBytes)
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is a device or a pipe, which cannot be read twice: expected a file")
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read %s: %w", f.Address(), err), in.Close())
	}
	return &Answer{Address: f.Address(), FetchedAt: info.ModTime().UTC(), Pages: 1, Complete: true, close: in.Close}, in, nil
}

// download fetches the file as an endpoint is asked: with its retries,
// redirects and bounds.
func (f *File) download(ctx context.Context, progress func(Progress)) (*Answer, *os.File, error) {
	leave, err := f.endpoint.settings.Hosts.enter(ctx, f.endpoint.endpoint)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	file, err := os.CreateTemp("", "larder-fetch-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keep what %s answers: %w", f.Address(), err)
	}
	pages := &spool{file: file}
	a := &Answer{Address: f.Address(), FetchedAt: time.Now().UTC(), Pages: 1, Complete: true, close: pages.remove}
	run := &fetch{
		GraphQL: f.endpoint, file: file, progress: progress, method: http.MethodGet, accept: "*/*",
		target: f.endpoint.endpoint, left: f.settings.MaxBytes, spool: pages, answer: a,
	}
	run.take = func(response *http.Response, text io.Reader) (*kept, error) {
		if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
			return nil, fmt.Errorf("status %d with an HTML page instead of a file: check the source's `url`; a login page means that "+
				"`token` or `headers` are missing", response.StatusCode)
		}
		if modified, err := http.ParseTime(response.Header.Get("Last-Modified")); err == nil {
			a.FetchedAt = modified.UTC()
		}
		a.Validators = validatorsOf(response)
		if f.endsAnywhere(response) {
			run.incomplete("%s does not say how long the file is, so nobody can tell whether all of it came "+
				"(nothing is taken as gone upstream)", f.Address())
		}
		_, err := io.Copy(file, &counter{in: text, tell: run.tell})
		return &kept{envelope: &envelope{}, status: response.StatusCode}, err
	}
	defer f.endpoint.transport.CloseIdleConnections()
	if f.endpoint.exposes() {
		run.notice("%s is asked without encryption: everyone on the way can read its token", f.Address())
	}
	answered, err := run.ask(ctx, nil)
	if err != nil {
		return nil, nil, errors.Join(err, pages.remove())
	}
	if a.Status = answered.status; !a.Complete {
		a.Validators = Validators{}
	}
	return a, file, nil
}

// endsAnywhere reports whether a connection that was cut within the answer would
// look like its end: the server ends it by closing the connection (RFC 9112
// section 6.3), and neither its coding nor its format has an end of its own.
func (f *File) endsAnywhere(response *http.Response) bool {
	closed := response.ContentLength < 0 && len(response.TransferEncoding) == 0 && response.ProtoMajor == 1
	return closed && response.Header.Get("Content-Encoding") == "" && f.settings.Format != JSON
}

// fileReader reads one file, first to check it, then for its records.
type fileReader struct {
	file     *os.File
	settings FileSettings
	name     string // for messages
}

// content is a format's way of reading.
type content interface {
	// check reads everything, holds it against the format and lists the roots.
	check(in io.Reader) ([]Root, error)
	// records streams the objects at a path.
	records(in io.Reader, path string, yield func(Record, error) bool)
}

// check reads the file to its end and completes the answer.
func (r *fileReader) check(ctx context.Context, a *Answer, progress func(Progress)) error {
	before, err := r.file.Stat()
	if err != nil {
		return fmt.Errorf("read %s: %w", r.name, err)
	}
	format := r.content()
	sum := sha256.New()
	in := &counter{
		in:   &untilDone{ctx: ctx, in: r.start()},
		tell: func(bytes int64) { progress(Progress{Bytes: bytes, Pages: 1}) },
	}
	if a.roots, err = format.check(io.TeeReader(in, sum)); err != nil {
		return err
	}
	a.Bytes = in.bytes
	a.Fingerprint = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	a.records = func(path string) iter.Seq2[Record, error] {
		return func(yield func(Record, error) bool) {
			if now, err := r.file.Stat(); err != nil || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
				yield(Record{}, fmt.Errorf("%s was changed while it was read: import again", r.name))
				return
			}
			format.records(r.start(), path, yield)
		}
	}
	return nil
}

// start reads the file from its beginning.
func (r *fileReader) start() io.Reader { return io.NewSectionReader(r.file, 0, math.MaxInt64) }

// untilDone reads until the context ends.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (r *untilDone) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.in.Read(p)
}

func (r *fileReader) content() content {
	switch r.settings.Format {
	case NDJSON:
		return &lines{name: r.name}
	case CSV:
		return &table{name: r.name, delimiter: r.settings.Delimiter}
	case JSON, Module:
	}
	return &document{name: r.name}
}

// rootName is what the records of a whole file are called: the file's name
// without folder and endings.
func rootName(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Path != "" {
		address = parsed.Path
	}
	name, _, _ := strings.Cut(path.Base(filepath.ToSlash(address)), ".")
	return name
}
