package project

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/larderhq/larder/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

const someModels = `type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) {
  name: String! @unique
  note: String @since(version: 3)
}
`

const someSettings = `sources:
  swapi:
    url: https://planets.example/graphql
    query: "{ allPlanets { planets { name } } }"
`

// folder makes a project folder of the files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loadWith loads a project whose larder.yaml has some lines more.
func loadWith(t *testing.T, settings string, flags map[string]string, environ ...string) (*Project, error) {
	t.Helper()
	dir := folder(t, map[string]string{SettingsFile: settings, ModelsFile: someModels})
	return Load(dir, Overrides{Flags: flags}, environ)
}

func mustLoad(t *testing.T, settings string, flags map[string]string, environ ...string) *Project {
	t.Helper()
	p, err := loadWith(t, settings, flags, environ...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheExampleOfThePlanetsStartsOffline(t *testing.T) {
	p, err := Load("../../examples/planets", Overrides{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Notices) != 0 || p.Settings.API.Name != "planets" || p.Settings.Listen != "127.0.0.1:8080" {
		t.Errorf("got %+v", p)
	}
	if database, err := p.Database(); err != nil || database != filepath.Join(p.Dir, "larder.db") {
		t.Errorf("database %q, %v", database, err)
	}
	swapi, err := p.Open("swapi", Opening{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	a, err := swapi.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // it was only read
	records := 0
	for _, err := range a.Records(p.Schema.Types[0].Sources[0].Path) {
		if err != nil {
			t.Fatal(err)
		}
		records++
	}
	if records != 60 || !a.Complete || a.Address != "https://swapi-graphql.netlify.app/.netlify/functions/index" {
		t.Errorf("%d records of %+v", records, a)
	}
}

// values has, for each setting, two values, and how the first and the second
// of them look in Settings.
var values = map[string]struct {
	one, other string
	get        func(s *Settings) any
	isOne      any
	isOther    any
}{
	"listen":                   {"127.0.0.1:1", "[::1]:0", func(s *Settings) any { return s.Listen }, "127.0.0.1:1", "[::1]:0"},
	"insecure":                 {"true", "false", func(s *Settings) any { return s.Insecure }, true, false},
	"database":                 {"one.db", "${DB}", func(s *Settings) any { return s.Database.text }, "one.db", "${DB}"},
	"migrations":               {"external", "managed", func(s *Settings) any { return s.External }, true, false},
	"databaseConnections":      {"5", "60", func(s *Settings) any { return s.Postgres.Connections }, 5, 60},
	"databaseStatementTimeout": {"1s", "2m", func(s *Settings) any { return s.Postgres.StatementTimeout }, time.Second, 2 * time.Minute},
	"databaseLockTimeout":      {"1s", "2m", func(s *Settings) any { return s.Postgres.LockTimeout }, time.Second, 2 * time.Minute},
	"databaseStartTimeout":     {"1s", "2m", func(s *Settings) any { return s.Postgres.StartTimeout }, time.Second, 2 * time.Minute},
	"databasePooler":           {"transaction", "none", func(s *Settings) any { return s.Postgres.Pooler }, true, false},
	"databaseReplicas":         {"postgres://one/", "postgres://one/x, ${OTHER}", func(s *Settings) any { return secretTexts(s.Postgres.Replicas) }, "postgres://one/", "postgres://one/x ${OTHER}"},
	"databaseReplicaLag":       {"1s", "2m", func(s *Settings) any { return s.Postgres.ReplicaLag }, time.Second, 2 * time.Minute},
	"log.format":               {"json", "text", func(s *Settings) any { return s.LogForm }, "json", "text"},
	"log.level":                {"debug", "error", func(s *Settings) any { return s.LogLevel.String() }, "DEBUG", "ERROR"},
	"grace":                    {"1s", "2m", func(s *Settings) any { return s.Grace }, time.Second, 2 * time.Minute},
	"name":                     {"One", "Other", func(s *Settings) any { return s.API.Name }, "One", "Other"},
	"api.defaultVersion":       {"2", "3", func(s *Settings) any { return s.API.DefaultVersion }, 2, 3},
	"api.versions": {`{"1": {"deprecated": "2026-01-31", "sunset": "2026-12-31T12:00:00+02:00", "link": "https://example.org/v2"}}`, `{2: {served: false}}`, func(s *Settings) any {
		v := s.API.Versions[0]
		return fmt.Sprintf("%d %s %s %s %t", v.Number, v.Deprecated, v.Sunset, v.Link, v.Dropped)
	}, "1 2026-01-31 00:00:00 +0000 UTC 2026-12-31 10:00:00 +0000 UTC https://example.org/v2 false", "2 0001-01-01 00:00:00 +0000 UTC 0001-01-01 00:00:00 +0000 UTC  true"},
	"api.pageSize":             {"5", "6", func(s *Settings) any { return s.API.PageSize }, 5, 6},
	"api.maxPageSize":          {"50", "60", func(s *Settings) any { return s.API.MaxPageSize }, 50, 60},
	"api.maxBody":              {"1024", "2MiB", func(s *Settings) any { return s.API.MaxBody }, int64(1024), int64(2 << 20)},
	"api.maxDepth":             {"5", "6", func(s *Settings) any { return s.API.MaxDepth }, 5, 6},
	"api.maxItems":             {"5", "6", func(s *Settings) any { return s.API.MaxItems }, 5, 6},
	"api.timeout":              {"1s", "500ms", func(s *Settings) any { return s.API.Timeout }, time.Second, 500 * time.Millisecond},
	"api.origins":              {"https://a.example", "https://a.example, http://b.example:81", func(s *Settings) any { return strings.Join(s.API.Origins, " ") }, "https://a.example", "https://a.example http://b.example:81"},
	"api.hosts":                {"a.example", "a.example,b.example", func(s *Settings) any { return strings.Join(s.API.Hosts, " ") }, "a.example", "a.example b.example"},
	"api.requirePreconditions": {"true", "false", func(s *Settings) any { return s.API.RequirePreconditions }, true, false},
	"sources.NAME.kind":        {"graphql", "graphql", func(s *Settings) any { return s.Sources["swapi"].Kind }, "graphql", "graphql"},
	"sources.NAME.url":         {"http://one/", "http://other/", func(s *Settings) any { return s.Sources["swapi"].URL.text }, "http://one/", "http://other/"},
	"sources.NAME.query":       {"{ a }", "{ b }", func(s *Settings) any { return s.Sources["swapi"].Query }, "{ a }", "{ b }"},
	"sources.NAME.queryFile":   {"one.graphql", "other.graphql", func(s *Settings) any { return s.Sources["swapi"].Query }, "query One { a }", "query Other { b }"},
	"sources.NAME.operation":   {"One", "Other", func(s *Settings) any { return s.Sources["swapi"].Operation }, "One", "Other"},
	"sources.NAME.variables": {`{"n": 12345678901234567890, "t": [true, null, "x"]}`, `{"n": 1.50}`, func(s *Settings) any {
		text, err := json.Marshal(s.Sources["swapi"].Variables)
		return fmt.Sprint(string(text), err)
	}, `{"n":12345678901234567890,"t":[true,null,"x"]}<nil>`, `{"n":1.50}<nil>`},
	"sources.NAME.headers":    {`{"X-Team": "one"}`, `{"x-team": "other"}`, func(s *Settings) any { return s.Sources["swapi"].Headers["X-Team"].text }, "one", "other"},
	"sources.NAME.token":      {"${ONE}", "${file:other}", func(s *Settings) any { return s.Sources["swapi"].Token.text }, "${ONE}", "${file:other}"},
	"sources.NAME.timeout":    {"1s", "2s", func(s *Settings) any { return s.Sources["swapi"].Timeout }, time.Second, 2 * time.Second},
	"sources.NAME.maxBytes":   {"1KB", "1GiB", func(s *Settings) any { return s.Sources["swapi"].MaxBytes }, int64(1000), int64(1 << 30)},
	"sources.NAME.maxPages":   {"1", "2", func(s *Settings) any { return s.Sources["swapi"].MaxPages }, 1, 2},
	"sources.NAME.retries":    {"0", "2", func(s *Settings) any { return s.Sources["swapi"].Retries }, 0, 2},
	"sources.NAME.rate":       {"0.5", "30/m", func(s *Settings) any { return s.Sources["swapi"].Rate }, 0.5, 0.5},
	"sources.NAME.partial":    {"allow", "deny", func(s *Settings) any { return s.Sources["swapi"].Partial }, true, false},
	"sources.NAME.redirects":  {"any", "same-host", func(s *Settings) any { return s.Sources["swapi"].CrossHost }, true, false},
	"sources.NAME.path":       {"one.json", "other.csv", func(s *Settings) any { return s.Sources["swapi"].Path }, "one.json", "other.csv"},
	"sources.NAME.format":     {"ndjson", "csv", func(s *Settings) any { return string(s.Sources["swapi"].Format) }, "ndjson", "csv"},
	"sources.NAME.delimiter":  {"tab", ";", func(s *Settings) any { return s.Sources["swapi"].Delimiter }, '\t', ';'},
	"sources.NAME.ids":        {"keep", "new", func(s *Settings) any { return s.Sources["swapi"].KeepIDs }, true, false},
	"sources.NAME.evaluate":   {"2s", "3s", func(s *Settings) any { return s.Sources["swapi"].Evaluate }, 2 * time.Second, 3 * time.Second},
	"sources.NAME.memory":     {"5MiB", "1GiB", func(s *Settings) any { return s.Sources["swapi"].Memory }, int64(5 << 20), int64(1 << 30)},
	"sources.NAME.spool":      {"one", "none", func(s *Settings) any { return s.Sources["swapi"].Spool }, "one", "none"},
	"sources.NAME.resume":     {"1m", "2h", func(s *Settings) any { return s.Sources["swapi"].Resume }, time.Minute, 2 * time.Hour},
	"sources.NAME.userAgent":  {"pantry/1", "mine", func(s *Settings) any { return s.Sources["swapi"].UserAgent }, "pantry/1", "mine"},
	"imports.keep":            {"5", "6", func(s *Settings) any { return s.KeepRuns }, 5, 6},
	"sources.NAME.onConflict": {"upstream", "fail", func(s *Settings) any { return s.Sources["swapi"].OnConflict }, model.TakeUpstream, model.FailOnConflict},
	"sources.NAME.removed":    {"detach", "keep", func(s *Settings) any { return s.Sources["swapi"].Removed }, model.RemovedDetach, model.RemovedKeep},
	"sources.NAME.priority":   {"5", "-6", func(s *Settings) any { return s.Sources["swapi"].Priority }, 5, -6},
	"sources.NAME.drift":      {"freeze", "warn", func(s *Settings) any { return s.Sources["swapi"].Drift }, DriftFreeze, DriftWarn},
	"sources.NAME.collapse":   {"allow", "hold", func(s *Settings) any { return s.Sources["swapi"].Collapse.Off }, true, false},
	"sources.NAME.maxShrink":  {"5%", "100%", func(s *Settings) any { return s.Sources["swapi"].Collapse.Shrink }, 0.05, 1.0},
	"sources.NAME.maxGrowth":  {"50%", "1000%", func(s *Settings) any { return s.Sources["swapi"].Collapse.Growth }, 0.5, 10.0},
	"sources.NAME.maxNulls":   {"0%", "12.5%", func(s *Settings) any { return s.Sources["swapi"].Collapse.Nulls }, 0.0, 0.125},
	"sources.NAME.every":      {"90s", "168h", func(s *Settings) any { return s.Sources["swapi"].Schedule.Every }, 90 * time.Second, 168 * time.Hour},
	"sources.NAME.cron":       {"30 4 * * *", "0 */2 * * *", func(s *Settings) any { return s.Sources["swapi"].Schedule.Cron }, "30 4 * * *", "0 */2 * * *"},
	"sources.NAME.timeZone":   {"Europe/Berlin", "UTC", func(s *Settings) any { return s.Sources["swapi"].Schedule.Location.String() }, "Europe/Berlin", "UTC"},
	"sources.NAME.jitter":     {"0s", "1m", func(s *Settings) any { return s.Sources["swapi"].Schedule.Jitter }, time.Duration(0), time.Minute},
	"sources.NAME.snapshot":   {"one.json", "none", func(s *Settings) any { return s.Sources["swapi"].Snapshot }, "one.json", "none"},
}

func secretTexts(secrets []Secret) string {
	texts := make([]string, len(secrets))
	for i, secret := range secrets {
		texts[i] = secret.text
	}
	return strings.Join(texts, " ")
}

func TestEverySettingCanBeSetInThreePlaces(t *testing.T) {
	for _, setting := range AllSettings() {
		t.Run(setting.Name, func(t *testing.T) {
			value, ok := values[setting.Name]
			if !ok {
				t.Fatal("this test has no values for the setting")
			}
			name := strings.Replace(setting.Name, "NAME", "swapi", 1)
			variable := environmentName(name)
			load := func(inFile string, flags map[string]string, environ ...string) any {
				dir := folder(t, map[string]string{
					SettingsFile: fileWith(name, inFile), ModelsFile: someModels,
					"one.graphql": "query One { a }", "other.graphql": "query Other { b }",
				})
				p, err := Load(dir, Overrides{Flags: flags}, environ)
				if err != nil {
					t.Fatal(err)
				}
				return value.get(&p.Settings)
			}
			steps := []struct {
				place     string
				got, want any
			}{
				{"larder.yaml", load(value.one, nil), value.isOne},
				{"the environment", load("", nil, variable+"="+value.one), value.isOne},
				{"the flag", load("", map[string]string{name: value.one}), value.isOne},
				{"the environment over larder.yaml", load(value.one, nil, variable+"="+value.other), value.isOther},
				{"an empty variable", load(value.one, nil, variable+"="), value.isOne},
				{"the flag over both", load(value.one, map[string]string{name: value.other}, variable+"="+value.one), value.isOther},
			}
			for _, step := range steps {
				if !reflect.DeepEqual(step.got, step.want) {
					t.Errorf("%s gives %#v, want %#v", step.place, step.got, step.want)
				}
			}
		})
	}
	if len(values) != len(AllSettings()) {
		t.Errorf("%d settings, %d in this test", len(AllSettings()), len(values))
	}
}

// fileWith is a larder.yaml that sets one thing; "" sets nothing.
func fileWith(name, value string) string {
	query := `    query: "{ x }"` + "\n"
	if strings.HasSuffix(name, ".operation") {
		query = `    query: "query One { a } query Other { b }"` + "\n    operation: One\n"
	}
	keys := strings.Split(name, ".")
	key := keys[len(keys)-1]
	line := key + ": " + value
	if key == "query" || key == "token" || key == "database" {
		line = fmt.Sprintf("%s: %q", key, value)
	}
	source := "sources:\n  swapi:\n    url: https://planets.example/\n"
	if setting := "sources.NAME." + key; slices.ContainsFunc(fileSettings(), func(s Setting) bool { return s.Name == setting }) {
		source, query = "sources:\n  swapi:\n    kind: file\n    path: data.json\n", ""
	}
	switch {
	case key == "path" && value != "":
		return strings.Replace(source, "data.json", value, 1)
	case value == "":
		return source + query
	case keys[0] != "sources" && len(keys) == 2:
		return keys[0] + ":\n  " + line + "\n" + source + query
	case keys[0] != "sources":
		return line + "\n" + source + query
	case key == "url":
		return strings.Replace(source, "https://planets.example/", value, 1) + query
	case key == "query" || key == "queryFile":
		return source + "    " + line + "\n"
	case key == "operation":
		return strings.Replace(source+query, "operation: One", line, 1)
	default:
		return source + query + "    " + line + "\n"
	}
}

func TestWrongSettingsAreNamedWithTheirPlace(t *testing.T) {
	tests := []struct{ name, settings, want string }{
		{"an unknown key", "lisen: x\n" + someSettings, `larder.yaml:1:1: there is no setting "lisen": did you mean "listen"?`},
		{"an unknown key of the API", "api:\n  pageSise: 3\n" + someSettings, `larder.yaml:2:3: there is no setting "pageSise": did you mean "pageSize"?`},
		{"an unknown key of a source", someSettings + "    qery: x\n", `larder.yaml:5:5: there is no setting of a source "qery": did you mean "query"?`},
		{"a key far from all", "zzzzzzzzzzzz: 1\n" + someSettings, "expected one of listen, insecure"},
		{"a key twice", "listen: a:1\nlisten: b:2\n" + someSettings, `larder.yaml:2:1: mapping key "listen" already defined`},
		{"broken YAML", "listen: [1\n", "larder.yaml:1:9:"},
		{"a second document", someSettings + "---\nlisten: a:1\n", "larder.yaml:6:1: expected one document"},
		{"a list", "- a\n", "larder.yaml:1:1: expected settings"},
		{"a text for a group", "api: 7\n" + someSettings, "larder.yaml:1:6: expected settings"},
		{"a mapping for a text", "listen: {a: 1}\n" + someSettings, "larder.yaml:1:9: listen: expected one value, found a mapping"},
		{"nothing for a text", "listen:\n" + someSettings, "listen: expected a value, found none"},
		{"an anchor", "listen: &a 127.0.0.1:1\n" + someSettings, "an anchor, alias or tag"},
		{"an address without a port", "listen: localhost\n" + someSettings, `expected host:port, as in 127.0.0.1:8080 or [::1]:8080, found "localhost"`},
		{"a port beyond all", "listen: localhost:70000\n" + someSettings, "expected a port from 0 to 65535"},
		{"a version of zero", "api: {defaultVersion: 0}\n" + someSettings, "expected a whole number from 1 to 1000"},
		{"a default version that is not served", "api:\n  defaultVersion: 1\n  versions:\n    1: {served: false}\n" + someSettings, "larder.yaml:2:19: api.defaultVersion: version 1 is not served: expected one of 2, 3"},
		{"a default version that the models lack", "api: {defaultVersion: 4}\n" + someSettings, "larder.yaml:1:23: api.defaultVersion: version 4 is not served: expected one of 1, 2, 3"},
		{"a version that the models lack", "api:\n  versions:\n    4: {sunset: 2026-01-01}\n" + someSettings, "larder.yaml:3:5: api.versions: there is no version 4: the latest that the models name is 3"},
		{"no version left", "api: {versions: {1: {served: false}, 2: {served: false}, 3: {served: false}}}\n" + someSettings, "larder.yaml:1:18: api.versions: no version is left to serve"},
		{"a version that is no number", "api:\n  versions:\n    v1: {sunset: 2026-01-01}\n" + someSettings, `larder.yaml:3:5: api.versions: expected the number of a version, found "v1"`},
		{"a version of which nothing is said", "api:\n  versions:\n    1: 2026-01-01\n" + someSettings, "larder.yaml:3:5: api.versions: expected what is said of version 1, as in {deprecated: 2026-01-31}, found a single value"},
		{"an unknown word of a version", "api:\n  versions:\n    1: {sunst: 2026-01-01}\n" + someSettings, `larder.yaml:3:9: api.versions: version 1: there is no word for a version "sunst": did you mean "sunset"?`},
		{"a day that there is not", "api:\n  versions:\n    1:\n      deprecated: 2026-02-30\n" + someSettings, `larder.yaml:4:7: api.versions: version 1: deprecated: expected a date like 2026-12-31 or a time like 2026-12-31T12:00:00Z, found "2026-02-30"`},
		{"a sunset before the deprecation", "api:\n  versions:\n    1: {sunset: 2026-01-01, deprecated: 2026-02-01}\n" + someSettings, "larder.yaml:3:5: api.versions: version 1 goes away before it is deprecated"},
		{"a link that is none", "api:\n  versions:\n    1: {link: docs/v2.html}\n" + someSettings, `larder.yaml:3:9: api.versions: version 1: link: expected an address like`},
		{"a fraction for a count", "api: {pageSize: 1.5}\n" + someSettings, `found "1.5"`},
		{"a size without sense", "api: {maxBody: 3 apples}\n" + someSettings, "expected a size like 64MB"},
		{"a size beyond sense", "api: {maxBody: 999999999999GB}\n" + someSettings, "expected a size"},
		{"a time without a unit", "grace: 5\n" + someSettings, "expected a time like 30s"},
		{"a negative time", "grace: -5s\n" + someSettings, "expected a time like 30s"},
		{"yes for true", "insecure: yes\n" + someSettings, `expected true or false, found "yes"`},
		{"an origin with a path", "api: {origins: [https://a.example/x]}\n" + someSettings, "expected an origin"},
		{"an unknown word", "log: {format: xml}\n" + someSettings, `expected auto or text or json, found "xml"`},
		{"a source without address", "sources:\n  swapi:\n    query: '{ a }'\n", "larder.yaml:2:3: the source swapi has no url: add one, or set LARDER_SOURCE_SWAPI_URL"},
		{"a source without query", "sources:\n  swapi:\n    url: http://a/\n", "the source swapi has no query"},
		{"a broken query", "sources:\n  swapi:\n    url: http://a/\n    query: '{ a '\n", "the source swapi: the query is no valid GraphQL at line 1"},
		{"a query and a file", someSettings + "    queryFile: q.graphql\n", "has query and queryFile: remove one"},
		{"a query file that is not there", "sources:\n  swapi:\n    url: http://a/\n    queryFile: q.graphql\n", "larder.yaml:4:16: sources.swapi.queryFile: open"},
		{"an unknown kind", someSettings + "    kind: csv\n", `expected graphql or file, found "csv"`},
		{"a file without path", "sources:\n  lists:\n    kind: file\n", "larder.yaml:2:3: the source lists has no path: add one (or a url), or set LARDER_SOURCE_LISTS_PATH"},
		{"a file with path and url", "sources:\n  lists: {kind: file, path: a.json, url: 'http://a/b.json'}\n", "the source lists: the source has path and url: remove one"},
		{"a file with a query", "sources:\n  lists: {kind: file, path: a.json, query: '{ a }'}\n", "the source lists is a file and has a query"},
		{"a path of no file", "sources:\n  lists: {path: a.json}\n", "the source lists has a path and is no file: add `kind: file`"},
		{"a file that does not tell what it is", "sources:\n  lists: {kind: file, path: a.dat}\n", "the name of a.dat does not tell what it holds: set format to one of json, ndjson, csv, module"},
		{"an unknown format", "sources:\n  lists: {kind: file, path: a.dat, format: xml}\n", `expected json or ndjson or csv or module, found "xml"`},
		{"a module at an address", "sources:\n  lists: {kind: file, url: 'https://a.example/data.ts'}\n", "it must be a file of the project: set path instead of url"},
		{"a delimiter of two", "sources:\n  lists: {kind: file, path: a.csv, delimiter: '||'}\n", `expected one character, or tab, found "||"`},
		{"a quote as delimiter", "sources:\n  lists: {kind: file, path: a.csv, delimiter: '\"'}\n", "cannot be a delimiter"},
		{"too little memory", "sources:\n  lists: {kind: file, path: a.ts, memory: 1KB}\n", "expected a size from 4MiB to 2GiB"},
		{"a source's name with a space", "sources:\n  'a b': {url: x}\n", `"a b" cannot be a source's name`},
		{"a source named as a path of the API", "sources:\n  runs: {url: 'http://a/', query: '{ a }'}\n", `larder.yaml:2:3: "runs" cannot be a source's name, since the API has its runs at /api/_imports/runs`},
		{"two schedules", someSettings + "    every: 1h\n    cron: 0 4 * * *\n", "larder.yaml:2:3: the source swapi: every and cron are given: remove one"},
		{"too few fields of cron", someSettings + "    cron: 0 4 * *\n", `the source swapi: cron: expected minute, hour, day of the month, month and day of the week like 30 4 * * *, found "0 4 * *"`},
		{"a minute that no hour has", someSettings + "    cron: 61 * * * *\n", "above maximum (59)"},
		{"a day that no year has", someSettings + "    cron: 0 0 31 2 *\n", `cron: "0 0 31 2 *" names a day that no year has`},
		{"a word instead of a cron line", someSettings + "    cron: '@every 1s'\n", "found \"@every 1s\""},
		{"a time zone within cron", someSettings + "    cron: TZ=Europe/Berlin 0 4 * * *\n", "set its time zone with timeZone"},
		{"an unknown time zone", someSettings + "    timeZone: Europe/Berlim\n", "expected a name of the IANA time zone database"},
		{"names that share variables", someSettings + "  Swapi:\n    url: http://a/\n    query: '{ a }'\n", `the sources "swapi" and "Swapi" would share their variables`},
		{"a source that is a text", "sources:\n  swapi: x\n", "larder.yaml:2:10: expected the settings of the source swapi"},
		{"sources that are a list", "sources: [a]\n", "expected sources by name"},
		{"a literal token", someSettings + "    token: abcdef\n", "larder.yaml:5:12: sources.swapi.token: a secret stands in larder.yaml"},
		{"a literal header that is secret", someSettings + "    headers: {Authorization: Basic abc}\n", "header Authorization: a secret stands in larder.yaml"},
		{"a password in an address", "database: postgres://me:word@host/db\n" + someSettings, "a password stands in larder.yaml"},
		{"a broken reference", "database: ${no name}\n" + someSettings, "expected ${NAME} or ${file:PATH}, found ${no name}"},
		{"a header of no name", someSettings + "    headers: {'a b': x}\n", "no name of a header"},
		{"a number that JSON lacks", someSettings + "    variables: {n: 0x10}\n", "expected a number as JSON writes it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := loadWith(t, test.settings, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error that says %q, got: %v", test.want, err)
			}
		})
	}
}

func TestAllErrorsAreToldAtOnce(t *testing.T) {
	_, err := loadWith(t, "lisen: a\ngrace: b\n"+someSettings, nil)
	if err == nil || !strings.Contains(err.Error(), "larder.yaml:1:1") || !strings.Contains(err.Error(), "larder.yaml:2:8") {
		t.Errorf("got %v", err)
	}
}

func TestWrongOverridesAreNamed(t *testing.T) {
	tests := []struct {
		flag, value, variable string
		want                  string
	}{
		{"listen", "x", "", "--listen: expected host:port"},
		{"sources.swapi.timeout", "x", "", "--source swapi.timeout: sources.swapi.timeout: expected a time"},
		{"sources.swapy.url", "x", "", `--source swapy.url: there is no source "swapy": did you mean "swapi"?`},
		{"sources.swapi.uri", "x", "", `there is no setting of a source "uri": did you mean "url"?`},
		{"", "", "LARDER_GRACE=soon", "LARDER_GRACE: expected a time"},
		{"", "", "LARDER_SOURCE_SWAPI_RETRIES=many", "LARDER_SOURCE_SWAPI_RETRIES: sources.swapi.retries: expected a whole number"},
	}
	for _, test := range tests {
		t.Run(test.flag+test.variable, func(t *testing.T) {
			flags := map[string]string{}
			if test.flag != "" {
				flags[test.flag] = test.value
			}
			_, err := loadWith(t, someSettings, flags, test.variable)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error that says %q, got: %v", test.want, err)
			}
		})
	}
}

func TestVariablesThatAreNearlySettingsAreNoticed(t *testing.T) {
	p := mustLoad(t, someSettings, nil, "LARDER_LISTN=a:1", "LARDER_PORT=tcp://10.0.0.1:80", "LARDER_SERVICE_HOST=10.0.0.1", "LISTEN=b:1")
	if len(p.Notices) != 1 || !strings.Contains(p.Notices[0], "LARDER_LISTN is no setting and is ignored: did you mean LARDER_LISTEN?") {
		t.Errorf("got %q", p.Notices)
	}
}

func TestModelsAndSourcesMustMeet(t *testing.T) {
	dir := folder(t, map[string]string{SettingsFile: strings.Replace(someSettings, "swapi:", "swappi:", 1), ModelsFile: someModels})
	_, err := Load(dir, Overrides{}, nil)
	if err == nil || !strings.Contains(err.Error(), `models.graphql:1:`) || !strings.Contains(err.Error(), `comes from the source "swapi", which larder.yaml does not declare: did you mean "swappi"?`) {
		t.Errorf("got %v", err)
	}
	p := mustLoad(t, someSettings+"  films:\n    url: http://a/\n    query: '{ a }'\n", nil)
	if len(p.Notices) != 1 || !strings.Contains(p.Notices[0], "larder.yaml:5:3: the source films feeds no model") {
		t.Errorf("got %q", p.Notices)
	}
}

func TestVersionsThatCanCreateNothingAreNoticed(t *testing.T) {
	models := someModels + `
type Jar {
  label: String!
  price: Decimal! @since(version: 2)
  shelf: Int! @default(value: "1") @since(version: 2)
  note: String @since(version: 2)
  maker: String! @readonly @since(version: 2)
  colour: String! @until(version: 3)
  tags: [String!]! @since(version: 3)
}
type Lid @since(version: 2) { size: Int! @since(version: 2) }
`
	for settings, want := range map[string][]string{
		"": {
			"models.graphql:8:3: no Jar can be created in version 1 of the API: Jar.price must have a value and is not there; give it a @default, or let it be null",
			"models.graphql:12:3: no Jar can be created in version 3 of the API: Jar.colour must have a value and is not there; give it a @default, or let it be null",
		},
		"api: {versions: {1: {served: false}, 3: {served: false}}}\n": nil,
	} {
		p, err := Load(folder(t, map[string]string{SettingsFile: settings + someSettings, ModelsFile: models}), Overrides{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.Notices, want) {
			t.Errorf("got %q, want %q", p.Notices, want)
		}
	}
}

func TestDeclarationsOfForeignTablesNeedMigrationsToBeExternal(t *testing.T) {
	models := "type Artist @table(name: \"Artist\") { name: String! }\n"
	_, err := Load(folder(t, map[string]string{"larder.yaml": "listen: 127.0.0.1:1\n", "models.graphql": models}), Overrides{}, nil)
	if want := "models.graphql:1:6: @table is for a database that larder did not make: set migrations: external in larder.yaml, or remove it"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	loaded, err := Load(folder(t, map[string]string{"larder.yaml": "migrations: external\n", "models.graphql": models}), Overrides{}, nil)
	if err != nil || !loaded.Settings.External {
		t.Errorf("got %v", err)
	}
}

func TestFoldersThatAreNoProjects(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"an empty folder", nil, "is no larder project, for it has no larder.yaml"},
		{"no models", map[string]string{SettingsFile: someSettings}, "has no models.graphql"},
		{"broken models", map[string]string{SettingsFile: someSettings, ModelsFile: "type Planet {\n  name: Strin\n}\n"}, "models.graphql:2:"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(folder(t, test.files), Overrides{}, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error that says %q, got: %v", test.want, err)
			}
		})
	}
}

func TestAProjectNeedsNoSettings(t *testing.T) {
	for _, settings := range []string{"", "# only a comment\n", "sources:\n", "sources: {}\n"} {
		dir := folder(t, map[string]string{SettingsFile: settings, ModelsFile: "type Note {\n  text: String!\n}\n"})
		p, err := Load(dir, Overrides{}, nil)
		if err != nil || p.Settings.API.PageSize != 20 || len(p.SourceNames()) != 0 {
			t.Errorf("%q: %v", settings, err)
		}
	}
}

func TestSecretsAreLookedUpLateAndNeverShown(t *testing.T) {
	settings := someSettings + `    token: ${SWAPI_TOKEN}
    headers:
      X-Key: prefix-${file:secrets/key}
    variables: {who: "${WHO}"}
`
	dir := folder(t, map[string]string{
		SettingsFile: "database: postgres://me:${DB_PASSWORD}@db.example/larder\n" + settings,
		ModelsFile:   someModels, "secrets/key": "hush-file\n",
	})
	p, err := Load(dir, Overrides{}, nil)
	if err != nil {
		t.Fatalf("a project loads without its secrets: %v", err)
	}
	for _, use := range []func() error{
		func() error { _, err := p.Open("swapi", Opening{}); return err },
		func() error { _, err := p.Database(); return err },
	} {
		if err := use(); err == nil || !strings.Contains(err.Error(), "the environment has no ") {
			t.Errorf("got %v", err)
		}
	}
	p, err = Load(dir, Overrides{}, []string{"SWAPI_TOKEN=hush-token", "DB_PASSWORD=hush-word", "WHO=hush-who"})
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := p.resolve(p.Settings.Sources["swapi"])
	if err != nil || resolved.Token != "hush-token" || resolved.Headers["X-Key"] != "prefix-hush-file" ||
		string(resolved.Variables) != `{"who":"hush-who"}` {
		t.Errorf("resolved %+v, %v", resolved, err)
	}
	if database, err := p.Database(); err != nil || database != "postgres://me:hush-word@db.example/larder" {
		t.Errorf("database %q, %v", database, err)
	}
	text, err := json.Marshal(p.Settings)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Settings.Sources["swapi"]
	shown := string(text) + fmt.Sprintf("%v %+v %#v %s %q %x %d", p.Settings, *s, *s, s.Token, s.Token, s.Token, s.Token) +
		fmt.Sprintf("%#v", s.Headers)
	if strings.Contains(shown, "hush") || !strings.Contains(shown, "${SWAPI_TOKEN}") || strings.Contains(shown, "prefix-") {
		t.Errorf("shown: %s", shown)
	}
	literal, err := loadWith(t, someSettings, nil, "LARDER_SOURCE_SWAPI_TOKEN=hush-literal")
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v", *literal.Settings.Sources["swapi"]); strings.Contains(shown, "hush") {
		t.Errorf("shown: %s", shown)
	}
}

func TestOpenNamesTheSourceThatWasMeant(t *testing.T) {
	p := mustLoad(t, someSettings, nil)
	if _, err := p.Open("swap", Opening{}); err == nil || !strings.Contains(err.Error(), `did you mean "swapi"?`) {
		t.Errorf("got %v", err)
	}
	none := mustLoad(t, someSettings+"    snapshot: none\n", nil)
	if _, err := none.Open("swapi", Opening{Offline: true}); err == nil || !strings.Contains(err.Error(), "keeps no snapshot") {
		t.Errorf("got %v", err)
	}
	if none.Snapshot("swapi") != "" || p.Snapshot("swapi") != filepath.Join(p.Dir, "snapshots", "swapi.json") {
		t.Errorf("snapshots %q and %q", none.Snapshot("swapi"), p.Snapshot("swapi"))
	}
}

func TestOnlyLoopbackIsListenedOnUnlessAllowed(t *testing.T) {
	for address, loopback := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:1": true, "[::1]:0": true, "localhost:80": true, "LocalHost:80": true,
		"[::ffff:127.0.0.1]:80": true,
		":8080":                 false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false,
		"example.com:80": false, "localhost.example.com:80": false,
	} {
		p := mustLoad(t, someSettings, map[string]string{"listen": address})
		if err := p.Settings.CheckListen(); (err == nil) != loopback {
			t.Errorf("%s: %v", address, err)
		}
		p = mustLoad(t, someSettings, map[string]string{"listen": address, "insecure": "true"})
		if err := p.Settings.CheckListen(); err != nil {
			t.Errorf("%s with --insecure: %v", address, err)
		}
	}
}

func TestDatabasesAreFoundFromTheProject(t *testing.T) {
	absolute := filepath.Join(t.TempDir(), "x.db")
	p := mustLoad(t, someSettings, nil)
	for value, want := range map[string]string{
		"data/x.db": filepath.Join(p.Dir, "data", "x.db"), absolute: absolute, "postgres://h/db": "postgres://h/db",
	} {
		l := &loader{dir: p.Dir}
		secret, err := l.address(given{value: value})
		if err != nil {
			t.Fatal(err)
		}
		p.Settings.Database = secret
		if got, err := p.Database(); err != nil || got != want {
			t.Errorf("%s is at %q, %v", value, got, err)
		}
	}
}

func TestWriteMakesAProjectThatLoads(t *testing.T) {
	long := "query Long {\n" + strings.Repeat("  allPlanets { planets { name } }\n", 50) + "}"
	draft := Draft{
		Models: someModels + "\ntype Film @source(name: \"films\", path: \"films\", key: [\"title\"]) {\n  title: String!\n}\n",
		Sources: []DraftSource{
			{
				Name: "swapi", URL: "https://planets.example/graphql", Query: "query Q($n: Int) {\n  allPlanets(first: $n) {\n    planets {\n      name\n    }\n  }\n}\n",
				Operation: "Q", Variables: map[string]any{"n": 5, "deep": map[string]any{"a": []any{"x", true}}},
				Headers: map[string]string{"X-Team": "larder: # yes"}, Token: "${SWAPI_TOKEN}", Notes: []string{"The planets\nof the films."},
			},
			{Name: "films", URL: "https://films.example/graphql?key=${FILMS_KEY}", Query: long},
		},
	}
	dir := filepath.Join(t.TempDir(), "new", "planets")
	if err := Write(dir, draft); err != nil {
		t.Fatal(err)
	}
	golden(t, "larder.yaml", readText(t, filepath.Join(dir, SettingsFile)))
	p, err := Load(dir, Overrides{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	swapi, films := p.Settings.Sources["swapi"], p.Settings.Sources["films"]
	variables, err := json.Marshal(swapi.Variables)
	if err != nil || string(variables) != `{"deep":{"a":["x",true]},"n":5}` {
		t.Errorf("variables %s, %v", variables, err)
	}
	if swapi.Query != draft.Sources[0].Query || swapi.Headers["X-Team"].text != "larder: # yes" ||
		swapi.Token.text != "${SWAPI_TOKEN}" || swapi.Operation != "Q" {
		t.Errorf("got %+v", swapi)
	}
	if films.QueryFile != "queries/films.graphql" || strings.TrimSpace(films.Query) != long || films.URL.text != draft.Sources[1].URL {
		t.Errorf("got %+v", films)
	}
	if !strings.Contains(readText(t, filepath.Join(dir, ".gitignore")), "larder.db\nlarder.db-*\n") {
		t.Error("the database is not ignored")
	}
}

func TestWriteLeavesNothingOfAProjectThatCannotBe(t *testing.T) {
	busy := folder(t, map[string]string{"notes.txt": "mine"})
	if err := Write(busy, Draft{Models: someModels}); err == nil || !strings.Contains(err.Error(), "is not empty (it holds notes.txt)") {
		t.Errorf("got %v", err)
	}
	for name, s := range map[string]DraftSource{
		"a literal token":          {Name: "a", URL: "http://a/", Query: "{ a }", Token: "hush"},
		"a literal key":            {Name: "a", URL: "http://a/", Query: "{ a }", Headers: map[string]string{"X-Api-Key": "hush"}},
		"a password in an address": {Name: "a", URL: "http://me:hush@a/", Query: "{ a }"},
		"a wrong name":             {Name: "a b", URL: "http://a/", Query: "{ a }"},
	} {
		dir := filepath.Join(t.TempDir(), "new")
		if err := Write(dir, Draft{Models: someModels, Sources: []DraftSource{s}}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s left the folder", name)
		}
	}
}

// golden holds text against a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := readText(t, file); text != want {
		t.Errorf("%s differs; got\n%s", file, text)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestARateHasAUnit(t *testing.T) {
	for text, want := range map[string]float64{"5": 5, "5/s": 5, "90/m": 1.5, "1800 / h": 0.5, "0": 0} {
		if got, err := (given{value: text}).rate(); err != nil || got != want {
			t.Errorf("%s is %g, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "5/d", "/s", "5/s/s", "NaN", "Inf", "1e9"} {
		if got, err := (given{value: text}).rate(); err == nil {
			t.Errorf("%q is %g", text, got)
		}
	}
}

func TestWhatDecidesAnImportHasAFingerprint(t *testing.T) {
	models := `type Planet @source(name: "swapi", path: "allPlanets.planets", key: ["name"]) { name: String! }`
	settings := "sources: {swapi: {url: 'http://one/', query: '{ a }', token: '${ONE}', headers: {X-Team: one}}}"
	load := func(settings, models string, environ ...string) *Project {
		t.Helper()
		dir := t.TempDir()
		for name, text := range map[string]string{SettingsFile: settings, ModelsFile: models} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := Load(dir, Overrides{}, environ)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := load(settings, models).Fingerprint("swapi")
	if again := load(settings, models, "LARDER_SOURCE_SWAPI_TOKEN=hush").Fingerprint("swapi"); again == first {
		t.Error("another kind of token is no change")
	} else if other := load(settings, models, "LARDER_SOURCE_SWAPI_TOKEN=other").Fingerprint("swapi"); other != again {
		t.Error("the fingerprint knows the secret")
	}
	if again := load(settings, models).Fingerprint("swapi"); again != first {
		t.Error("the same project has two fingerprints")
	}
	for from, to := range map[string]string{"http://one/": "http://two/", "{ a }": "{ b }", "X-Team: one": "X-Team: two", "query:": "partial: allow, query:"} {
		if again := load(strings.Replace(settings, from, to, 1), models).Fingerprint("swapi"); again == first {
			t.Errorf("%q for %q is no change", to, from)
		}
	}
	if again := load(settings, strings.Replace(models, "String! }", "String! @unique }", 1)).Fingerprint("swapi"); again == first {
		t.Error("another model is no change")
	}
}
