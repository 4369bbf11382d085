package module

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"modernc.org/quickjs"
)

// serializer is evaluated before the module; its value is the function that
// writes exports.
//
//go:embed serialize.js
var serializer string

// grace is how long an engine that was told to stop may take. It stops between
// the steps of a program; a single step that takes longer (a search in a list
// that claims to have a billion elements) is left to itself: no more than its
// bound of memory and one processor, until the step ends or the process does.
const grace = 500 * time.Millisecond

// run evaluates the script in a new engine and returns its exports as JSON.
func run(ctx context.Context, s *script, limits Limits) ([]byte, error) {
	engine, err := quickjs.NewVM()
	if err != nil {
		return nil, fmt.Errorf("start the engine for %s: %w", s.entry, err)
	}
	type outcome struct {
		text []byte
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		text, err := evaluate(engine, s, limits)
		done <- outcome{text, errors.Join(err, engine.Close())}
	}()
	late := time.NewTimer(limits.Time + grace)
	defer late.Stop()
	select {
	case out := <-done:
		return out.text, out.err
	case <-late.C:
		engine.Interrupt()
		return nil, tooLong(s, limits)
	case <-ctx.Done():
		engine.Interrupt()
	}
	select {
	case <-done:
	case <-time.After(grace):
	}
	return nil, fmt.Errorf("evaluate %s: %w", s.entry, context.Cause(ctx))
}

// evaluate has the engine to itself.
func evaluate(engine *quickjs.VM, s *script, limits Limits) (text []byte, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("evaluate %s: the engine fails: %v", s.entry, broken)
		}
	}()
	engine.SetMemoryLimit(uintptr(limits.Memory)) //nolint:gosec // a size is not negative
	write, err := engine.EvalValue(serializer, quickjs.EvalGlobal)
	if err != nil {
		return nil, fmt.Errorf("start the engine for %s: %w", s.entry, err)
	}
	defer write.Free()
	started := time.Now()
	if err := engine.SetEvalTimeout(limits.Time); err != nil {
		return nil, fmt.Errorf("start the engine for %s: %w", s.entry, err)
	}
	exports, err := engine.EvalValue(s.code+"\n;"+globalName, quickjs.EvalGlobal)
	if err != nil {
		return nil, s.failure(err, limits)
	}
	defer exports.Free()
	order, err := json.Marshal(s.exported)
	if err != nil {
		return nil, fmt.Errorf("write the names of the exports: %w", err)
	}
	for careful := false; ; careful = true {
		if err := engine.SetEvalTimeout(max(limits.Time-time.Since(started), time.Millisecond)); err != nil {
			return nil, fmt.Errorf("start the engine for %s: %w", s.entry, err)
		}
		written, err := write.Call(quickjs.UndefinedValue, exports, string(order), careful)
		if err != nil {
			return nil, s.failure(err, limits)
		}
		text, err := s.outcome(written)
		if careful || err != nil || !bytes.Contains(text, []byte(`\ud`)) {
			return text, err
		}
	}
}

// outcome reads what the serializer returned: JSON, or what is wrong with it.
func (s *script) outcome(written any) ([]byte, error) {
	text, ok := written.(string)
	if !ok {
		return nil, fmt.Errorf("evaluate %s: expected text, got %T", s.entry, written)
	}
	if problems, found := strings.CutPrefix(text, "!"); found {
		return nil, fmt.Errorf("%s exports what JSON cannot carry: %s; export plain values: texts, numbers, true, false, null, lists and objects",
			s.entry, strings.ReplaceAll(strings.TrimSuffix(problems, "\n"), "\n", "; "))
	}
	return []byte(text), nil
}

var (
	frame     = regexp.MustCompile(`<eval>:(\d+):(\d+)\)?`)
	undefined = regexp.MustCompile(`^'?([\w$]+)'? is not defined$`)
)

// outside are names that only hosts of JavaScript have.
var outside = []string{
	"process", "require", "module", "exports", "__dirname", "__filename", "Buffer", "global", "fetch", "XMLHttpRequest",
	"WebSocket", "console", "print", "window", "document", "navigator", "location", "localStorage", "setTimeout",
	"setInterval", "setImmediate", "queueMicrotask", "crypto", "performance", "Deno", "Bun", "URL", "TextEncoder",
	"TextDecoder", "structuredClone", "std", "os", "scriptArgs", "Intl",
}

// failure says in one sentence why the module did not come to its end.
func (s *script) failure(err error, limits Limits) error {
	var thrown *quickjs.Error
	if !errors.As(err, &thrown) {
		return fmt.Errorf("evaluate %s: %w", s.entry, err)
	}
	at, lines := s.entry, newLineMap(s.mappings)
	for _, found := range frame.FindAllStringSubmatch(thrown.Stack, -1) {
		line, _ := strconv.Atoi(found[1]) // digits, by the pattern
		column, _ := strconv.Atoi(found[2])
		if place := lines.place(line, column); place != "" {
			at = place
			break
		}
	}
	message := strings.TrimSpace(thrown.Message)
	name := undefined.FindStringSubmatch(message)
	switch {
	case message == "interrupted":
		return tooLong(s, limits)
	case message == "out of memory", message == "string too long", thrown.Error() == "null":
		// The engine throws null when it has no memory left for an error.
		return fmt.Errorf("%s: the module needs more than the %d MiB of memory that it may take (`memory`)", at, limits.Memory>>20)
	case message == "stack overflow":
		return fmt.Errorf("%s: the module is nested, or calls itself, too deeply", at)
	case thrown.Name == "ReferenceError" && name != nil && slices.Contains(outside, name[1]):
		return fmt.Errorf("%s: %s is not defined: a data module is evaluated alone, without Node, a browser, network or files; "+
			"remove it or write its value", at, name[1])
	}
	return fmt.Errorf("%s: the module throws %s", at, strings.Join(strings.Fields(shorten(thrown.Error())), " "))
}

func tooLong(s *script, limits Limits) error {
	return fmt.Errorf("%s does not end within %s (`evaluate`): a data module only builds values, so look for an endless loop", s.entry, limits.Time)
}

// shorten bounds foreign text in a message.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return text
}
