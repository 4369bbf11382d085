package module

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// bundleTime bounds the bundling, whose work grows with the sources only.
const bundleTime = 5 * time.Second

// grace is how long a child may take beyond what a step may, to start and to
// say by itself that it took too long.
const grace = 500 * time.Millisecond

// Evaluate evaluates the module at the path entry in the folder, in a process
// of its own, which is gone when Evaluate returns: whatever a module does, it
// ends within the limits. The error is one sentence, with the file, the line
// and the column where they are known; of exports that JSON cannot carry it
// names every path. The program must have called [Child].
func Evaluate(ctx context.Context, folder, entry string, limits Limits) (*Data, error) {
	limits.fillIn()
	if !prepared.Load() {
		return nil, errors.New("evaluate a module: this program cannot be its own child; call module.Child first in its main or TestMain")
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("evaluate %s: %w", entry, context.Cause(ctx))
	}
	living, end := context.WithCancelCause(ctx)
	defer end(nil)
	c := &child{request: request{folder, entry, limits}, step: bundling}
	if err := c.start(living); err != nil {
		return nil, fmt.Errorf("start a process for %s: %w", entry, err)
	}
	late := time.AfterFunc(bundleTime+grace, func() { end(errLate) })
	defer late.Stop()
	data, err := c.answer(late)
	why := context.Cause(living)
	end(nil) // a child that has answered, or says what nobody understands
	ended := c.command.Wait()
	switch {
	case data != nil, errors.As(err, new(*finding)):
		return data, err
	case ctx.Err() != nil:
		return nil, fmt.Errorf("evaluate %s: %w", entry, context.Cause(ctx))
	case errors.Is(why, errLate):
		return nil, c.tooLate()
	}
	return nil, c.explain(errors.Join(err, ended))
}

// errLate is the cause of a child that was ended for its time.
var errLate = errors.New("a step takes too long")

// finding is what a child has to say of the module.
type finding struct{ message string }

func (f *finding) Error() string { return f.message }

// child is a process that evaluates a module.
type child struct {
	request
	command *exec.Cmd
	input   io.Closer // open until the child is waited for, so that it ends with its parent
	out     *bufio.Reader
	stderr  beginning // what Go says when it ends the process
	step    string    // that the child is at
}

// start starts the program itself as a child that is ended with the context. It
// gets nothing of the environment but what Windows cannot do without. Times
// without a zone are in UTC, so that a module gives the same on every machine.
func (c *child) start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(c.request)
	if err != nil {
		return err
	}
	c.command = exec.CommandContext(ctx, program) //nolint:gosec // itself
	c.command.Env = []string{environment + "=1", "TZ=UTC", "GOTRACEBACK=none"}
	if runtime.GOOS == "windows" {
		c.command.Env = append(c.command.Env, "SystemRoot="+os.Getenv("SystemRoot"))
	}
	c.command.Stderr, c.command.WaitDelay = &c.stderr, grace
	out, err := c.command.StdoutPipe()
	if err != nil {
		return err
	}
	in, err := c.command.StdinPipe()
	if err != nil {
		return err
	}
	if err := c.command.Start(); err != nil {
		return err
	}
	c.input, c.out = in, bufio.NewReader(io.LimitReader(out, c.mostOutput()))
	_, _ = in.Write(text) // a child that does not read it says nothing either
	return nil
}

// mostOutput bounds what a child may say: the engine cannot make more than it
// has memory, and constants grow at most sixfold, where they are escaped.
func (c *child) mostOutput() int64 { return c.Limits.Memory + 6*c.Limits.Sources + 1<<20 }

// answer reads what the child says. Each step that it begins sets the time anew
// after which it is late.
func (c *child) answer(late *time.Timer) (*Data, error) {
	for {
		line, err := c.out.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		var said event
		if err := json.Unmarshal(line, &said); err != nil {
			return nil, err
		}
		switch {
		case said.Error != "":
			return nil, &finding{said.Error}
		case said.Done != nil:
			if said.Bytes < 0 || int64(said.Bytes) > c.mostOutput() {
				return nil, fmt.Errorf("%d bytes were announced", said.Bytes)
			}
			said.Done.JSON = make([]byte, said.Bytes)
			if _, err := io.ReadFull(c.out, said.Done.JSON); err != nil {
				return nil, err
			}
			return said.Done, nil
		}
		c.step = said.Step
		late.Reset(said.Within + grace)
	}
}

func (c *child) tooLate() error {
	if c.step == bundling {
		return fmt.Errorf("%s cannot be read as a module within %s: look for what is nested very deeply", c.Entry, bundleTime)
	}
	return tooLong(c.Entry, c.Limits)
}

// explain says why a child ended without a word.
func (c *child) explain(ended error) error {
	text := c.stderr.String()
	switch {
	case strings.Contains(text, "stack overflow"):
		return fmt.Errorf("%s, or a file that it imports, is nested too deeply to be read as a module", c.Entry)
	case strings.Contains(text, "out of memory"), strings.Contains(text, "cannot allocate memory"):
		return fmt.Errorf("%s needs more memory to be read than a module may take: use a JSON or NDJSON file for that much data", c.Entry)
	}
	first, _, _ := strings.Cut(text, "\n")
	return fmt.Errorf("evaluate %s: its process ended early (%w): %s", c.Entry, ended, shorten(first))
}

// beginning keeps the beginning of what is written to it.
type beginning struct{ bytes.Buffer }

func (b *beginning) Write(p []byte) (int, error) {
	const most = 4 << 10
	b.Buffer.Write(p[:min(len(p), max(0, most-b.Len()))])
	return len(p), nil
}
