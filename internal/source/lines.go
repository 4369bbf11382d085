package source

import (
	"errors"
	"fmt"
	"io"
)

// lines is an NDJSON file: one object a line.
type lines struct{ name string }

func (l *lines) check(in io.Reader) ([]Root, error) {
	count := 0
	err := l.each(in, (*scanner).skip, func() { count++ })
	if err != nil {
		return nil, err
	}
	return []Root{{Name: rootName(l.name), Records: count}}, nil
}

func (l *lines) records(in io.Reader, path string, yield func(Record, error) bool) {
	if path != "" {
		yield(Record{}, fmt.Errorf("there is no %q in %s: its lines are the records, so the path in @source is \"\"", path, l.name))
		return
	}
	index := 0
	var data []byte
	err := l.each(in, func(s *scanner) (err error) {
		if data, err = s.raw(); err == nil && !yield(Record{Index: index, Data: data}, nil) {
			return errStop
		}
		return err
	}, func() { index++ })
	if err != nil && !errors.Is(err, errStop) {
		yield(Record{}, err)
	}
}

// each has the value on every line read that is not empty.
func (l *lines) each(in io.Reader, read func(*scanner) error, done func()) error {
	s := newScanner(in)
	for s.kind() != 0 || s.at < len(s.buf) {
		line := s.line
		if c := s.buf[s.at]; c != '{' {
			return fmt.Errorf("%s:%d: expected an object on the line, found %s", l.name, line, kindName(c))
		}
		err := read(s)
		var syntax *syntaxError
		if (err == nil || errors.As(err, &syntax)) && s.line != line {
			return fmt.Errorf("%s:%d: the object does not end on its line: expected one object a line", l.name, line)
		}
		if err != nil {
			return located(l.name, err)
		}
		done()
		if s.kind() != 0 && s.line == line {
			return fmt.Errorf("%s:%d: expected the end of the line after the object: one object a line", l.name, line)
		}
	}
	return s.failed
}
