package module

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// boundMemory lets the process have as many bytes more than it has. What it
// cannot have ends it.
func boundMemory(more int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return // as on other systems: the engine and the collector have bounds of their own
	}
	_, rest, _ := strings.Cut(string(status), "VmData:")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return
	}
	kilobytes, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return
	}
	most := uint64(kilobytes<<10 + more) //nolint:gosec // sizes are not negative
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most})
}
