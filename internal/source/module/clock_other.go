//go:build !unix

package module

import "time"

var began = time.Now()

// processorTime is how long the process has run, where the system does not say
// what it has used of the processors.
func processorTime() time.Duration { return time.Since(began) }
