//go:build !linux

package module

// boundMemory does nothing where the system has no bound that fits Go's way of
// reserving memory: the engine and the collector have bounds of their own.
func boundMemory(int64) {}
