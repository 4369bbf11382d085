package project

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/source"
)

const fileModels = `type List @source(name: "lists", path: "", key: ["name"]) { name: String! @unique }`

func TestFilesAreReadFromTheProject(t *testing.T) {
	files := map[string]string{
		SettingsFile: "sources:\n  lists:\n    kind: file\n    path: app/lists.json\n",
		ModelsFile:   fileModels, "app/lists.json": `[{"name": "one"}]`, "other.csv": "name\ntwo\nthree\n",
	}
	for place, test := range map[string]struct {
		environ []string
		want    int
		offline bool
	}{
		"larder.yaml":     {nil, 1, false},
		"offline":         {nil, 1, true},
		"the environment": {[]string{"LARDER_SOURCE_LISTS_PATH=other.csv"}, 2, false},
	} {
		p, err := Load(folder(t, files), Overrides{}, test.environ)
		if err != nil {
			t.Fatal(err)
		}
		if p.Snapshot("lists") != "" {
			t.Errorf("a file has the snapshot %s", p.Snapshot("lists"))
		}
		from, err := p.Open("lists", Opening{Offline: test.offline})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(fetched(t, from)); got != test.want {
			t.Errorf("%s: got %d records, want %d", place, got, test.want)
		}
	}
}

func fetched(t *testing.T, from source.Source) []source.Record {
	t.Helper()
	answer, err := from.Fetch(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close() //nolint:errcheck // a test's file
	var records []source.Record
	for record, err := range answer.Records("") {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

func TestAnAddressTakesThePlaceOfAPath(t *testing.T) {
	files := map[string]string{
		SettingsFile: "sources:\n  lists:\n    kind: file\n    path: lists.json\n", ModelsFile: fileModels,
	}
	p, err := Load(folder(t, files), Overrides{}, []string{"LARDER_SOURCE_LISTS_URL=https://lists.example/a.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open("lists", Opening{}); err != nil {
		t.Errorf("open the address: %v", err)
	}
	if _, err := p.Open("lists", Opening{Offline: true}); err == nil || !strings.Contains(err.Error(), "cannot be read offline") {
		t.Errorf("offline: %v", err)
	}
}

func TestWriteMakesAProjectOfFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shopping")
	draft := Draft{Models: fileModels, Sources: []DraftSource{
		{Name: "lists", Path: "app/data/data.ts", Notes: []string{"The lists of the application."}},
		{Name: "prices", URL: "https://prices.example/today?key=${PRICES_KEY}", Format: "csv"},
	}}
	if err := Write(dir, draft); err != nil {
		t.Fatal(err)
	}
	golden(t, "files.yaml", readText(t, filepath.Join(dir, SettingsFile)))
	p, err := Load(dir, Overrides{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lists, prices := p.Settings.Sources["lists"], p.Settings.Sources["prices"]
	if lists.Kind != kindFile || lists.Path != "app/data/data.ts" || lists.URL.Given() {
		t.Errorf("got %+v", lists)
	}
	if prices.Kind != kindFile || prices.Format != source.CSV || prices.URL.text != draft.Sources[1].URL {
		t.Errorf("got %+v", prices)
	}
}
