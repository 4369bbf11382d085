package migrate

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/larderhq/larder/internal/model"
)

// This file writes columns that the database computes. SQLite computes them
// when they are read (VIRTUAL: ALTER TABLE can add no other), and when a row is
// written to check them and to fill their indexes; PostgreSQL when a row is
// written (STORED: versions before 18 have no other).

// computes writes what a column is computed as.
func computes(d dialect, c *column) string {
	kind := "STORED"
	if d.name() == SQLite {
		kind = "VIRTUAL"
	}
	return fmt.Sprintf("GENERATED ALWAYS AS (%s) %s", d.computation(c), kind)
}

// computation is scaled integers throughout. A step that leaves 64 bits makes
// a REAL of it and of all that is computed from it, which a STRICT table keeps
// out of a column of integers, unless it happens to be whole again.
func (s sqlite) computation(c *column) string {
	e, scale := c.computed, c.computed.Scale()
	if c.scale >= scale {
		return s.expression(e, c.scale)
	}
	sql := s.expression(e, scale)
	unit := power(scale - c.scale)
	half := power(scale - c.scale - 1)
	half = "5" + half[1:]
	return fmt.Sprintf("((%s) + CASE WHEN (%s) < 0 THEN -%s ELSE %s END) / %s", sql, sql, half, half, unit)
}

// expression is an expression times ten to the scale, which is no less than
// its own.
func (s sqlite) expression(e *model.Expression, scale int) string {
	switch e.Op {
	case model.FieldOperand:
		return rescaled(quote(e.Field.Column()), scale-e.Field.Scale)
	case model.NumberOperand:
		return new(big.Int).Mul(big.NewInt(e.Number.Unscaled), integer(power(scale-e.Number.Scale))).String()
	case model.Multiply:
		product := s.operand(e, 0, e.Operands[0].Scale()) + " * " + s.operand(e, 1, e.Operands[1].Scale())
		return rescaled(product, scale-e.Scale())
	case model.Negate:
		return "-" + s.operand(e, 0, scale)
	case model.Coalesce:
		return coalesce(e, func(operand *model.Expression) string { return s.expression(operand, scale) })
	case model.Add, model.Subtract:
	}
	return s.operand(e, 0, scale) + " " + string(e.Op) + " " + s.operand(e, 1, scale)
}

func (s sqlite) operand(e *model.Expression, n, scale int) string {
	return grouped(s.expression(e.Operands[n], scale))
}

// integer reads digits that larder wrote.
func integer(digits string) *big.Int { return rat(digits).Num() }

// rescaled multiplies by ten to the n.
func rescaled(sql string, n int) string {
	if n == 0 {
		return sql
	}
	return grouped(sql) + " * " + power(n)
}

// grouped puts parentheses around what is more than one operand.
func grouped(sql string) string {
	if strings.ContainsAny(sql, " -") {
		return "(" + sql + ")"
	}
	return sql
}

// coalesce of one operand is that operand: SQLite's function takes two.
func coalesce(e *model.Expression, write func(*model.Expression) string) string {
	parts := make([]string, len(e.Operands))
	for i, operand := range e.Operands {
		parts[i] = write(operand)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "coalesce(" + strings.Join(parts, ", ") + ")"
}

// fits is the check of a computed column: its range and, where several steps
// lead to it, that none of them left the integers.
func (s sqlite) fits(c *column) string {
	bounds := s.between(c)
	if e := c.computed; e.Scale() <= c.scale && !hasSteps(e) {
		return bounds
	}
	return both(fmt.Sprintf("typeof(%s) <> 'real'", s.computation(c)), bounds)
}

// hasSteps reports whether an operand of the expression is itself computed.
func hasSteps(e *model.Expression) bool {
	for _, operand := range e.Operands {
		if len(operand.Operands) > 0 {
			return true
		}
	}
	return false
}

// computation is numeric wherever whole numbers could leave their range before
// the end. The column's own type rounds the result, half away from zero.
func (p postgres) computation(c *column) string {
	sql, _ := p.expression(c.computed)
	return sql
}

// expression is an expression and whether its type is of whole numbers.
func (p postgres) expression(e *model.Expression) (sql string, whole bool) {
	switch e.Op {
	case model.FieldOperand:
		return quote(e.Field.Column()), e.Field.Scalar != model.Decimal
	case model.NumberOperand:
		return e.Number.String(), e.Number.Scale == 0
	case model.Coalesce:
		whole = true
		for _, operand := range e.Operands {
			_, one := p.expression(operand)
			whole = whole && one
		}
		return coalesce(e, func(operand *model.Expression) string { sql, _ := p.expression(operand); return sql }), whole
	case model.Negate:
		sql, whole = p.operand(e, 0)
		if whole {
			sql += "::numeric"
		}
		return "-" + sql, false
	case model.Add, model.Subtract, model.Multiply:
	}
	left, leftWhole := p.operand(e, 0)
	right, rightWhole := p.operand(e, 1)
	if leftWhole && rightWhole {
		left += "::numeric"
	}
	return left + " " + string(e.Op) + " " + right, false
}

func (p postgres) operand(e *model.Expression, n int) (sql string, whole bool) {
	sql, whole = p.expression(e.Operands[n])
	return grouped(sql), whole
}

// lintComputed tells what matters to a table with many rows alone, and so no
// one who plans.
func lintComputed(c Change) []Finding {
	added, ok := c.(addColumn)
	if !ok || added.column.computed == nil {
		return nil
	}
	return []Finding{{
		Severity: Locking, Engine: Postgres, Rows: -1, change: c, Action: "apply it in a quiet hour",
		Message: added.String() + ": table " + added.column.table + " is rewritten, nobody reads or writes it meanwhile",
	}}
}

// sameComputed reports whether what is paired is computed alike: the same
// expression over the same columns, none of which changes its type. Else the
// column is dropped and added anew, which loses nothing.
func sameComputed(m *matching, from, to *model.Field) bool {
	if from.Computed == nil || to.Computed == nil {
		return from.Computed == to.Computed
	}
	return !changesType(fieldColumn(from), fieldColumn(to)) && from.Required == to.Required &&
		sameExpression(m, from.Computed, to.Computed)
}

func sameExpression(m *matching, from, to *model.Expression) bool {
	if from.Op != to.Op || from.Number != to.Number || len(from.Operands) != len(to.Operands) {
		return false
	}
	if to.Op == model.FieldOperand {
		return m.fields[to.Field] == from.Field && !changesType(fieldColumn(from.Field), fieldColumn(to.Field))
	}
	for i := range to.Operands {
		if !sameExpression(m, from.Operands[i], to.Operands[i]) {
			return false
		}
	}
	return true
}

// dropComputed drops a computed column before anything that it reads changes.
func dropComputed(c *column, checked bool) []string {
	var statements []string
	if checked {
		statements = append(statements, dropConstraint(c.table, checkName(c)))
	}
	return append(statements, fmt.Sprintf("ALTER TABLE %s DROP COLUMN %s", quote(c.table), quote(c.name)))
}
