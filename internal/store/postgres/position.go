package postgres

import (
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// position is how far the history of a database has gone: its write-ahead log
// up to a place of a timeline. A server that was promoted begins a timeline
// (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES).
type position struct {
	timeline uint32
	place    uint64 // pg_lsn
}

// here is where the database is that changes are made in: what this process has
// committed before has a place before it. What was inserted into the log and not
// flushed is no change that anybody was told of, except where commits do not
// wait; a standby gets it when it is flushed.
const here = `SELECT substr(pg_walfile_name(here), 1, 8), (here - '0/0')::text
	FROM (SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END) AS place (here)`

// String is the position as text of a fixed width; later ones sort behind it.
func (p position) String() string { return fmt.Sprintf("%08x-%016x", p.timeline, p.place) }

// parsePosition is the inverse of String.
func parsePosition(text string) (p position, ok bool) {
	if len(text) != 25 || text[8] != '-' {
		return p, false
	}
	return readPosition(text[:8], text[9:], 16)
}

// positionOf is the position in the row that here returns as text.
func positionOf(results []*pgconn.Result) (p position, ok bool) {
	if len(results) == 0 {
		return p, false
	}
	last := results[len(results)-1]
	if last.Err != nil || len(last.Rows) != 1 || len(last.Rows[0]) != 2 {
		return p, false
	}
	return readPosition(string(last.Rows[0][0]), string(last.Rows[0][1]), 10)
}

func readPosition(timeline, place string, base int) (position, bool) {
	t, err := strconv.ParseUint(timeline, 16, 32)
	if err != nil {
		return position{}, false
	}
	at, err := strconv.ParseUint(place, base, 64)
	return position{uint32(t), at}, err == nil
}

// with is the least that has everything of both: the later timeline, which
// goes on from what the earlier had, and the later place.
func (p position) with(other position) position {
	return position{max(p.timeline, other.timeline), max(p.place, other.place)}
}

// after reports whether p is later than other in one history. Places of
// different timelines do not compare.
func (p position) after(other position) bool {
	return p.timeline > other.timeline || p.timeline == other.timeline && p.place > other.place
}
