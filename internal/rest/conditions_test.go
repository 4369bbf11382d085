package rest

import (
	"net/http/httptest"
	"testing"
)

func TestEntityTagsAreComparedAsTheRFCSays(t *testing.T) {
	for _, test := range []struct {
		name, header string
		strong, weak bool
	}{
		{"the tag", `"abc"`, true, true},
		{"another tag", `"abd"`, false, false},
		{"any", `*`, true, true},
		{"a weak tag counts in weak comparison only", `W/"abc"`, false, true},
		{"one of several", `"x", W/"y","abc"`, true, true},
		{"the tag with the suffix of gzip", `"abc-gzip"`, true, true},
		{"the tag with the suffix of zstd", `"abc-zstd"`, true, true},
		{"the tag with another suffix", `"abc-br"`, false, false},
		{"a tag without quotes is none", `abc`, false, false},
		{"a tag with one quote is none", `"abc`, false, false},
		{"nothing", ``, false, false},
		{"a comma within a tag", `"x,", "abc"`, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := listed([]string{test.header}, `"abc"`, false); got != test.strong {
				t.Errorf("strong comparison of %s: got %t", test.header, got)
			}
			if got := listed([]string{test.header}, `"abc"`, true); got != test.weak {
				t.Errorf("weak comparison of %s: got %t", test.header, got)
			}
			if listed([]string{test.header}, "", true) {
				t.Error("what does not exist has no tag")
			}
		})
	}
}

func TestTheCodingOfAnAnswerIsNegotiated(t *testing.T) {
	for _, test := range []struct{ accept, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"gzip, deflate, br, zstd", "zstd"},
		{"gzip, zstd;q=0.5", "gzip"},
		{"gzip;q=0, zstd;q=0", ""},
		{"*", "zstd"},
		{"*, zstd;q=0", "gzip"},
		{"identity", ""},
		{"br", ""},
		{"X-Gzip", "gzip"},
		{"gzip;q=abc", ""},
	} {
		if got := acceptCoding([]string{test.accept}); got != test.want {
			t.Errorf("Accept-Encoding: %s: got %q, expected %q", test.accept, got, test.want)
		}
	}
}

func TestTheFormOfAnAnswerIsNegotiated(t *testing.T) {
	for _, test := range []struct {
		accept   string
		want     accepted
		accepted bool
	}{
		{"", accepted{}, true},
		{"*/*", accepted{}, true},
		{"application/json", accepted{}, true},
		{"Application/JSON; charset=UTF-8", accepted{}, true},
		{"application/json;version=2", accepted{version: "2"}, true},
		{`application/json; version="2"; q=0.5, text/html`, accepted{version: "2"}, true},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", accepted{}, true},
		{"application/vnd.pgrst.object+json", accepted{singular: true}, true},
		{"application/json;q=0.5, application/vnd.pgrst.object+json", accepted{singular: true}, true},
		{"application/vnd.pgrst.object+json;nulls=stripped", accepted{}, false},
		{"text/csv", accepted{}, false},
		{"text/html,", accepted{}, false},
		{"application/json;q=0", accepted{}, false},
		{"application/json;charset=latin1", accepted{}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", test.accept)
		got, err := accept(r)
		if got != test.want || (err == nil) != test.accepted {
			t.Errorf("Accept: %s: got %+v, %v", test.accept, got, err)
		}
	}
}

func TestARequestIDIsTakenOnlyWhenItIsSane(t *testing.T) {
	for id, want := range map[string]bool{
		"7b1f-4": true, "a:b/c=": true, "": false, "a b": false, "a\nb": false, "ä": false, `"`: false,
	} {
		if got := saneID(id); got != want {
			t.Errorf("%q: got %t", id, got)
		}
	}
}
