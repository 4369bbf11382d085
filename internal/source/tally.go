package source

import "strconv"

// tally counts the records of a connection and notes how many upstream says
// there are.
type tally struct {
	known  bool             // totalCount was said
	total  int64            // by the last page
	counts map[string]int64 // by the response key of each list of objects
}

// count notes a list of so many objects.
func (t *tally) count(list string, objects int64) {
	if t.counts == nil {
		t.counts = map[string]int64{}
	}
	t.counts[list] += objects
}

// say notes what upstream gives as totalCount.
func (t *tally) say(raw string) {
	total, err := strconv.ParseInt(raw, 10, 64)
	t.known, t.total = err == nil, total
}

// add takes in the tally of the next page.
func (t *tally) add(page tally) {
	t.known, t.total = page.known, page.total
	for list, objects := range page.counts {
		t.count(list, objects)
	}
}

// lists reports whether there was anything to count.
func (t *tally) lists() bool { return len(t.counts) > 0 }

// proven reports whether a list has as many objects as upstream says. A
// connection may have the same records in several, and other lists beside.
func (t *tally) proven() bool {
	for _, objects := range t.counts {
		if t.known && objects == t.total {
			return true
		}
	}
	return false
}

// most is the length of the longest list.
func (t *tally) most() int64 {
	var most int64
	for _, objects := range t.counts {
		most = max(most, objects)
	}
	return most
}
