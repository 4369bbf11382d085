package cli

import (
	"os"
	"strconv"
	"syscall"
)

// givesWay is by how much an import's priority is below that of other processes
// (setpriority(2)): on a busy machine each of its threads then has a third of the
// time that another one has.
const givesWay = 5

// giveWay lowers the priority of this process, so that what an import takes of
// the machine is not taken from the servers beside it; a machine with nothing
// else to do gives it as much as before. Linux has a priority for each thread,
// which those that it starts inherit. A system that refuses changes nothing but
// that.
func giveWay() {
	known := map[string]bool{}
	for found := true; found; { // again for those that were started meanwhile
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return
		}
		found = false
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil || known[thread.Name()] {
				continue
			}
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, givesWay)
			known[thread.Name()], found = true, true
		}
	}
}
