package infer

import (
	"fmt"

	"github.com/larderhq/larder/internal/model"
)

// scalarOf is the type of values that the schema calls named ("" when it says
// nothing) and that were seen as they were. The remark says what was decided
// against or without the schema; it is empty when there was nothing to decide.
func scalarOf(named string, seen *observation) (model.Scalar, string) {
	numbers := seen.integers + seen.fractions
	switch named {
	case "String":
		return unless(seen.strings < seen.values(), named, seen)
	case "Boolean":
		return unless(seen.booleans < seen.values(), named, seen)
	case "ID":
		return unless(seen.strings+seen.integers < seen.values(), named, seen)
	case "Int":
		return unless(seen.integers < seen.values() || seen.beyondInt, named, seen)
	case "Float":
		if seen.integers > 0 && numbers == seen.values() && seen.fractions == 0 && !seen.beyondDouble {
			return model.Int64, "Float upstream; every value is a whole number"
		}
		return unless(numbers < seen.values(), named, seen)
	case "":
		return scalarOfValues(seen)
	}
	return scalarOfCustom(named, seen)
}

// unless is the scalar that the schema names, or that of the values where they
// break its promise.
func unless(broken bool, named string, seen *observation) (model.Scalar, string) {
	if !broken {
		return model.Scalar(named), ""
	}
	byValue, _ := scalarOfValues(seen)
	return byValue, named + " upstream; the type is that of its values"
}

// custom are scalars that servers define beside GraphQL's own, by the names
// that are common.
var custom = map[string]model.Scalar{
	"Long": model.Int64, "BigInt": model.Int64, "Int64": model.Int64, "UnsignedInt": model.Int64, "NonNegativeInt": model.Int64,
	"Date": model.Date, "LocalDate": model.Date, "ISO8601Date": model.Date,
	"DateTime": model.DateTime, "Timestamp": model.DateTime, "ISO8601DateTime": model.DateTime, "Instant": model.DateTime, "timestamptz": model.DateTime,
	"UUID": model.UUID, "uuid": model.UUID, "GUID": model.UUID,
	"JSON": model.JSON, "JSONObject": model.JSON, "jsonb": model.JSON, "json": model.JSON,
	"Decimal": model.Decimal, "BigDecimal": model.Decimal,
	"URL": model.String, "URI": model.String, "EmailAddress": model.String, "HTML": model.String, "Markdown": model.String,
}

// decimalDigits are the digits that a Decimal can have, decimalScale those
// after the point where it does not say.
const decimalDigits, decimalScale = 18, 4

// digits is the directive that gives a Decimal room for all values seen, where
// it has too little by itself.
func digits(scalar model.Scalar, seen *observation) string {
	if scalar != model.Decimal || seen.decimals <= decimalScale && seen.whole <= decimalDigits-decimalScale {
		return ""
	}
	return fmt.Sprintf(" @decimal(scale: %d)", seen.decimals)
}

// scalarOfCustom trusts the name of a custom scalar as far as the values bear
// it out: the name is a habit, not a promise.
func scalarOfCustom(named string, seen *observation) (model.Scalar, string) {
	guess, known := custom[named]
	fits := map[model.Scalar]bool{
		model.Int64:    seen.integers == seen.values() && !seen.beyondInt64,
		model.Decimal:  seen.integers+seen.fractions == seen.values() && seen.whole+seen.decimals <= decimalDigits,
		model.Date:     seen.dates == seen.values(),
		model.DateTime: seen.dateTimes == seen.values(),
		model.UUID:     seen.uuids == seen.values(),
		model.String:   seen.strings == seen.values(),
		model.JSON:     true,
	}
	switch {
	case known && fits[guess]:
		return guess, ""
	case seen.values() == 0:
		return model.JSON, named + " upstream; no value was seen"
	}
	byValue, _ := scalarOfValues(seen)
	return byValue, named + " upstream; the type is that of its values"
}

// scalarOfValues is the narrowest type that holds every value seen.
func scalarOfValues(seen *observation) (model.Scalar, string) {
	all := seen.values()
	switch {
	case all == 0:
		return model.String, "no value was seen; the type is a guess"
	case seen.booleans == all:
		return model.Boolean, ""
	case seen.integers == all && !seen.beyondInt64:
		return model.Int64, ""
	case seen.integers == all:
		return model.JSON, "whole numbers beyond 64 bits, kept as they are"
	case seen.integers+seen.fractions == all && seen.exact:
		return model.Decimal, ""
	case seen.integers+seen.fractions == all:
		return model.Float, ""
	case seen.strings == all && seen.dates == all:
		return model.Date, ""
	case seen.strings == all && seen.dateTimes == all:
		return model.DateTime, ""
	case seen.strings == all && seen.uuids == all:
		return model.UUID, ""
	case seen.strings == all:
		return model.String, ""
	}
	if seen.objects == all {
		return model.JSON, "objects, kept as they are"
	}
	return model.JSON, "values of several types, kept as they are"
}
