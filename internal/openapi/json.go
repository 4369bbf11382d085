package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// with returns the object with one more member, unless the value is empty.
func (o object) with(name string, value any) object {
	switch value {
	case "", nil, false:
		return o
	}
	return append(o, member{name, value})
}

// ref refers to a component.
func ref(section, name string) object {
	return object{{"$ref", "#/components/" + section + "/" + name}}
}

// writeJSON writes a value, objects in the order of their members and a line
// for each. newline is a line break and the indentation so far.
func writeJSON(text *bytes.Buffer, value any, newline string) error {
	inner := newline + " "
	switch value := value.(type) {
	case object:
		return writeMembers(text, value, newline, inner)
	case answers:
		return writeMembers(text, object(value), newline, inner)
	case []any:
		text.WriteByte('[')
		for i, element := range value {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(inner)
			if err := writeJSON(text, element, inner); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		text.WriteString(newline + "]")
		return nil
	case json.RawMessage:
		text.Write(value)
		return nil
	}
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	text.Truncate(text.Len() - len("\n"))
	return nil
}

func writeMembers(text *bytes.Buffer, members object, newline, inner string) error {
	if len(members) == 0 {
		text.WriteString("{}")
		return nil
	}
	text.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(inner)
		if err := writeJSON(text, m.name, inner); err != nil {
			return err
		}
		text.WriteString(": ")
		if err := writeJSON(text, m.value, inner); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	text.WriteString(newline + "}")
	return nil
}
