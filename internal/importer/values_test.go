package importer_test

import (
	"encoding/json"
	"iter"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/source"
)

const everyScalar = `
enum Size { SMALL LARGE }

type Thing @source(name: "swapi", path: "things", key: ["code"]) {
  id: UUID!
  code: ID! @unique
  text: String
  small: Int
  large: Int64
  float: Float
  price: Decimal @decimal(precision: 18, scale: 4)
  yes: Boolean
  uuid: UUID
  date: Date
  moment: DateTime
  span: Duration
  any: JSON
  bytes: Bytes
  size: Size
  tags: [String!]! @json
  numbers: [Float!]!
  prices: [Decimal!]!
  moments: [DateTime!]!
  spans: [Duration!]!
  flags: [Boolean!]!
  blobs: [Bytes!]!
  deep: Int @from(path: "inner.most.value")
}`

const (
	oneThing = `{"code":"a","text":"<é> & \"q\"\n","small":-2147483648,"large":9223372036854775807,"float":0.1,"price":12345678901234.5678,
		"yes":true,"uuid":"0190B5C0-0000-7000-8000-000000000001","date":"2026-11-23","moment":"2026-11-23T18:18:00.25+01:00","span":"PT1H30M",
		"any":{"b":[1,2.50,null],"a":"x"},"bytes":"AAEC","size":"LARGE","tags":["x","y"],"numbers":[0.1,1e300,5e-324,3],"prices":[1.25,-0.0001],
		"moments":["2026-11-23T17:18:00Z"],"spans":["PT0.5S"],"flags":[true,false],"blobs":["/w=="],"inner":{"most":{"value":7}}}`
	otherThing = `{"code":"a","text":"","small":0,"large":-9223372036854775808,"float":1.7976931348623157e308,"price":-0.5,
		"yes":false,"uuid":null,"date":"0001-01-01","moment":"1970-01-01T00:00:00Z","span":"PT0.000001S",
		"any":null,"bytes":"","size":"SMALL","tags":[],"numbers":[],"prices":[99.99],
		"moments":[],"spans":[],"flags":[false],"blobs":[],"inner":null}`
)

func TestValuesOfEveryScalarAreStoredComparedAndUpdated(t *testing.T) {
	w := newWorld(t, everyScalar)
	things := func(thing string) importer.TypeReport {
		t.Helper()
		return w.lists(t, map[string]string{"things": "[" + thing + "]"})[0]
	}
	if got := things(oneThing).Summary(); got != "1 created" {
		t.Fatal(got)
	}
	w.expect(t, `large, price, yes, uuid, moment, span, bytes, deep) FROM thing`,
		"9223372036854775807|123456789012345678|1|0190b5c0-0000-7000-8000-000000000001|2026-11-23T17:18:00.250000Z|5400000000|AAEC|7")
	w.expect(t, `json(any), json(tags)) FROM thing`, `{"a":"x","b":[1,2.50,null]}|["x","y"]`)
	w.expect(t, `value = 0.1, value = 1e300, value = 5e-324, value = 3) FROM thing_numbers ORDER BY position`, "1|0|0|0\n0|1|0|0\n0|0|1|0\n0|0|0|1")
	w.expect(t, `value) FROM thing_prices ORDER BY position`, "12500\n-1")
	w.expect(t, `value) FROM thing_spans`, "500000")
	w.expect(t, `value) FROM thing_flags ORDER BY position`, "1\n0")
	w.expect(t, `value) FROM thing_blobs`, "/w==")
	w.expect(t, `length(id), record_id = id) FROM thing JOIN larder_origin`, "36|1")
	if got := things(oneThing).Summary(); got != "1 unchanged" {
		t.Errorf("again: %s", got)
	}

	report := things(otherThing)
	if got := report.Summary(); got != "1 updated" {
		t.Errorf("changed: %s", got)
	}
	if got, want := len(report.Updated.First[0].Fields), 21; got < want {
		t.Errorf("%d fields updated, want %d: %+v", got, want, report)
	}
	w.expect(t, `large, price, yes, date, span, coalesce(any, 'none'), coalesce(deep, 'none'), (SELECT count(*) FROM thing_numbers)) FROM thing`,
		"-9223372036854775808|-5000|0|0001-01-01|1|none|none|0")
	if got := things(oneThing).Summary(); got != "1 updated" {
		t.Errorf("and back, which would be a conflict if a value had not come back as it went: %s", got)
	}
	w.expect(t, `float = 0.1, large, price) FROM thing`, "1|9223372036854775807|123456789012345678")
}

func TestAReportReadsAsJSON(t *testing.T) {
	w := newWorld(t, planetModels)
	w.planets("[" + tatooine + "]")
	report, err := w.run(answer(t, map[string]string{"allPlanets.planets": "[" + strings.Replace(tatooine, "200000", "300000", 1) + "," + hoth + "]"}), importer.Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report.Types)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"type":"Planet","resource":"planets",` +
		`"created":{"count":1,"first":[{"key":["Hoth"],"values":` + hoth + `}]},"adopted":{"count":0},` +
		`"updated":{"count":1,"first":[{"key":["Tatooine"],"id":"1","fields":[{"field":"population","before":200000,"after":300000}]}]},` +
		`"unchanged":0,"conflicts":{"count":0},"gone":{"count":0},"removed":{"count":0},"detached":{"count":0},"deleted":{"count":0},"restored":{"count":0}}]`
	if string(text) != want {
		t.Errorf("report:\n%s\nwant:\n%s", text, want)
	}
	if report.Run != 0 || !report.DryRun {
		t.Errorf("a dry run says run %d, dry %v", report.Run, report.DryRun)
	}
	w.expect(t, `count(*)) FROM larder_run`, "1")
}

func TestCellsOfATableAreReadAsTheirFieldsAre(t *testing.T) {
	w := newWorld(t, `
type Article @source(name: "swapi", path: "articles", key: ["sourceId"]) {
  sourceId: Int64! @unique @from(path: "ID")
  name: String!
  code: String
  price: Decimal @check(min: 0)
  sold: Boolean
  since: Date
}`)
	cells := func(list string) (importer.Report, error) {
		return w.run(source.NewAnswer(func(string) iter.Seq2[source.Record, error] {
			return func(yield func(source.Record, error) bool) {
				for i, record := range strings.Split(list, "\n") {
					if !yield(source.Record{Index: i, Data: json.RawMessage(record), Text: true}, nil) {
						return
					}
				}
			}
		}, nil), importer.Options{})
	}
	if _, err := cells(`{"ID":"1","name":"Milk","code":"007","price":"1.20","sold":"true","since":"2026-01-31"}
{"ID":"2","name":null,"code":null,"price":null,"sold":"","since":null}`); err != nil {
		t.Fatal(err)
	}
	w.expect(t, `source_id, name, coalesce(code, 'none'), price, sold, since) FROM article`, "1|Milk|007|12000|1|2026-01-31\n2||none")
	_, err := cells(`{"ID":"1","name":"Milk","price":"-1"}` + "\n" + `{"ID":"","name":"Bread","sold":"perhaps"}`)
	if err == nil || !strings.Contains(err.Error(), "price") || !strings.Contains(err.Error(), "perhaps") || !strings.Contains(err.Error(), "sourceId") {
		t.Errorf("error %v", err)
	}
}

func TestCellsHoldWhatJSONHolds(t *testing.T) {
	w := newWorld(t, `
type Article @source(name: "swapi", path: "articles", key: ["id"]) {
  name: String!
  note: String
  other: ID
  data: Bytes!
  tags: [String!]!
  levels: [Float] @json
  any: JSON
  like: [Article!]!
}`)
	report, err := w.run(source.NewAnswer(func(string) iter.Seq2[source.Record, error] {
		return func(yield func(source.Record, error) bool) {
			for i, record := range []string{
				`{"id":"7","name":null,"note":"","other":"","data":"","tags":"[\"a\",\"\"]","levels":"[0.5,null]","any":"{\"a\":[1]}","like":"[8,7]"}`,
				`{"id":"8","name":"","note":null,"other":null,"data":"aGk=","tags":"[]","levels":null,"any":"no JSON","like":"[]"}`,
			} {
				if !yield(source.Record{Index: i, Data: json.RawMessage(record), Text: true}, nil) {
					return
				}
			}
		}
	}, nil), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Types[0].Summary(); got != "2 created" {
		t.Errorf("summary %s", got)
	}
	w.expect(t, `id, name, coalesce(note, 'null'), coalesce(other, 'null'), coalesce(levels, 'null'), "any") FROM article ORDER BY id`,
		`1||||[0.5,null]|{"a":[1]}`+"\n"+`2||null|null|null|"no JSON"`)
	w.expect(t, `article_id, position, value) FROM article_tags ORDER BY 1`, "1|0|a\n1|1|")
	w.expect(t, `article_id, position, like_id) FROM article_like ORDER BY 1`, "1|0|2\n1|1|1")
}
