package project

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readSettings applies larder.yaml.
func (l *loader) readSettings() error {
	text, err := l.readFile(SettingsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is no larder project, for it has no %s: name a project's folder, or make one with `larder new`",
			l.dir, SettingsFile)
	}
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		at := syntax.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", SettingsFile, at.Line, at.Column, syntax.GetMessage())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", SettingsFile, err)
	}
	if len(file.Docs) > 1 {
		return fmt.Errorf("%s:%d:1: expected one document, found a second", SettingsFile,
			file.Docs[1].GetToken().Position.Line)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil // every setting has a default
	}
	if _, onlyComments := file.Docs[0].Body.(*ast.CommentGroupNode); onlyComments {
		return nil
	}
	l.members(file.Docs[0].Body, "")
	return errors.Join(l.errs...)
}

// position names a place in larder.yaml.
func position(node ast.Node) string {
	at := node.GetToken().Position
	return fmt.Sprintf("%s:%d:%d", SettingsFile, at.Line, at.Column)
}

// members applies the members of a mapping whose settings begin with prefix.
func (l *loader) members(node ast.Node, prefix string) {
	if prefix == "sources." {
		l.sources(node)
		return
	}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		l.fail(place(node, prefix), fmt.Errorf("expected settings, as in `listen: 127.0.0.1:8080`, found %s", nodeName(node)))
		return
	}
	for _, member := range mapping.Values {
		l.member(member, prefix)
	}
}

// place is where a value stands, as far as one that is missing has a place.
func place(node ast.Node, prefix string) string {
	if node == nil {
		return SettingsFile + ": " + strings.TrimSuffix(prefix, ".")
	}
	return position(node)
}

func (l *loader) member(member *ast.MappingValueNode, prefix string) {
	name := prefix + keyOf(member)
	settings := AllSettings()
	i := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })
	if i >= 0 && !settings[i].OfSource() {
		g := given{place: position(member.Value), file: true, node: member.Value}
		if err := settings[i].take(l, g); err != nil {
			l.fail(g.place, fmt.Errorf("%s: %w", name, err))
		}
		return
	}
	keys := []string{}
	for _, s := range settings {
		if strings.HasPrefix(s.Name, name+".") {
			l.members(member.Value, name+".")
			return
		}
		if rest, ok := strings.CutPrefix(s.Name, prefix); ok {
			key, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	l.fail(position(member.Key), unknown("setting", keyOf(member), keys))
}

// sources applies the declarations of sources.
func (l *loader) sources(node ast.Node) {
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		if _, none := node.(*ast.NullNode); !none {
			l.fail(place(node, "sources."), fmt.Errorf("expected sources by name, found %s", nodeName(node)))
		}
		return
	}
	for _, member := range mapping.Values {
		name := keyOf(member)
		if l.addSource(name, position(member.Key)); l.settings.Sources[name] == nil {
			continue
		}
		declaration, ok := member.Value.(*ast.MappingNode)
		if !ok {
			l.fail(position(member.Value), fmt.Errorf("expected the settings of the source %s, found %s", name, nodeName(member.Value)))
			continue
		}
		l.source(name, declaration)
	}
}

func (l *loader) source(name string, declaration *ast.MappingNode) {
	settings, keys := sourceSettings(), sourceKeys()
	seen := map[string]bool{}
	for _, member := range declaration.Values {
		key := keyOf(member)
		i := slices.Index(keys, key)
		if i < 0 {
			l.fail(position(member.Key), unknown("setting of a source", key, keys))
			continue
		}
		seen[key] = true
		l.setSource(settings[i], name, given{place: position(member.Value), file: true, node: member.Value})
	}
	if seen["query"] && seen["queryFile"] {
		l.fail(l.settings.Sources[name].place, fmt.Errorf("the source %s has query and queryFile: remove one", name))
	}
}
