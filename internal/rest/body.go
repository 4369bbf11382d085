package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// readBody returns a request's body, decompressed. More than the limit, sent
// or decompressed, is a 413 that is answered without reading the rest.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := s.settings.BodyBytes
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	var reader io.Reader = body
	switch coding := strings.ToLower(r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
	case codingGzip, "x-gzip":
		unzip, err := gzip.NewReader(body)
		if err != nil {
			return nil, unreadable(err, "the body is not valid gzip")
		}
		// One byte more than allowed tells "full" from "too large".
		reader = io.LimitReader(unzip, limit+1)
	default:
		return nil, (&problem{
			status: http.StatusUnsupportedMediaType, code: codeContentType,
			message: "a body in the coding " + abbreviate(coding) + " is not supported", hint: "send it plain or as gzip",
		}).with("Accept-Encoding", codingGzip)
	}
	var buffer bytes.Buffer
	if r.ContentLength > 0 {
		buffer.Grow(int(min(r.ContentLength, 64<<10)) + bytes.MinRead) // what is announced may never come
	}
	if _, err := buffer.ReadFrom(reader); err != nil {
		return nil, unreadable(err, "the body could not be read to its end")
	}
	if int64(buffer.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return buffer.Bytes(), nil
}

// unreadable wraps the error of a body that broke off or was garbled, which is
// the client's fault, but leaves those that explain knows: too large, too slow.
func unreadable(err error, message string) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("read body: %w", err)
	}
	return (&problem{status: http.StatusBadRequest, code: codeBody, message: message}).with("Connection", "close")
}

// readJSON returns the body of a request as JSON.
func (s *Server) readJSON(w http.ResponseWriter, r *http.Request) (node, []byte, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		return node{}, nil, err
	}
	document, err := parseJSON(body, s.settings.BodyDepth)
	return document, body, err
}
