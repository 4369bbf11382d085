package migrate

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/store"
)

// Whatever is computed from whatever values, both engines have the exact result
// rounded half away from zero, or refuse the row because it is out of range.
func TestBothEnginesComputeExactly(t *testing.T) {
	server := postgresServer(t)
	rapid.Check(t, func(r *rapid.T) {
		result := rapid.SampledFrom([]string{"Int", "Int64", "Decimal", "Decimal @decimal(precision: 6, scale: 1)"}).Draw(r, "type")
		schema := parse(t, fmt.Sprintf(`type Thing { q: Int n: Int64 p: Decimal r: Decimal @decimal(precision: 5, scale: 2) t: %s @computed(as: "%s") }`,
			result, drawExpression(r, 2)))
		thing := schema.Type("Thing")
		computed := thing.Field("t")
		values := map[*model.Field]*big.Rat{}
		texts := map[*model.Field]string{}
		for name, samples := range map[string][]string{
			"q": {"", "0", "1", "-3", "2147483647"}, "n": {"", "0", "7", "-9007199254740993"},
			"p": {"", "0", "2.5", "-0.0005", "99999999999999.9999"}, "r": {"", "0.05", "-999.99", "0.5"},
		} {
			f := thing.Field(name)
			texts[f] = rapid.SampledFrom(samples).Draw(r, name)
			if texts[f] != "" {
				values[f] = rat(texts[f])
			}
		}
		want, fits := evaluate(computed, values)
		for _, engine := range []store.Engine{newSQLite(t), server.open(t)} {
			name := engine.Dialect().Name()
			for _, sql := range Create(name, schema) {
				run(t, engine, sql)
			}
			err := tryRun(t, engine, insertThing(name, thing, texts))
			var broken *store.Violation
			switch {
			case errors.As(err, &broken):
				if name == SQLite && beyond(computed.Computed, values, max(computed.Scale, deepest(computed.Computed))) {
					continue // a step that its integers cannot hold
				}
				if fits {
					r.Fatalf("%s refuses %s: %v", name, want, err)
				}
			case err != nil:
				r.Fatal(err)
			case !fits:
				r.Fatalf("%s takes what is out of range", name)
			default:
				c := fieldColumn(computed)
				same := "t IS NULL"
				if want != "" {
					value, err := computed.AcceptText(want)
					if err != nil {
						r.Fatal(err)
					}
					same = "t = " + dialectOf(name).literal(c, value)
				}
				if got := ask(t, engine, "SELECT CAST(count(*) AS text) FROM thing WHERE "+same); got[0] != "1" {
					r.Fatalf("%s has %s, want %s", name, ask(t, engine, "SELECT CAST(t AS text) FROM thing"), want)
				}
			}
			if err := engine.Close(); err != nil {
				r.Fatal(err)
			}
		}
	})
}

func insertThing(engine string, thing *model.Type, texts map[*model.Field]string) string {
	var names, values []string
	for f, text := range texts {
		literal := "NULL"
		if value, err := f.AcceptText(text); err == nil { // "" is null
			literal = dialectOf(engine).literal(fieldColumn(f), value)
		}
		names, values = append(names, f.Column()), append(values, literal)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", thing.Table(), strings.Join(names, ", "), strings.Join(values, ", "))
}

// evaluate is the value that a computed field should have, "" for null, and
// whether its type can hold it.
func evaluate(f *model.Field, values map[*model.Field]*big.Rat) (text string, fits bool) {
	exact := value(f.Computed, values)
	if exact == nil {
		return "", true
	}
	text = exact.FloatString(f.Scale) // rounds half away from zero
	_, err := f.AcceptText(text)
	return text, err == nil
}

func value(e *model.Expression, values map[*model.Field]*big.Rat) *big.Rat {
	switch e.Op {
	case model.FieldOperand:
		return values[e.Field]
	case model.NumberOperand:
		return rat(e.Number.String())
	case model.Coalesce:
		for _, operand := range e.Operands {
			if v := value(operand, values); v != nil {
				return v
			}
		}
		return nil
	default:
	}
	left := value(e.Operands[0], values)
	if left == nil {
		return nil
	}
	if e.Op == model.Negate {
		return new(big.Rat).Neg(left)
	}
	right := value(e.Operands[1], values)
	if right == nil {
		return nil
	}
	switch e.Op { //nolint:exhaustive // the others are above
	case model.Add:
		return new(big.Rat).Add(left, right)
	case model.Subtract:
		return new(big.Rat).Sub(left, right)
	}
	return new(big.Rat).Mul(left, right)
}

// deepest is the largest scale of any step of the expression.
func deepest(e *model.Expression) int {
	scale := e.Scale()
	for _, operand := range e.Operands {
		scale = max(scale, deepest(operand))
	}
	return scale
}

// beyond reports whether a step of an expression, as an integer of the scale,
// is larger than 64 bits hold.
func beyond(e *model.Expression, values map[*model.Field]*big.Rat, scale int) bool {
	for _, operand := range e.Operands {
		if beyond(operand, values, scale) {
			return true
		}
	}
	v := value(e, values)
	if v == nil {
		return false
	}
	scaled := new(big.Rat).Mul(v, rat(power(scale)))
	return scaled.Abs(scaled).Cmp(rat("9223372036854775807")) >= 0
}

// drawExpression draws an expression of at most so many levels.
func drawExpression(r *rapid.T, levels int) string {
	forms := []string{"q", "p", "n", "r", "7", "0.25"}
	if levels > 0 {
		forms = append(forms, "(_)+_", "_ - (_)", "(_) * (_)", "-(_)", "coalesce(_, _)")
	}
	var out strings.Builder
	for _, c := range rapid.SampledFrom(forms).Draw(r, "form") {
		if c == '_' {
			out.WriteString(drawExpression(r, levels-1))
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}
