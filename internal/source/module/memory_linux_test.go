package module_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/larderhq/larder/internal/source/module"
)

// TestAMemoryBombStaysSmall looks at what the system sees: the engine's memory
// is no part of Go's heap.
func TestAMemoryBombStaysSmall(t *testing.T) {
	folder := t.TempDir()
	bombs := []string{
		"const all = []; for (;;) all.push({ x: all.length });",
		"const all = []; for (;;) all.push(`${all.length}`.repeat(1000));",
		"const all = new Map(); for (let i = 0; ; i++) all.set(i, [i]);",
		"let s = 'x'; const all = []; for (;;) { s += all.length; all.push(s + s); }",
	}
	before := residentMiB(t)
	for _, bomb := range bombs {
		write(t, folder, "data.js", bomb+"\nexport const items = [{}];")
		if _, err := module.Evaluate(t.Context(), folder, "data.js", module.Limits{}); err == nil {
			t.Errorf("%s came to an end", bomb)
		}
		if grown := residentMiB(t) - before; grown > 200 {
			t.Errorf("%s: %d MiB more than before, where the engine may take 64", bomb, grown)
		}
	}
}

// residentMiB is the most memory that the process has held.
func residentMiB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}
