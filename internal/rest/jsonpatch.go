package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/statement"
)

// A JSON Patch (RFC 6902) is applied here and not by a library, because test
// must compare numbers exactly: 9007199254740993 is not 9007199254740992, and
// 1.0 is 1.

// patchLimit bounds the operations of one JSON patch.
const patchLimit = 1000

// patchOperation is one operation of a JSON patch.
type patchOperation struct {
	op         string
	path, from []string
	value      *node
}

// readPatch reads the document of a JSON patch.
func readPatch(document *node) ([]patchOperation, error) {
	if document.kind != arrayNode {
		return nil, badPatch("expected an array of operations, came %s", document.kind)
	}
	if len(document.elements) > patchLimit {
		return nil, badPatch("at most %d operations are allowed, came %d", patchLimit, len(document.elements))
	}
	operations := make([]patchOperation, 0, len(document.elements))
	for i := range document.elements {
		operation, err := readOperation(&document.elements[i])
		if err != nil {
			return nil, badPatch("operation %d: %s", i, err)
		}
		operations = append(operations, operation)
	}
	return operations, nil
}

func badPatch(format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, code: codePatch, message: "the body is no JSON patch", details: fmt.Sprintf(format, args...)}
}

func readOperation(n *node) (patchOperation, error) {
	if n.kind != objectNode {
		return patchOperation{}, fmt.Errorf("expected an object, came %s", n.kind)
	}
	text := func(name string) (string, error) {
		m := n.member(name)
		if m == nil || m.kind != stringNode {
			return "", fmt.Errorf("expected a string %q", name)
		}
		return m.text(), nil
	}
	var operation patchOperation
	var err error
	if operation.op, err = text("op"); err != nil {
		return operation, err
	}
	path, err := text("path")
	if err != nil {
		return operation, err
	}
	if operation.path, err = parsePointer(path); err != nil {
		return operation, err
	}
	switch operation.op {
	case "add", "replace", "test":
		if operation.value = n.member("value"); operation.value == nil {
			return operation, fmt.Errorf("%s needs a \"value\"", operation.op)
		}
	case "move", "copy":
		from, err := text("from")
		if err != nil {
			return operation, err
		}
		if operation.from, err = parsePointer(from); err != nil {
			return operation, err
		}
	case "remove":
	default:
		return operation, fmt.Errorf("%q is no operation; there are add, remove, replace, move, copy and test", abbreviate(operation.op))
	}
	return operation, nil
}

// parsePointer splits a JSON Pointer (RFC 6901) into its names.
func parsePointer(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if text[0] != '/' {
		return nil, fmt.Errorf("the pointer %q does not begin with \"/\"", abbreviate(text))
	}
	names := strings.Split(text[1:], "/")
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for i := range names {
		names[i] = unescape.Replace(names[i])
	}
	return names, nil
}

// applyPatch applies the operations to a document in turn, all or none: the
// document is spoilt after an error. copyLimit bounds the bytes that copy
// operations make in all, since a few of them could fill the memory.
func applyPatch(document *node, operations []patchOperation, copyLimit int) error {
	copied := 0
	for i := range operations {
		operation := &operations[i]
		if operation.op == "copy" {
			if source := find(document, operation.from); source != nil {
				copied += len(source.render())
			}
			if copied > copyLimit {
				return badPatch("operation %d: the copies are larger than the %d bytes allowed", i, copyLimit)
			}
		}
		if err := operation.apply(document); err != nil {
			p := &problem{status: http.StatusConflict, code: codePatch, message: "the JSON patch cannot be applied to the record"}
			if operation.op == "test" {
				p.code, p.message = codePatchTest, "a test of the JSON patch failed"
			}
			p.details = fmt.Sprintf("operation %d (%s %s): %s; nothing was changed", i, operation.op, abbreviate(pointer(operation.path...)), err)
			return p
		}
	}
	return nil
}

func (o *patchOperation) apply(document *node) error {
	switch o.op {
	case "add":
		return add(document, o.path, o.value.clone())
	case "remove":
		_, err := remove(document, o.path)
		return err
	case "replace":
		target := find(document, o.path)
		if target == nil {
			return fmt.Errorf("there is no such value")
		}
		*target = o.value.clone()
	case "move":
		if len(o.path) > len(o.from) && slices.Equal(o.path[:len(o.from)], o.from) {
			return fmt.Errorf("a value cannot be moved into itself")
		}
		value, err := remove(document, o.from)
		if err != nil {
			return fmt.Errorf("from %s: %w", abbreviate(pointer(o.from...)), err)
		}
		return add(document, o.path, value)
	case "copy":
		source := find(document, o.from)
		if source == nil {
			return fmt.Errorf("there is no value at %s", abbreviate(pointer(o.from...)))
		}
		return add(document, o.path, source.clone())
	case "test":
		target := find(document, o.path)
		if target == nil {
			return fmt.Errorf("there is no such value")
		}
		if !equalNodes(target, o.value) {
			return fmt.Errorf("expected %s, the record has %s", abbreviate(string(o.value.render())), abbreviate(string(target.render())))
		}
	}
	return nil
}

// find returns the value at a path, or nil.
func find(document *node, path []string) *node {
	current := document
	for _, name := range path {
		switch current.kind {
		case objectNode:
			current = current.member(name)
		case arrayNode:
			index, ok := elementIndex(name, len(current.elements)-1)
			if !ok {
				return nil
			}
			current = &current.elements[index]
		default:
			return nil
		}
		if current == nil {
			return nil
		}
	}
	return current
}

// elementIndex reads an array index, which has no leading zero (RFC 6901
// section 4) and is at most last.
func elementIndex(name string, last int) (int, bool) {
	index, err := strconv.Atoi(name)
	if err != nil || strconv.Itoa(index) != name || index < 0 || index > last {
		return 0, false
	}
	return index, true
}

func add(document *node, path []string, value node) error {
	if len(path) == 0 {
		*document = value
		return nil
	}
	name := path[len(path)-1]
	parent := find(document, path[:len(path)-1])
	switch {
	case parent == nil:
		return fmt.Errorf("there is nothing to add to at %s", abbreviate(pointer(path[:len(path)-1]...)))
	case parent.kind == objectNode:
		if existing := parent.member(name); existing != nil {
			*existing = value
			return nil
		}
		parent.members = append(parent.members, member{name: name, value: value})
		return nil
	case parent.kind == arrayNode:
		index, ok := len(parent.elements), true
		if name != "-" {
			index, ok = elementIndex(name, len(parent.elements))
		}
		if !ok {
			return fmt.Errorf("%q is no place in an array of %d", abbreviate(name), len(parent.elements))
		}
		parent.elements = slices.Insert(parent.elements, index, value)
		return nil
	}
	return fmt.Errorf("%s has no members", parent.kind)
}

func remove(document *node, path []string) (node, error) {
	if len(path) == 0 {
		return node{}, fmt.Errorf("the whole record cannot be removed by a patch; use DELETE")
	}
	name := path[len(path)-1]
	parent := find(document, path[:len(path)-1])
	target := find(document, path)
	if parent == nil || target == nil {
		return node{}, fmt.Errorf("there is no such value")
	}
	value := *target
	if parent.kind == arrayNode {
		index, _ := elementIndex(name, len(parent.elements)-1)
		parent.elements = slices.Delete(parent.elements, index, index+1)
		return value, nil
	}
	parent.members = slices.DeleteFunc(parent.members, func(m member) bool { return m.name == name })
	return value, nil
}

// differences reads what a JSON patch has made of a record: assignments of the
// attributes that are no longer what they were. One that was removed becomes
// null.
func (in *reading) differences(before, after *node) []statement.Assignment {
	var assignments []statement.Assignment
	for i := range after.members {
		m := &after.members[i]
		if was := before.member(m.name); was != nil && equalNodes(was, &m.value) {
			continue
		}
		place := pointer(m.name)
		field := in.attribute(m, before, false, place)
		if field == nil {
			continue
		}
		if value, ok := in.accept(field, m.value.render(), place); ok {
			assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
		}
	}
	for i := range before.members {
		m := &before.members[i]
		if after.member(m.name) != nil {
			continue
		}
		gone := member{name: m.name, value: node{kind: nullNode, raw: []byte("null")}}
		field := in.attribute(&gone, before, false, pointer(m.name))
		if field == nil {
			continue
		}
		if value, ok := in.accept(field, gone.value.raw, pointer(m.name)); ok {
			assignments = append(assignments, statement.Assignment{Field: field, Op: statement.Set, Value: value})
		}
	}
	return assignments
}
