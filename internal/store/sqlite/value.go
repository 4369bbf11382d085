package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// bind gives the statement its arguments: nil, bool, the integers, float64,
// string and []byte, what is made of them, and driver.Valuer. Text and blobs
// are copied into the statement's own memory, which lives until it is bound
// again.
func (c *conn) bind(p *prepared, arguments []any) error {
	if len(arguments) != p.parameters {
		return fmt.Errorf("statement with %d parameters got %d arguments", p.parameters, len(arguments))
	}
	size := 1 // an empty text must have an address, or it would be null
	for _, argument := range arguments {
		switch v := argument.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	if err := c.reserve(p, size); err != nil {
		return err
	}
	at := p.arguments
	for i, argument := range arguments {
		n, err := c.bindOne(p, int32(i+1), at, argument)
		if err != nil {
			return err
		}
		at += uintptr(n)
	}
	return nil
}

// bindOne binds the argument at a position that counts from 1 and returns how
// many bytes of the memory at free it took.
func (c *conn) bindOne(p *prepared, position int32, free uintptr, argument any) (taken int, err error) {
	var code int32
	switch v := argument.(type) {
	case nil:
		code = sqlite3.Xsqlite3_bind_null(c.tls, p.handle, position)
	case int64:
		code = sqlite3.Xsqlite3_bind_int64(c.tls, p.handle, position, v)
	case float64:
		code = sqlite3.Xsqlite3_bind_double(c.tls, p.handle, position, v)
	case bool:
		code = sqlite3.Xsqlite3_bind_int64(c.tls, p.handle, position, int64(libc.Bool32(v)))
	case string:
		taken = copy(libc.GoBytes(free, len(v)), v)
		code = sqlite3.Xsqlite3_bind_text(c.tls, p.handle, position, free, int32(taken), 0) //nolint:gosec // reserve refused more
	case []byte:
		if v == nil {
			code = sqlite3.Xsqlite3_bind_null(c.tls, p.handle, position)
			break
		}
		taken = copy(libc.GoBytes(free, len(v)), v)
		code = sqlite3.Xsqlite3_bind_blob(c.tls, p.handle, position, free, int32(taken), 0) //nolint:gosec // as above
	default:
		return 0, fmt.Errorf("argument %d: a %T cannot be bound", position, argument)
	}
	if code != sqlite3.SQLITE_OK {
		return 0, fmt.Errorf("argument %d: %w", position, c.failure(code))
	}
	return taken, nil
}

// normal returns the arguments as the values that bind knows, the same slice
// when they are so already.
func normal(arguments []any) ([]any, error) {
	for i, argument := range arguments {
		switch argument.(type) {
		case nil, int64, float64, bool, string, []byte:
			continue
		}
		normalized := make([]any, len(arguments))
		copy(normalized, arguments[:i])
		for j := i; j < len(arguments); j++ {
			value, err := driver.DefaultParameterConverter.ConvertValue(arguments[j])
			if err != nil {
				return nil, fmt.Errorf("argument %d: %w", j+1, err)
			}
			normalized[j] = value
		}
		return normalized, nil
	}
	return arguments, nil
}

// scan copies the current row into the destinations.
func (c *conn) scan(p *prepared, destinations []any) error {
	if columns := int(sqlite3.Xsqlite3_column_count(c.tls, p.handle)); len(destinations) != columns {
		return fmt.Errorf("scan of %d columns into %d destinations", columns, len(destinations))
	}
	for i, destination := range destinations {
		if err := c.scanOne(p, int32(i), destination); err != nil {
			return fmt.Errorf("scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// scanOne copies one column, counted from 0, into a destination of the kinds
// that database/sql knows. The common ones are written without a detour.
func (c *conn) scanOne(p *prepared, column int32, destination any) error {
	isNull := sqlite3.Xsqlite3_column_type(c.tls, p.handle, column) == sqlite3.SQLITE_NULL
	switch d := destination.(type) {
	case *[]byte:
		if *d = nil; !isNull {
			*d = append([]byte{}, c.text(p, column)...)
		}
		return nil
	case *sql.RawBytes: // valid until the next row
		if *d = nil; !isNull {
			*d = c.text(p, column)
		}
		return nil
	case *any:
		*d = c.value(p, column)
		return nil
	case sql.Scanner:
		return d.Scan(c.value(p, column))
	}
	if !isNull {
		switch d := destination.(type) {
		case *string:
			*d = string(c.text(p, column))
			return nil
		case *int64:
			if sqlite3.Xsqlite3_column_type(c.tls, p.handle, column) == sqlite3.SQLITE_INTEGER {
				*d = sqlite3.Xsqlite3_column_int64(c.tls, p.handle, column)
				return nil
			}
		}
	}
	return assign(reflect.ValueOf(destination), c.value(p, column))
}

// text is the column as SQLite writes it as text, in SQLite's memory.
func (c *conn) text(p *prepared, column int32) []byte {
	address := sqlite3.Xsqlite3_column_blob(c.tls, p.handle, column)
	if kind := sqlite3.Xsqlite3_column_type(c.tls, p.handle, column); kind != sqlite3.SQLITE_BLOB {
		address = sqlite3.Xsqlite3_column_text(c.tls, p.handle, column)
	}
	if address == 0 {
		return []byte{}
	}
	return libc.GoBytes(address, int(sqlite3.Xsqlite3_column_bytes(c.tls, p.handle, column)))
}

// value is the column as nil, int64, float64, string or []byte.
func (c *conn) value(p *prepared, column int32) any {
	switch sqlite3.Xsqlite3_column_type(c.tls, p.handle, column) {
	case sqlite3.SQLITE_INTEGER:
		return sqlite3.Xsqlite3_column_int64(c.tls, p.handle, column)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(c.tls, p.handle, column)
	case sqlite3.SQLITE_TEXT:
		return string(c.text(p, column))
	case sqlite3.SQLITE_BLOB:
		return append([]byte{}, c.text(p, column)...)
	default:
		return nil
	}
}

// assign sets *destination to a value of another Go type where nothing is lost.
func assign(destination reflect.Value, value any) error {
	if destination.Kind() != reflect.Pointer || destination.IsNil() {
		return fmt.Errorf("destination is a %s, not a pointer", destination.Type())
	}
	target := destination.Elem()
	if target.Kind() == reflect.Pointer {
		if value == nil {
			target.SetZero()
			return nil
		}
		target.Set(reflect.New(target.Type().Elem()))
		return assign(target, value)
	}
	if value == nil {
		return fmt.Errorf("null does not fit a %s", target.Type())
	}
	text := fmt.Sprint(value)
	if blob, isBlob := value.([]byte); isBlob {
		text = string(blob)
	}
	var err error
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Bool:
		var v bool
		if v, err = strconv.ParseBool(text); err == nil {
			target.SetBool(v)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var v int64
		if v, err = strconv.ParseInt(text, 10, target.Type().Bits()); err == nil {
			target.SetInt(v)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var v uint64
		if v, err = strconv.ParseUint(text, 10, target.Type().Bits()); err == nil {
			target.SetUint(v)
		}
	case reflect.Float32, reflect.Float64:
		var v float64
		if v, err = strconv.ParseFloat(text, target.Type().Bits()); err == nil {
			target.SetFloat(v)
		}
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return fmt.Errorf("a %T does not fit a %s: %w", value, target.Type(), err)
	}
	return nil
}
