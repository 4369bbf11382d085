package introspect

import (
	"fmt"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// shape is how a column's values are served.
type shape struct {
	scalar           model.Scalar // "": not at all
	enum             string       // of an EnumWord
	list             bool
	native           string // @column(type:)
	precision, scale int    // of a Decimal
	pattern          string // of a String that is an enum of PostgreSQL
	readonly         bool
	why              string // a sentence to tell
}

func (s shape) name() string {
	if s.scalar == model.EnumWord {
		return s.enum
	}
	return string(s.scalar)
}

func (b *builder) shape(t *Table, c *Column) shape {
	if b.database.postgres {
		return b.postgresShape(c)
	}
	return sqliteShape(t, c)
}

// postgresScalars are the types whose values larder stores in the same form.
var postgresScalars = map[string]model.Scalar{
	"bool": model.Boolean, "int4": model.Int, "int8": model.Int64, "float4": model.Float, "float8": model.Float,
	"text": model.String, "varchar": model.String, "bpchar": model.String, "citext": model.String, "name": model.String,
	"uuid": model.UUID, "date": model.Date, "timestamptz": model.DateTime, "jsonb": model.JSON, "bytea": model.Bytes,
}

// listElements are the types of elements whose arrays are lists in JSON.
var listElements = map[string]model.Scalar{
	"text": model.String, "varchar": model.String, "bool": model.Boolean, "int2": model.Int, "int4": model.Int, "int8": model.Int64,
	"float8": model.Float, "uuid": model.UUID,
}

// maxDigits is how many digits a Decimal has at most.
const maxDigits = 18

func (b *builder) postgresShape(c *Column) shape {
	if scalar, known := postgresScalars[c.Type]; known {
		return shape{scalar: scalar}
	}
	if words, isEnum := b.database.Enums[c.Type]; isEnum {
		if areWords(words) {
			return shape{scalar: model.EnumWord, enum: b.enum(c.Type, pascal(wordsOf(c.Type)), words), native: c.Type}
		}
		return shape{scalar: model.String, native: c.Type, pattern: oneOf(words)}
	}
	if scalar, known := listElements[c.Element]; known && c.values.Dimensions <= 1 {
		return shape{scalar: scalar, list: true, native: c.Element + "[]"}
	}
	switch c.Type {
	case "int2":
		return shape{scalar: model.Int, native: "int2"}
	case "timestamp":
		return shape{scalar: model.DateTime, native: "timestamp"}
	case "json":
		return shape{scalar: model.JSON, native: "json"}
	case "numeric":
		if s, ok := decimal(c); ok {
			return s
		}
	}
	return shape{scalar: model.String, native: c.Type, readonly: true, why: fmt.Sprintf("the type %s is served as text and for reading", c.Type)}
}

// decimal is the shape of a numeric whose digits a Decimal can hold. Without a
// declaration the values decide.
func decimal(c *Column) (s shape, ok bool) {
	s = shape{scalar: model.Decimal, precision: c.Precision, scale: c.Scale}
	if c.Precision == 0 {
		const usual = 4
		s.precision, s.scale = maxDigits, max(usual, int(c.values.Scale))
		ok = int(c.values.Digits)+s.scale <= maxDigits
		return s, ok
	}
	return s, c.Precision <= maxDigits && c.Scale >= 0 && c.Scale <= c.Precision
}

// sqliteShape goes by the values, since a declaration binds SQLite to little;
// where there are none by the declaration.
func sqliteShape(t *Table, c *Column) shape {
	v, declared := c.values, strings.ToUpper(c.Type)
	declares := func(words ...string) bool {
		for _, word := range words {
			if strings.Contains(declared, word) {
				return true
			}
		}
		return false
	}
	asText := shape{scalar: model.String}
	if !declares("CHAR", "TEXT", "CLOB") && declared != "" { // numbers among the texts would be stored as such
		asText.native = c.Type
	}
	switch {
	case v.Blobs > 0 || v.All == 0 && declares("BLOB"):
		return shape{why: "it holds bytes, which SQLite cannot write as JSON"}
	case v.All == 0:
		return declaredShape(declares, asText)
	case v.Integers == v.All && declares("BOOL") && v.Bits == v.All:
		return shape{scalar: model.Boolean}
	case v.Integers == v.All && declares("REAL", "FLOA", "DOUBLE", "NUMERIC", "DECIMAL"):
		return shape{scalar: model.Float}
	case v.Integers == v.All:
		return shape{scalar: model.Int64}
	case v.Integers+v.Reals == v.All && !declares("CHAR", "TEXT", "CLOB"):
		return shape{scalar: model.Float}
	case v.Texts != v.All:
		return shape{scalar: model.String, native: mixed(c), readonly: true, why: "it holds numbers and texts: it is served as text and for reading"}
	case v.Moments == v.All:
		return shape{scalar: model.DateTime}
	case v.Days == v.All:
		return shape{scalar: model.Date}
	case v.UUIDs == v.All:
		return shape{scalar: model.UUID}
	case v.Documents == v.All && !t.View && declares("JSON"):
		return shape{scalar: model.JSON}
	}
	if declares("DATE", "TIME") {
		asText.why = "its values are not of the form 2026-11-23 or 2026-11-23T17:18:00.000000Z: they are served as the texts that they are"
	}
	return asText
}

// mixed is a type that a column of several sorts of values may have.
func mixed(c *Column) string {
	if c.Type == "" {
		return "any"
	}
	return c.Type
}

func declaredShape(declares func(...string) bool, asText shape) shape {
	switch {
	case declares("BOOL"):
		return shape{scalar: model.Boolean}
	case declares("INT"):
		return shape{scalar: model.Int64}
	case declares("CHAR", "TEXT", "CLOB"):
		return asText
	case declares("REAL", "FLOA", "DOUBLE", "NUMERIC", "DECIMAL"):
		return shape{scalar: model.Float}
	case declares("JSON"):
		return shape{scalar: model.JSON}
	}
	return asText
}
