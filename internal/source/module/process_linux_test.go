package module

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAMemoryBombStaysSmall looks at what the system sees of the child: the
// engine's memory is no part of Go's heap.
func TestAMemoryBombStaysSmall(t *testing.T) {
	folder := t.TempDir()
	bombs := []string{
		"const all = []; for (;;) all.push({ x: all.length });",
		"const all = []; for (;;) all.push(`${all.length}`.repeat(1000));",
		"const all = new Map(); for (let i = 0; ; i++) all.set(i, [i]);",
		"let s = 'x'; const all = []; for (;;) { s += all.length; all.push(s + s); }",
	}
	for _, bomb := range bombs {
		writeModule(t, folder, bomb+"\nexport const items = [{}];")
		c := &child{request: request{Folder: folder, Entry: "data.ts"}, step: bundling}
		c.Limits.fillIn()
		ctx, end := context.WithCancel(t.Context())
		if err := c.start(ctx); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(time.Minute, end)
		data, err := c.answer(late)
		late.Stop()
		_ = c.command.Wait()
		end()
		if err == nil {
			t.Errorf("%s came to an end: %s", bomb, data.JSON)
		}
		used, _ := c.command.ProcessState.SysUsage().(*syscall.Rusage)
		if resident := used.Maxrss >> 10; resident > 300 {
			t.Errorf("%s: %d MiB, where the engine may take 128", bomb, resident)
		}
	}
}

// TestNothingIsLeftOfAnEvaluation looks for goroutines and processes after
// modules that no step of an engine ends.
func TestNothingIsLeftOfAnEvaluation(t *testing.T) {
	folder := t.TempDir()
	before := runtime.NumGoroutine()
	for name, text := range map[string]string{
		"good":         `export const items = [{ a: 1 }];`,
		"broken":       `export const items = [`,
		"endless":      `for (;;) {}`,
		"native step":  `export const items = [{ at: [].indexOf.call({ length: 1e9 } as never, 1 as never) }];`,
		"deep nesting": "export const items = " + strings.Repeat("[", 1_000_000),
		"giant number": `let n = 3n ** 300000n; for (let i = 0; i < 1000; i++) n = n * n % (n - 1n); export const items = [{ n }];`,
	} {
		writeModule(t, folder, text)
		_, err := Evaluate(t.Context(), folder, "data.ts", Limits{Time: 200 * time.Millisecond})
		if (err == nil) != (name == "good") {
			t.Errorf("%s: got %v", name, err)
		}
		if left := children(t); len(left) > 0 {
			t.Errorf("%s: the processes %v are left", name, left)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	writeModule(t, folder, "for (;;) {}")
	if _, err := Evaluate(ctx, folder, "data.ts", Limits{Time: time.Minute}); err == nil || len(children(t)) > 0 {
		t.Errorf("after its context ended: %v, and the processes %v", err, children(t))
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, where there were %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestAChildEndsWithItsParent(t *testing.T) {
	folder := t.TempDir()
	writeModule(t, folder, "for (;;) {}")
	c := &child{request: request{Folder: folder, Entry: "data.ts", Limits: Limits{Time: time.Minute, Memory: DefaultMemory, Sources: DefaultSources}}}
	if err := c.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.input.Close(); err != nil { // as the system does for a parent that is gone
		t.Fatal(err)
	}
	started := time.Now()
	_, _ = c.answer(time.NewTimer(time.Hour)) // to the end of what it says
	_ = c.command.Wait()
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
}

// children are the processes that this one has started and not waited for.
func children(t *testing.T) (ids []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatalf("find the processes: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if words := strings.Fields(rest); len(words) > 1 && words[1] == strconv.Itoa(os.Getpid()) {
			ids = append(ids, name)
		}
	}
	return ids
}

func writeModule(t *testing.T, folder, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "data.ts"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
