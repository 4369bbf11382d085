package rest

import (
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) node {
	t.Helper()
	n, err := parseJSON([]byte(text), 100)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

// The cases are the examples of RFC 7396, appendix A.
func TestMergePatchDoesWhatItsRFCSays(t *testing.T) {
	for _, test := range []struct{ original, patch, result string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		t.Run(test.patch+" on "+test.original, func(t *testing.T) {
			original, patch := parsed(t, test.original), parsed(t, test.patch)
			result := mergePatch(&original, &patch)
			if got := string(result.render()); got != test.result {
				t.Errorf("got %s, expected %s", got, test.result)
			}
		})
	}
}

// The cases are the examples of RFC 6902, appendix A, and what they leave out.
func TestJSONPatchDoesWhatItsRFCSays(t *testing.T) {
	for _, test := range []struct{ name, document, patch, result, failure string }{
		{"add a member", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"foo":"bar","baz":"qux"}`, ""},
		{"add an element", `{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`, ""},
		{"remove a member", `{"baz":"qux","foo":"bar"}`, `[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`, ""},
		{"remove an element", `{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`, ""},
		{"replace a value", `{"baz":"qux","foo":"bar"}`, `[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo","foo":"bar"}`, ""},
		{"move a value", `{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`, `[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`, ""},
		{"move an element", `{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`, ""},
		{"test a value that is so", `{"baz":"qux","foo":["a",2,"c"]}`, `[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]`, `{"baz":"qux","foo":["a",2,"c"]}`, ""},
		{"test a value that is not", `{"baz":"qux"}`, `[{"op":"test","path":"/baz","value":"bar"}]`, "", `operation 0 (test /baz): expected "bar", the record has "qux"; nothing was changed`},
		{"add a nested object", `{"foo":"bar"}`, `[{"op":"add","path":"/child","value":{"grandchild":{}}}]`, `{"foo":"bar","child":{"grandchild":{}}}`, ""},
		{"ignore members it does not know", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"foo":"bar","baz":"qux"}`, ""},
		{"add to what is not there", `{"foo":"bar"}`, `[{"op":"add","path":"/baz/bat","value":"qux"}]`, "", `operation 0 (add /baz/bat): there is nothing to add to at /baz; nothing was changed`},
		{"escape names", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10}]`, `{"/":9,"~1":10}`, ""},
		{"tell strings from numbers", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":"10"}]`, "", `operation 0 (test /~01): expected "10", the record has 10; nothing was changed`},
		{"add an array as one element", `{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["abc","def"]}]`, `{"foo":["bar",["abc","def"]]}`, ""},
		{"replace the whole", `{"foo":"bar"}`, `[{"op":"replace","path":"","value":{"a":1}}]`, `{"a":1}`, ""},
		{"copy a value and leave the original alone", `{"a":{"x":[1]}}`, `[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/x/-","value":2}]`, `{"a":{"x":[1]},"b":{"x":[1,2]}}`, ""},
		{"add into a value of the patch twice", `{}`, `[{"op":"add","path":"/a","value":[1]},{"op":"add","path":"/b","value":[1]},{"op":"add","path":"/a/-","value":2}]`, `{"a":[1,2],"b":[1]}`, ""},
		{"replace what is not there", `{}`, `[{"op":"replace","path":"/a","value":1}]`, "", `operation 0 (replace /a): there is no such value; nothing was changed`},
		{"remove what is not there", `{"a":[1]}`, `[{"op":"remove","path":"/a/1"}]`, "", `operation 0 (remove /a/1): there is no such value; nothing was changed`},
		{"an index with a leading zero", `{"a":[1,2]}`, `[{"op":"remove","path":"/a/01"}]`, "", `operation 0 (remove /a/01): there is no such value; nothing was changed`},
		{"move a value into itself", `{"a":{"b":1}}`, `[{"op":"move","from":"/a","path":"/a/b"}]`, "", `operation 0 (move /a/b): a value cannot be moved into itself; nothing was changed`},
		{"remove the whole", `{}`, `[{"op":"remove","path":""}]`, "", `operation 0 (remove ): the whole record cannot be removed by a patch; use DELETE; nothing was changed`},
		{"test large numbers exactly", `{"n":9007199254740993}`, `[{"op":"test","path":"/n","value":9007199254740992}]`, "", `operation 0 (test /n): expected 9007199254740992, the record has 9007199254740993; nothing was changed`},
		{"test numbers by value", `{"n":[1,100,0.5,-0,12300]}`, `[{"op":"test","path":"/n","value":[1.0,1e2,5E-1,0,1.23e4]}]`, `{"n":[1,100,0.5,-0,12300]}`, ""},
		{"test objects whatever their order", `{"o":{"a":1,"b":"\u0041"}}`, `[{"op":"test","path":"/o","value":{"b":"A","a":1}}]`, `{"o":{"a":1,"b":"\u0041"}}`, ""},
		{"an unknown operation", `{}`, `[{"op":"spam","path":"/a"}]`, "", `operation 0: "spam" is no operation; there are add, remove, replace, move, copy and test`},
		{"an operation without its path", `{}`, `[{"op":"add","value":1}]`, "", `operation 0: expected a string "path"`},
		{"an operation without its value", `{}`, `[{"op":"add","path":"/a"}]`, "", `operation 0: add needs a "value"`},
		{"a pointer that is none", `{}`, `[{"op":"remove","path":"a"}]`, "", `operation 0: the pointer "a" does not begin with "/"`},
		{"an object", `{}`, `{"op":"remove","path":"/a"}`, "", `expected an array of operations, came an object`},
	} {
		t.Run(test.name, func(t *testing.T) {
			document, patch := parsed(t, test.document), parsed(t, test.patch)
			operations, err := readPatch(&patch)
			if err == nil {
				err = applyPatch(&document, operations, 1000)
			}
			if test.failure != "" {
				if err == nil || !strings.HasSuffix(err.Error(), test.failure) {
					t.Errorf("got %v, expected %s", err, test.failure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := string(document.render()); got != test.result {
				t.Errorf("got %s, expected %s", got, test.result)
			}
		})
	}
}

func TestAJSONPatchThatCopiesItselfEndlesslyIsStopped(t *testing.T) {
	document := parsed(t, `{"a":["`+strings.Repeat("x", 100)+`"]}`)
	patch := parsed(t, "["+strings.TrimSuffix(strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 40), ",")+"]")
	operations, err := readPatch(&patch)
	if err != nil {
		t.Fatal(err)
	}
	if err := applyPatch(&document, operations, 10_000); err == nil || !strings.Contains(err.Error(), "larger than the 10000 bytes") {
		t.Errorf("got %v", err)
	}
}

func FuzzJSONPatch(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `[{"op":"add","path":"/a/0","value":{}},{"op":"move","from":"/a/0","path":"/c"}]`)
	f.Add(`{"a":[1]}`, `[{"op":"copy","from":"/a","path":"/a/-"},{"op":"remove","path":"/a/0"}]`)
	f.Fuzz(func(t *testing.T, documentText, patchText string) {
		document, err := parseJSON([]byte(documentText), 100)
		if err != nil {
			return
		}
		patch, err := parseJSON([]byte(patchText), 100)
		if err != nil {
			return
		}
		operations, err := readPatch(&patch)
		if err != nil {
			return
		}
		before := document.clone()
		patched := document.clone()
		if applyPatch(&patched, operations, 10_000) == nil {
			if _, err := parseJSON(patched.render(), 10_000); err != nil {
				t.Fatalf("the result is no JSON: %s: %v", patched.render(), err)
			}
		}
		if !equalNodes(&document, &before) {
			t.Fatal("the original was changed")
		}
	})
}
