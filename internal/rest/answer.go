package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Header values that never change are shared by all answers: net/http reads
// them and does not change them.
type sharedHeaders struct {
	json, singular, problem, vary, noCache, noStore, nosniff, policy []string
}

func newSharedHeaders() sharedHeaders {
	return sharedHeaders{
		json:     []string{mediaJSON},
		singular: []string{mediaSingular},
		problem:  []string{mediaProblem},
		vary:     []string{"Accept, Accept-Encoding, Accept-Version, Prefer, Range, Origin"},
		nosniff:  []string{"nosniff"},
		noCache:  []string{"no-cache"}, // may be kept, but is asked for again by its ETag
		noStore:  []string{"no-store"}, // is of its moment only
		policy:   []string{"default-src 'none'; frame-ancestors 'none'"},
	}
}

// compressor compresses whole bodies.
type compressor struct {
	threshold int // bytes; negative: never
	gzip      sync.Pool
	zstd      *zstd.Encoder // EncodeAll is safe for concurrent use
}

func newCompressor(threshold int) (*compressor, error) {
	// Browsers refuse windows above 8 MiB (RFC 9659).
	const window = 1 << 20
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &compressor{threshold: threshold, zstd: encoder}, nil
}

// coding picks the content coding of a body of the given size.
func (c *compressor) coding(r *http.Request, size int) string {
	if c.threshold < 0 || size < c.threshold {
		return ""
	}
	values := r.Header["Accept-Encoding"]
	if len(values) == 0 {
		return ""
	}
	return acceptCoding(values)
}

// encode returns the body in a coding.
func (c *compressor) encode(coding string, body []byte) []byte {
	switch coding {
	case codingZstd:
		return c.zstd.EncodeAll(body, make([]byte, 0, len(body)/2))
	case codingGzip:
		buffer := bytes.NewBuffer(make([]byte, 0, len(body)/2))
		writer, ok := c.gzip.Get().(*gzip.Writer)
		if !ok {
			writer, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a valid one
		}
		writer.Reset(buffer)
		_, _ = writer.Write(body) // into memory: cannot fail
		_ = writer.Close()
		c.gzip.Put(writer)
		return buffer.Bytes()
	}
	return body
}

// send writes an answer with a body, compressed where that is wanted. tag is
// the body's entity tag; "" for none.
func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, mediaType []string, body []byte, tag string) {
	coding := s.compress.coding(r, len(body))
	header := w.Header()
	header["Content-Type"] = mediaType
	if tag != "" {
		header["Etag"] = []string{codedTag(tag, coding)}
	}
	if coding != "" {
		header["Content-Encoding"] = []string{coding}
		if r.Method != http.MethodHead {
			body = s.compress.encode(coding, body)
		}
	}
	if coding == "" || r.Method != http.MethodHead {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone; nobody else is to be told
	}
}

// sendTagged answers a read: 412 or 304 where the conditions say so, else the
// body with its tag.
func (s *Server) sendTagged(w http.ResponseWriter, r *http.Request, status int, mediaType []string, body []byte, tag string) error {
	if conditions := conditionsOf(r); conditions.given() {
		if err := conditions.checkMatch(tag); err != nil {
			return err
		}
		if conditions.notModified(tag) {
			w.Header()["Etag"] = []string{codedTag(tag, s.compress.coding(r, len(body)))}
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	s.send(w, r, status, mediaType, body, tag)
	return nil
}

// sendValue answers with a value as JSON, for what is not on the hot path.
func (s *Server) sendValue(w http.ResponseWriter, r *http.Request, status int, mediaType []string, value any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	s.send(w, r, status, mediaType, bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'}), "")
	return nil
}

// fail answers with the problem of an error.
func (s *Server) fail(w *recorder, r *http.Request, err error) {
	p := s.explain(r.Method, err)
	body := p.body(r.URL.EscapedPath())
	if p.status >= http.StatusInternalServerError || p.code == codePrivilege {
		body.Request = w.id
		s.logFailure(r, w.id, err)
	}
	if w.status != 0 {
		return // too late: the answer has begun
	}
	w.problem = p.code
	header := w.Header()
	for _, name := range []string{"Etag", "Content-Range", "Link", "Location", "Preference-Applied", "Cache-Control"} {
		delete(header, name)
	}
	if w.links != nil {
		header["Link"] = w.links
	}
	for name, values := range p.header {
		header[name] = values
	}
	if p.status == statusClientGone {
		w.status = statusClientGone
		return
	}
	_ = s.sendValue(w, r, p.status, s.shared.problem, body) // a Problem is always valid JSON
}
