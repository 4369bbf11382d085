package model_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/model"
)

const foreignModels = `"What was sold."
type Invoice @table(name: "tbl Invoice") {
  id: Int64! @column(name: "InvoiceNo")
  customer: Customer! @column(name: "CustomerId")
  state: State! @column(type: "invoice_state")
  total: Decimal! @decimal(precision: 10, scale: 2) @column(name: "Total \"net\"")
  createdAt: DateTime! @column(type: "timestamp") @generated
  lines: [InvoiceLine!]! @ref(inverse: "invoice")
}

type Customer @table(name: "Customer") {
  id: String! @column(name: "Code")
  name: String!
}

type InvoiceLine @key(fields: ["invoice", "line"]) @readonly {
  invoice: Invoice! @column(name: "InvoiceNo")
  line: Int! @column(type: "int2")
  text: String
}

enum State {
  OPEN
  PAID
}
`

func TestModelsOfAnotherSystemsDatabaseKeepItsNames(t *testing.T) {
	schema := parse(t, foreignModels)
	if got := schema.String(); got != foreignModels {
		t.Errorf("printed\n%s\nwant\n%s", got, foreignModels)
	}
	invoice, line := schema.Type("Invoice"), schema.Type("InvoiceLine")
	for _, test := range []struct{ what, got, want string }{
		{"table", invoice.Table(), "tbl Invoice"},
		{"resource", invoice.Resource(), "invoices"},
		{"id column", invoice.ID.Column(), "InvoiceNo"},
		{"id in JSON", invoice.ID.JSONName(), "id"},
		{"reference column", invoice.Field("customer").Column(), "CustomerId"},
		{"reference in JSON", invoice.Field("customer").JSONName(), "customerId"},
		{"column with a quote", invoice.Field("total").Column(), `Total "net"`},
		{"column without a name", line.Field("text").Column(), "text"},
		{"table without a name", line.Table(), "invoice_line"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.what, test.got, test.want)
		}
	}
	if !schema.Type("Customer").ChosenID() || !invoice.ChosenID() || line.ChosenID() {
		t.Error("an id of String! or Int64! must come with the record, that of a @key cannot")
	}
	if what, _ := schema.External(); what != "@table" {
		t.Errorf("External is %q", what)
	}
	if what, _ := parse(t, "type A { name: String! }").External(); what != "" {
		t.Errorf("External of plain models is %q", what)
	}
}

func TestTheIdOfACompositeKeyIsItsValues(t *testing.T) {
	id := parse(t, foreignModels).Type("InvoiceLine").ID
	for text, valid := range map[string]bool{"7,3": true, "7": false, "7,3,1": false, "7,x": false, "": false, "7,null": false, `7,"3"`: false} {
		if _, err := id.AcceptText(text); (err == nil) != valid {
			t.Errorf("%s: got %v, want valid %v", text, err, valid)
		}
	}
	texts := parse(t, `type T @key(fields: ["a", "b"]) @readonly { a: String! b: Date! }`).Type("T")
	values, ok := texts.KeyValues(`"x,y","2026-11-23"`)
	if !ok || values[0] != "x,y" || values[1] != "2026-11-23" {
		t.Errorf("got %v, %v", values, ok)
	}
}

func TestDirectivesOfAnotherSystemsDatabaseSayWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`type T @table(name: "") { a: Int }`:                                            "expected a name of 1 to 63 bytes",
		`type T { a: [Int!]! @column(name: "b") }`:                                      "@column: a has no column of its own",
		`type T { a: Int b: Int @column(name: "a") }`:                                   "would have the same column a",
		`type T { id: ID! @column(name: "a") a: Int }`:                                  "would have the same column a",
		`type T @key(fields: ["a", "b"]) { a: Int! b: Int! }`:                           "records of T can be read only",
		`type T @key(fields: []) @readonly { a: Int! }`:                                 "@key has no fields",
		`type T @key(fields: ["a", "b"]) @readonly { a: Int b: Int! }`:                  "a cannot be part of a key",
		`type T @key(fields: ["a", "b"]) @readonly { id: ID! a: Int! b: Int! }`:         "T has an id",
		`type T @key(fields: ["a", "b"]) @readonly { a: Int! b: Int! } type U { t: T }`: "nothing can refer to T",
		`type T { a: Int @default(value: "1") @generated }`:                             "@generated: a is no column, or has a @default",
		`type T @table(name: "U") { a: Int } type U @table(name: "U") { a: Int }`:       "would have the same table U",
	} {
		_, err := model.Parse("m", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
