package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// given is the value of a setting as it came from one of the places.
type given struct {
	place string   // "larder.yaml:3:9", "LARDER_LISTEN", "--listen"
	file  bool     // it stands in larder.yaml, where no secret may
	node  ast.Node // in larder.yaml
	value string   // elsewhere
}

// text is a value of one piece.
func (g given) text() (string, error) {
	if g.node == nil {
		return g.value, nil
	}
	switch n := g.node.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return g.node.GetToken().Value, nil
	case *ast.NullNode:
		return "", errors.New("expected a value, found none")
	default:
		return "", fmt.Errorf("expected one value, found %s", nodeName(g.node))
	}
}

// list is a YAML list of texts, or texts between commas.
func (g given) list() ([]string, error) {
	if g.node == nil {
		var parts []string
		for part := range strings.SplitSeq(g.value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
		return parts, nil
	}
	sequence, ok := g.node.(*ast.SequenceNode)
	if !ok {
		text, err := g.text()
		if err != nil {
			return nil, err
		}
		return []string{text}, nil
	}
	var parts []string
	for _, node := range sequence.Values {
		part, err := given{node: node}.text()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// mapping is a YAML mapping; outside of larder.yaml it is written in YAML's or
// JSON's form of one line.
func (g given) mapping() ([]*ast.MappingValueNode, error) {
	node := g.node
	if node == nil {
		file, err := parser.ParseBytes([]byte(g.value), 0)
		if err != nil || len(file.Docs) != 1 {
			return nil, errors.New(`expected a mapping like {"name": "value"}`)
		}
		node = file.Docs[0].Body
	}
	mapping, ok := node.(*ast.MappingNode)
	if !ok {
		return nil, fmt.Errorf(`expected a mapping like {"name": "value"}, found %s`, nodeName(node))
	}
	return mapping.Values, nil
}

func nodeName(node ast.Node) string {
	switch node.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return "an anchor, alias or tag, which larder.yaml does without"
	default:
		return "a single value"
	}
}

// jsonValue is a YAML value as JSON; numbers stay as they are written.
func jsonValue(node ast.Node) (any, error) {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return nil, nil
	case *ast.BoolNode:
		return n.Value, nil
	case *ast.IntegerNode, *ast.FloatNode:
		text := node.GetToken().Value
		if !json.Valid([]byte(text)) {
			return nil, fmt.Errorf("expected a number as JSON writes it, found %s: put it in quotes if it is text", text)
		}
		return json.RawMessage(text), nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, element := range n.Values {
			value, err := jsonValue(element)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case *ast.MappingNode:
		object := make(map[string]any, len(n.Values))
		for _, member := range n.Values {
			value, err := jsonValue(member.Value)
			if err != nil {
				return nil, err
			}
			object[keyOf(member)] = value
		}
		return object, nil
	default:
		return nil, fmt.Errorf("expected a value, found %s", nodeName(node))
	}
}

func keyOf(member *ast.MappingValueNode) string { return member.Key.GetToken().Value }

func (g given) boolean() (bool, error) {
	text, err := g.text()
	if err != nil {
		return false, err
	}
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("expected true or false, found %q", text)
}

// number is a whole number of at least low and at most high.
func (g given) number(low, high int) (int, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("expected a whole number from %d to %d, found %q", low, high, text)
	}
	return n, nil
}

// rate is a number of times in a second, where nothing else is said behind a
// slash.
func (g given) rate() (float64, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	number, unit, _ := strings.Cut(text, "/")
	seconds, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[strings.TrimSpace(unit)]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !known || !(n >= 0 && n <= 1e6) {
		return 0, fmt.Errorf("expected a number from 0 to 1000000, or one like 5/s, 100/m or 1000/h, found %q", text)
	}
	return n / seconds, nil
}

// duration is a positive time of at most a day.
func (g given) duration() (time.Duration, error) {
	return g.timeBetween(1, 24*time.Hour, "a time like 30s, 2m or 500ms, up to 24h")
}

// timeBetween is a time from low to high, which form describes.
func (g given) timeBetween(low, high time.Duration, form string) (time.Duration, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < low || d > high {
		return 0, fmt.Errorf("expected %s, found %q", form, text)
	}
	return d, nil
}

var sizeForm = regexp.MustCompile(`^(\d{1,12})\s*(|B|KB|MB|GB|KiB|MiB|GiB)$`)

// size is a number of bytes, positive and at most 1 TB.
func (g given) size() (int64, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	units := map[string]int64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
	if parts := sizeForm.FindStringSubmatch(text); parts != nil {
		count, err := strconv.ParseInt(parts[1], 10, 64)
		if unit := units[parts[2]]; err == nil && count > 0 && count <= 1e12/unit {
			return count * unit, nil
		}
	}
	return 0, fmt.Errorf("expected a size like 64MB, 1GiB or 1048576, found %q", text)
}

func (g given) oneOf(words ...string) (string, error) {
	text, err := g.text()
	if err != nil {
		return "", err
	}
	for _, word := range words {
		if text == word {
			return text, nil
		}
	}
	return "", fmt.Errorf("expected %s, found %q", strings.Join(words, " or "), text)
}

// origin is an address of a web page's server, or "*".
func origin(text string) error {
	if text == "*" {
		return nil
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" ||
		address.Scheme+"://"+address.Host != text {
		return fmt.Errorf("expected an origin like https://app.example, found %q", text)
	}
	return nil
}

// nearest is the word that was probably meant, "" when none is near.
func nearest(wrong string, words []string) string {
	best, distance := "", len(wrong)/3+2
	for _, word := range words {
		if d := levenshtein.ComputeDistance(strings.ToLower(wrong), strings.ToLower(word)); d < distance {
			best, distance = word, d
		}
	}
	return best
}

// misspelt is nearest for words that must be very near.
func misspelt(wrong string, words []string) string {
	for _, word := range words {
		if levenshtein.ComputeDistance(wrong, word) <= 2 {
			return word
		}
	}
	return ""
}
