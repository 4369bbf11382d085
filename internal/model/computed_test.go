package model_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/larderhq/larder/internal/model"
)

// computing are fields that expressions can read, and some that they cannot.
const computing = "q: Int! p: Decimal n: Int64 r: Decimal! @decimal(precision: 6, scale: 2) name: String at: Float "

func TestExpressionsArePrintedInOneForm(t *testing.T) {
	tests := []struct{ text, want string }{
		{"q*p", "q * p"},
		{" ( q ) * ( ( p ) ) ", "q * p"},
		{"(q + n) * p", "(q + n) * p"},
		{"(q * n) + p - n", "q * n + p - n"},
		{"q - (n - p)", "q - (n - p)"},
		{"q + (n + p)", "q + (n + p)"},
		{"--q * -(n + p)", "--q * -(n + p)"},
		{"q * 1.190", "q * 1.19"},
		{"q * 100", "q * 100"},
		{"coalesce( p,n * 2 ,0 )*q", "coalesce(p, n * 2, 0) * q"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			schema := parse(t, "type A { "+computing+`t: Decimal @computed(as: "`+test.text+`") }`)
			f := schema.Type("A").Field("t")
			if got := f.Computed.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if !f.ReadOnly || !f.Generated {
				t.Error("a computed field can be written")
			}
			if declaration, _ := schema.External(); declaration != "" {
				t.Errorf("%s is of another's database", declaration)
			}
			checkRoundTrip(t, schema)
		})
	}
}

func TestExpressionsSayWhatTheyAre(t *testing.T) {
	tests := []struct {
		text     string
		scale    int
		required bool
		reads    string
	}{
		{"q * r", 2, true, "q r"},
		{"q * p", 4, false, "q p"},
		{"r * r - q", 4, true, "r q"},
		{"p * r + n", 6, false, "p r n"},
		{"coalesce(p, 0.12345) + q", 5, true, "p q"},
		{"coalesce(p, n)", 4, false, "p n"},
		{"-r * 2", 2, true, "r"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			e := parse(t, "type A { "+computing+`t: Decimal @computed(as: "`+test.text+`") }`).Type("A").Field("t").Computed
			var reads []string
			for _, f := range e.Reads() {
				reads = append(reads, f.Name)
			}
			if got := strings.Join(reads, " "); e.Scale() != test.scale || e.Required() != test.required || got != test.reads {
				t.Errorf("got scale %d, required %t and %s, want %d, %t and %s", e.Scale(), e.Required(), got, test.scale, test.required, test.reads)
			}
		})
	}
}

func TestAnExpressionThatIsWrongIsReportedAtItsPlace(t *testing.T) {
	at := len("type A {\n  t: Decimal @computed(as: \"") - len("type A {\n") + 1
	tests := []struct {
		text   string
		offset int
		want   string
	}{
		{"q * pp", 4, `@computed: A has no field pp; there are q, p`},
		{"q * cost", 4, `@computed: A has no field cost; it is called p now`},
		{"q * name", 4, `@computed: name is String, which is no exact number; it computes with Int, Int64 and Decimal`},
		{"q * at", 4, `@computed: at is Float, which is no exact number; it computes with Int, Int64 and Decimal`},
		{"q * bs", 4, `@computed: bs is [B!]!, which is no exact number; it computes with Int, Int64 and Decimal`},
		{"id + 1", 0, `@computed: id is ID!, which is no exact number; it computes with Int, Int64 and Decimal`},
		{"q + t", 4, `@computed: t is computed itself; write out what it computes`},
		{"q + u", 4, `@computed: u is computed itself; write out what it computes`},
		{"", 0, `@computed: expected a field, a number or ( at the end of the expression`},
		{"q *", 3, `@computed: expected a field, a number or ( at the end of the expression`},
		{"q q", 2, `@computed: expected +, - or * and another operand, got "q"`},
		{"q / 2", 2, `@computed: expected +, - or * and another operand, got "/ 2"`},
		{"é", 0, `@computed: expected a field, a number or (, got "é"; there are +, -, *, coalesce and parentheses`},
		{"(q", 2, `@computed: expected ), got ""`},
		{"round(q)", 0, `@computed: unknown function round; there is coalesce alone`},
		{"q * 1e5", 5, `@computed: expected +, - or * and another operand, got "e5"`},
		{"q * 1.", 4, `@computed: expected a number such as 100 or 0.19, got "1."`},
		{"99999999999999999999", 0, `@computed: expected a number of at most 18 digits, got 99999999999999999999`},
		{"p * p * p * p * p", -1, `@computed: expected at most 18 digits after the point in every step, got 20; give the fields that it multiplies a smaller scale by @decimal`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			text := "type A {\n  t: Decimal @computed(as: \"" + test.text + "\")\n  q: Int! name: String at: Float bs: [B!]!\n" +
				"  p: Decimal @renamed(from: \"cost\")\n  u: Int @computed(as: \"q\")\n}\ntype B { x: Int }"
			_, err := model.Parse("m", []byte(text))
			want := fmt.Sprintf("m:2:%d: %s", at+test.offset, test.want)
			if err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}

func TestAComputedFieldIsRefusedWhatItCannotBe(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a text", `type A { q: Int t: String @computed(as: "q") }`, `m:1:28: @computed: t is String, and what is computed is an exact number; declare it as Int, Int64 or Decimal`},
		{
			"a default", `type A { q: Int t: Int @default(value: "1") @computed(as: "q") }`,
			`m:1:46: @computed: t takes no @default, @check, @readonly, @from, @generated or @column: its value follows from other fields; leave it @computed alone, and put a @check on what it reads`,
		},
		{
			"required of what may be null", `type A { q: Int t: Int! @computed(as: "q * 2") }`,
			`m:1:17: @computed: A.t is required, and q * 2 may be null; remove the !, or write coalesce(…, 0) around what may be null`,
		},
		{
			"older than what it reads", `type A { q: Int @since(version: 3) t: Int @since(version: 2) @computed(as: "q * 2") }`,
			`m:1:36: @computed: A.t would be in versions that do not have q yet; write @since(version: 3)`,
		},
		{"unique", `type A { q: Int t: Int @unique @computed(as: "q") }`, `m:1:17: @unique: t is computed, and no key; name the fields that it reads`},
		{"in a unique set", `type A @unique(fields: ["q", "t"]) { q: Int t: Int @computed(as: "q") }`, `m:1:9: @unique: t is computed, and no key; name the fields that it reads`},
		{"the key of a source", `type A @source(name: "s", key: ["t"]) { q: Int! t: Int! @computed(as: "q") }`, `m:1:9: @source: t is computed, and no key; name the fields that it reads`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := model.Parse("m", []byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("got\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestAnyExpressionSurvivesPrinting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawExpression(t, 3)
		schema, err := model.Parse("drawn.graphql", []byte("type A { "+computing+`t: Decimal @computed(as: "`+text+`") }`))
		if err != nil {
			t.Skip(err) // too many digits
		}
		checkRoundTrip(t, schema)
	})
}

// drawExpression draws an expression of at most so many levels.
func drawExpression(t *rapid.T, levels int) string {
	forms := []string{"q", "p", "n", "r", "7", "0.25"}
	if levels > 0 {
		forms = append(forms, "_+_", "_ - _", "_ * _", "-_", "(_)", "coalesce(_, _)")
	}
	var out strings.Builder
	for _, r := range rapid.SampledFrom(forms).Draw(t, "form") {
		if r == '_' {
			out.WriteString(drawExpression(t, levels-1))
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}
