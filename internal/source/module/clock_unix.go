//go:build unix

package module

import (
	"syscall"
	"time"
)

// processorTime is what the process has used of the processors.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0 // whoever waits for the process ends it
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
