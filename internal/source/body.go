package source

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// closing is a reader with something to close that may return no error.
type closing struct {
	io.Reader
	close func()
}

func (c closing) Close() error {
	c.close()
	return nil
}

// decompress opens the body as its Content-Encoding says and bounds both what
// comes in and what comes out.
func decompress(response *http.Response, limit int64) (io.ReadCloser, error) {
	in := &capped{in: response.Body, left: limit, limit: limit}
	var out io.Reader
	end := func() {}
	coding := strings.ToLower(strings.TrimSpace(response.Header.Get("Content-Encoding")))
	switch coding {
	case "", "identity":
		return closing{in, end}, nil
	case "gzip", "x-gzip":
		reader, err := gzip.NewReader(in)
		if err != nil {
			return nil, &transient{err: fmt.Errorf("the answer claims to be gzip and is not: %w", err), answered: true}
		}
		out = reader
	case "deflate":
		buffered := bufio.NewReader(in)
		// The name means zlib (RFC 9110 section 8.4.1.2); some send bare deflate.
		if head, _ := buffered.Peek(2); len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			reader, err := zlib.NewReader(buffered)
			if err != nil {
				return nil, &transient{err: fmt.Errorf("the answer claims to be deflate and is not: %w", err), answered: true}
			}
			out = reader
		} else {
			out = flate.NewReader(buffered)
		}
	case "zstd":
		// The window that RFC 9659 allows in HTTP.
		reader, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, fmt.Errorf("open the zstd answer: %w", err)
		}
		out, end = reader, reader.Close
	default:
		return nil, fmt.Errorf("the answer is encoded as %q, which was not asked for: "+
			"expected gzip, zstd or nothing", short(coding))
	}
	return closing{&capped{in: out, left: limit, limit: limit, coding: coding}, end}, nil
}

// tooLarge says that an answer exceeds the project's bound.
type tooLarge struct{ limit int64 }

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than what is left of `maxBytes` (%d bytes): "+
		"raise it, or ask for less", e.limit)
}

// capped ends with an error where more than the bound comes.
type capped struct {
	in          io.Reader
	left, limit int64
	coding      string // named when its content is broken
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		var one [1]byte
		if n, err := c.in.Read(one[:]); n == 0 {
			return 0, c.broken(err)
		}
		return 0, &tooLarge{c.limit}
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, c.broken(err)
}

// broken tells a lost connection from a broken coding and a bound that was met.
func (c *capped) broken(err error) error {
	var known *transient
	var large *tooLarge
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &known), errors.As(err, &large):
		return err
	case c.coding != "":
		return &transient{err: fmt.Errorf("the answer's %s is broken: %w", c.coding, err), answered: true}
	default:
		return &transient{err: fmt.Errorf("the connection was lost within the answer: %w", err)}
	}
}

// counter counts what passes and tells it now and then.
type counter struct {
	in    io.Reader
	tell  func(int64)
	bytes int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.bytes += int64(n)
	c.tell(c.bytes)
	return n, err
}
