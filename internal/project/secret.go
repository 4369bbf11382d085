package project

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Secret is a text that may refer to secrets: "Bearer ${SWAPI_TOKEN}",
// "${file:/run/secrets/token}". References are looked up as late as
// [Secret.Resolve], and no way of printing a Secret shows more than them.
type Secret struct {
	text   string
	dir    string // relative files are below it
	lookup func(name string) (string, bool)
}

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

// variableName is POSIX's form of an environment variable's name.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// NewSecret checks the form of the references in text. Files are found from
// dir; environ has the form of [os.Environ].
func NewSecret(text, dir string, environ []string) (Secret, error) {
	return newSecret(text, dir, lookupIn(environ))
}

func newSecret(text, dir string, lookup func(string) (string, bool)) (Secret, error) {
	for _, found := range reference.FindAllStringSubmatch(text, -1) {
		inner := found[1]
		if path, isFile := strings.CutPrefix(inner, "file:"); isFile && path != "" || variableName.MatchString(inner) {
			continue
		}
		return Secret{}, fmt.Errorf("expected ${NAME} or ${file:PATH}, found ${%s}", inner)
	}
	return Secret{text: text, dir: dir, lookup: lookup}, nil
}

// lookupIn finds variables in an environment; the last of a name counts, as
// for [os/exec.Cmd].
func lookupIn(environ []string) func(string) (string, bool) {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// Given reports whether there is any text.
func (s Secret) Given() bool { return s.text != "" }

// Refers reports whether the text holds a reference.
func (s Secret) Refers() bool { return reference.MatchString(s.text) }

// Resolve returns the text with every reference replaced by what it stands
// for. A file's trailing line break is no part of the secret. The error names
// the reference, never a value.
func (s Secret) Resolve() (string, error) {
	var failed error
	text := reference.ReplaceAllStringFunc(s.text, func(found string) string {
		value, err := s.value(found[2 : len(found)-1])
		if err != nil && failed == nil {
			failed = err
		}
		return value
	})
	return text, failed
}

func (s Secret) value(inner string) (string, error) {
	path, isFile := strings.CutPrefix(inner, "file:")
	if !isFile {
		value, ok := s.lookup(inner)
		if !ok {
			return "", fmt.Errorf("the environment has no %s, which ${%s} refers to: set it", inner, inner)
		}
		return value, nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, path)
	}
	content, err := os.ReadFile(path) //nolint:gosec // the project's owner names the file
	if err != nil {
		return "", fmt.Errorf("${%s}: %w", inner, err)
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// String is the text with everything but its references hidden.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	references := reference.FindAllString(s.text, -1)
	if len(references) == 0 {
		return "[secret]"
	}
	return strings.Join(references, "")
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return s.String() }

// Format hides the text from every other verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(s.String())) }

// MarshalText hides the text from JSON, YAML and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
