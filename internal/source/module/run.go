package module

import (
	"bytes"
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

// run evaluates the script in a new engine and returns its exports as JSON.
// chance is set where the module has looked at the clock or at chance, without
// which it gives the same each time. The engine stops at the end of a step that
// takes too long; a single step that does not end is for whoever runs the
// process to end, for which run says by step how long each may take.
func run(s *script, limits Limits, step func(string, time.Duration)) (text []byte, chance bool, err error) {
	engine, err := quickjs.NewVM()
	if err != nil {
		return nil, false, fmt.Errorf("start the engine for %s: %w", s.entry, err)
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("evaluate %s: the engine fails: %v", s.entry, broken)
		}
		err = errors.Join(err, engine.Close())
	}()
	engine.SetMemoryLimit(uintptr(limits.Memory)) //nolint:gosec // a size is not negative
	write, err := engine.EvalValue(serializer, quickjs.EvalGlobal)
	if err != nil {
		return nil, false, fmt.Errorf("start the engine for %s: %w", s.entry, err)
	}
	defer write.Free()
	stop := interruptAfter(engine, limits.Time+s.parsing(), step)
	exports, err := engine.EvalValue(s.code+"\n;"+globalName, quickjs.EvalGlobal)
	stop()
	if err != nil {
		return nil, false, s.failure(err, limits)
	}
	defer exports.Free()
	order, err := json.Marshal(s.exported)
	if err != nil {
		return nil, false, fmt.Errorf("write the names of the exports: %w", err)
	}
	defer interruptAfter(engine, limits.Time, step)()
	for careful := false; ; careful = true {
		written, err := write.Call(quickjs.UndefinedValue, exports, string(order), careful)
		if err != nil {
			return nil, false, s.failure(err, limits)
		}
		text, chance, err := s.outcome(written)
		if careful || err != nil || !bytes.Contains(text, []byte(`\ud`)) {
			return text, chance, err
		}
	}
}

// interruptAfter interrupts the engine when the process has used the time from
// now on, in processor time, for a machine that is busy with other things is no
// fault of the module's. The caller calls stop when the engine is done.
func interruptAfter(engine *quickjs.VM, limit time.Duration, step func(string, time.Duration)) (stop func()) {
	const patience = 20 // times the limit, for the processors to be had
	step(evaluating, patience*limit)
	until := processorTime() + limit
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		often := time.NewTicker(10 * time.Millisecond)
		defer often.Stop()
		for {
			select {
			case <-done:
				return
			case <-often.C:
			}
			if processorTime() > until {
				step(evaluating, 0) // a single step of the engine knows no interrupt
				engine.Interrupt()
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// parsedASecond is how much of a script any machine parses in a second, in
// bytes.
const parsedASecond = 1 << 20

// parsing is how long the engine may take to parse the script, beside the time
// that the module has to run.
func (s *script) parsing() time.Duration {
	return time.Duration(len(s.code)) * time.Second / parsedASecond
}

// outcome reads what the serializer returned: JSON, or what is wrong with it.
// "?" before it says that the module has looked at the clock or at chance.
func (s *script) outcome(written any) (text []byte, chance bool, err error) {
	said, ok := written.(string)
	if !ok {
		return nil, false, fmt.Errorf("evaluate %s: expected text, got %T", s.entry, written)
	}
	said, chance = strings.CutPrefix(said, "?")
	if problems, found := strings.CutPrefix(said, "!"); found {
		return nil, false, fmt.Errorf("%s exports what JSON cannot carry: %s; export plain values: texts, numbers, true, false, null, lists and objects",
			s.entry, strings.ReplaceAll(strings.TrimSuffix(problems, "\n"), "\n", "; "))
	}
	return []byte(said), chance, nil
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
	at, lines := s.entry, s.places()
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
		return tooLong(s.entry, limits)
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

func tooLong(entry string, limits Limits) error {
	return fmt.Errorf("%s does not end within %s (`evaluate`): a data module only builds values, so look for an endless loop", entry, limits.Time)
}

// shorten bounds foreign text in a message.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 300 {
		return string(runes[:300]) + "…"
	}
	return text
}
