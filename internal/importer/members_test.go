package importer

import (
	"encoding/json"
	"testing"
)

// FuzzMembersOf holds the splitter against encoding/json.
func FuzzMembersOf(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a" : "x,}\"" , "b":[1,{"c":"]"}], "c\u0041\n":null}`, `{"a":1,"a":2}`, `[]`, `null`, `7`, `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := membersOf(text)
		if !json.Valid(text) {
			return // it must only not panic
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			want = nil
		}
		if len(want) == 0 && len(got) == 0 {
			if (want == nil) != (got == nil) {
				t.Fatalf("%s: got %v, want %v", text, got, want)
			}
			return
		}
		for name := range got { // encoding/json keeps the space inside of values as it is
			if raw, ok := want[name]; !ok || string(raw) != string(got[name]) {
				t.Fatalf("%s: member %q is %s, want %s", text, name, got[name], raw)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: got %v, want %v", text, got, want)
		}
	})
}
