package postgres

import (
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// reading scans the rows of one statement.
type reading struct {
	rows  pgx.Rows
	types *pgtype.Map
}

// scan copies the current row into the destinations. What a list or an item is
// made of (texts and bigints) goes there without a detour, the rest by pgx.
func (r *reading) scan(destinations ...any) error {
	values, fields := r.rows.RawValues(), r.rows.FieldDescriptions()
	if len(destinations) != len(values) {
		return fmt.Errorf("scan of %d columns into %d destinations", len(values), len(destinations))
	}
	for i, destination := range destinations {
		if scanText(&fields[i], values[i], destination) {
			continue
		}
		if err := r.types.Scan(fields[i].DataTypeOID, fields[i].Format, values[i], destination); err != nil {
			return fmt.Errorf("scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// scanText scans what needs no conversion, and reports whether it did.
func scanText(field *pgconn.FieldDescription, value []byte, destination any) bool {
	switch d := destination.(type) {
	case *[]byte:
		if isText(field) {
			if *d = nil; value != nil {
				*d = append([]byte{}, value...)
			}
			return true
		}
	case *sql.RawBytes: // valid until the next row
		if isText(field) {
			*d = value
			return true
		}
	case *string:
		if value != nil && isText(field) {
			*d = string(value)
			return true
		}
	case *int64:
		if field.DataTypeOID == pgtype.Int8OID && field.Format == pgtype.BinaryFormatCode && len(value) == 8 {
			*d = int64(binary.BigEndian.Uint64(value)) //nolint:gosec // two's complement, as it was sent
			return true
		}
	}
	return false
}

// isText reports whether a column comes as the bytes that it consists of.
func isText(field *pgconn.FieldDescription) bool {
	switch field.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.JSONOID:
		return true
	case pgtype.ByteaOID:
		return field.Format == pgtype.BinaryFormatCode
	default:
		return field.Format == pgtype.TextFormatCode
	}
}
