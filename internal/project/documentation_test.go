package project

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestTheDocumentationNamesEverySetting holds docs/configuration.md against the
// table of settings; -update writes its table anew.
func TestTheDocumentationNamesEverySetting(t *testing.T) {
	const file, begin, end = "../../docs/configuration.md", "<!-- settings: begin -->\n", "<!-- settings: end -->\n"
	text := readText(t, file)
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", file)
	}
	want := before + begin + "\n" + documentation() + "\n" + end + after
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if text != want {
		t.Errorf("%s differs from the table of settings: run this test with -update", file)
	}
}

// documentation is the table of settings as docs/configuration.md has it.
func documentation() string {
	var text strings.Builder
	for _, group := range []struct {
		title  string
		member func(Setting) bool
	}{
		{"The project and its server", func(s Setting) bool { return !s.OfSource() && !strings.HasPrefix(s.Name, "api.") }},
		{"The API", func(s Setting) bool { return strings.HasPrefix(s.Name, "api.") }},
		{"Sources", Setting.OfSource},
	} {
		fmt.Fprintf(&text, "### %s\n\n| setting | flag and variable | default | what it is |\n| --- | --- | --- | --- |\n", group.title)
		for _, s := range AllSettings() {
			if !group.member(s) {
				continue
			}
			flag, standard := "--"+s.Flag(), "none"
			if s.OfSource() {
				flag = "--source NAME." + strings.TrimPrefix(s.Name, "sources.NAME.") + "=VALUE"
			}
			if s.Default != "" {
				standard = "`" + s.Default + "`"
			}
			fmt.Fprintf(&text, "| `%s` | `%s`<br>`%s` | %s | %s (%s) |\n", s.Name, flag, s.Environment(), standard, s.Description, s.Form)
		}
		text.WriteString("\n")
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func TestNamesOfFlagsAndVariablesFollowOneRule(t *testing.T) {
	got := map[string]string{}
	for _, s := range AllSettings() {
		if previous, taken := got[s.Environment()]; taken {
			t.Errorf("%s and %s share %s", s.Name, previous, s.Environment())
		}
		got[s.Environment()] = s.Name
	}
	for variable, name := range map[string]string{
		"LARDER_LISTEN": "listen", "LARDER_DATABASE": "database", "LARDER_SOURCE_NAME_URL": "sources.NAME.url",
		"LARDER_API_MAX_PAGE_SIZE": "api.maxPageSize", "LARDER_SOURCE_NAME_QUERY_FILE": "sources.NAME.queryFile",
	} {
		if got[variable] != name {
			t.Errorf("%s sets %q; there are %v", variable, got[variable], slices.Sorted(maps.Keys(got)))
		}
	}
	if got := environmentName("sources.my-own_2.url"); got != "LARDER_SOURCE_MY_OWN_2_URL" {
		t.Errorf("got %s", got)
	}
}
