package module

import (
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// environment is the variable that makes a process the child of an evaluation.
const environment = "LARDER_EVALUATE_MODULE"

// The steps of an evaluation that a child tells.
const (
	bundling   = "bundle"
	evaluating = "evaluate"
)

// request is what a child reads from its standard input: one JSON object. The
// input stays open as long as somebody waits for the answer.
type request struct {
	Folder, Entry string
	Limits        Limits
}

// event is a line of what a child writes to its standard output.
type event struct {
	// A step begins, which takes no longer than Within.
	Step   string        `json:",omitempty"`
	Within time.Duration `json:",omitempty"`
	// At the end there is an error, or the outcome. Bytes of JSON follow it.
	Error string `json:",omitempty"`
	Done  *Data  `json:",omitempty"`
	Bytes int    `json:",omitempty"`
}

// prepared is whether the program can start itself as a child.
var prepared atomic.Bool

// Child must be the first thing that a program does which calls [Evaluate]: a
// data module is evaluated in a process of its own, which is the same program
// with a variable of its environment set. In that process Child evaluates the
// module and ends the process; in any other it returns at once.
func Child() {
	if _, is := os.LookupEnv(environment); !is {
		prepared.Store(true)
		return
	}
	signal.Ignore(os.Interrupt) // from the terminal it reaches the parent, which ends its child
	if err := serve(os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// A child's own memory, beside that of the engine: the bundler takes about 30
// times the size of the files. A stack that grows larger is that of a parser in
// a text nested without end; Go then ends the process.
const (
	ownMemory = 1 << 30
	mostStack = 128 << 20
)

// serve evaluates one module.
func serve(in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	var asked request
	if err := decoder.Decode(&asked); err != nil {
		return err
	}
	go func() { // until the process ends
		_, _ = io.Copy(io.Discard, in)
		os.Exit(1) // the parent is gone
	}()
	debug.SetMaxStack(mostStack)
	debug.SetMemoryLimit(ownMemory * 3 / 4)
	debug.SetGCPercent(400) // it lives for a moment
	boundMemory(ownMemory + asked.Limits.Memory)
	say := json.NewEncoder(out)
	data, err := evaluate(asked.Folder, asked.Entry, asked.Limits, func(step string, within time.Duration) {
		_ = say.Encode(event{Step: step, Within: within}) // where nobody reads, the input has ended as well
	})
	if err != nil {
		return say.Encode(event{Error: err.Error()})
	}
	if err := say.Encode(event{Done: data, Bytes: len(data.JSON)}); err != nil {
		return err
	}
	_, err = out.Write(data.JSON)
	return err
}
