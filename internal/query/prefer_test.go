package query_test

import (
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/query"
)

func TestParsePreferences(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		applied string
	}{
		{"none", nil, ""},
		{"one", []string{"return=representation"}, "return=representation"},
		{
			"all of them, echoed in a fixed order",
			[]string{"max-affected=5, handling=strict, tx=commit, count=exact, return=minimal, missing=default, resolution=merge-duplicates"},
			"resolution=merge-duplicates, missing=default, return=minimal, count=exact, tx=commit, handling=strict, max-affected=5",
		},
		{"several headers", []string{"return=headers-only", "count=planned"}, "return=headers-only, count=planned"},
		{"the first of two counts", []string{"return=minimal, return=representation"}, "return=minimal"},
		{"spaces, case and quotes", []string{`  Return = "minimal" ;x=y ,, COUNT=estimated `}, "return=minimal, count=estimated"},
		{"unknown ones are ignored", []string{"respond-async, return=everything, wait=10, missing=null"}, "missing=null"},
		{"what is not understood does not hide what is", []string{"return=x, return=minimal"}, "return=minimal"},
		{"lenient handling", []string{"handling=lenient, foo=bar, resolution=ignore-duplicates"}, "resolution=ignore-duplicates, handling=lenient"},
		{"a bound of zero", []string{"max-affected=0"}, "max-affected=0"},
		{"a negative bound is none", []string{"max-affected=-1"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			preferences, err := query.ParsePreferences(test.headers)
			if err != nil {
				t.Fatal(err)
			}
			if got := preferences.Applied(); got != test.applied {
				t.Errorf("got %q, want %q", got, test.applied)
			}
		})
	}
}

func TestStrictPreferencesAreListed(t *testing.T) {
	_, err := query.ParsePreferences([]string{"handling=strict, foo=bar, return=minimal", "anything"})
	refused(t, err, query.CodePreference, "foo=bar, anything")
	_, err = query.ParsePreferences([]string{"a, b, c, d, handling=strict"})
	refused(t, err, query.CodePreference, "a, b and 2 more")
	_, err = query.ParsePreferences([]string{"handling=strict, max-affected=many"})
	refused(t, err, query.CodePreference, "max-affected=many")
	_, err = query.ParsePreferences([]string{"tx=rollback"})
	refused(t, err, query.CodeUnsupported, "tx=rollback")
}

func TestParseRange(t *testing.T) {
	tests := []struct {
		header        string
		offset, limit int
	}{
		{"0-24", 0, 25},
		{"items=0-24", 0, 25},
		{" Items = 5-5 ", 5, 1},
		{"10-", 10, -1},
		{"bytes=0-99", 0, -1},
		{"", 0, -1},
	}
	for _, test := range tests {
		offset, limit, err := query.ParseRange(test.header)
		if err != nil || offset != test.offset || limit != test.limit {
			t.Errorf("ParseRange(%q) = %d, %d, %v, want %d, %d", test.header, offset, limit, err, test.offset, test.limit)
		}
	}
	for _, header := range []string{"x", "-5", "1", "1-x", "0-1,4-5", "items=a-b", "99999999999999999999-", "0-9223372036854775807", "+1-2", strings.Repeat("9", 500) + "-"} {
		_, _, err := query.ParseRange(header)
		refused(t, err, query.CodeParse, "cannot read the Range header")
	}
	_, _, err := query.ParseRange("9-3")
	refused(t, err, query.CodeRange, "comes before the first")
}

func FuzzPreferences(f *testing.F) {
	f.Add("return=minimal, count=exact; x=y, handling=strict, foo")
	f.Add(`RETURN="representation",,max-affected=3,tx=commit`)
	f.Fuzz(func(t *testing.T, header string) {
		preferences, err := query.ParsePreferences([]string{header})
		if err != nil {
			return
		}
		again, err := query.ParsePreferences([]string{preferences.Applied()})
		if err != nil || again != preferences {
			t.Errorf("%q is %+v, but its echo %q is %+v (%v)", header, preferences, preferences.Applied(), again, err)
		}
	})
}
