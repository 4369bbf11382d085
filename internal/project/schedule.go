package project

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
)

// Schedule is when a source is imported by servers; the zero value is never.
type Schedule struct {
	Every    time.Duration
	Cron     string         // in the form of crontab(5), instead of Every
	Location *time.Location // of Cron
	Jitter   time.Duration  // up to which an import may be later

	times cron.Schedule // of Cron
}

// Given reports whether there is a schedule.
func (s Schedule) Given() bool { return s.Every > 0 || s.Cron != "" }

// String is the rule by which the schedule finds its times: "every 1h0m0s" or
// "30 4 * * * Europe/Berlin"; "" without a schedule.
func (s Schedule) String() string {
	switch {
	case s.Every > 0:
		return "every " + s.Every.String()
	case s.Cron != "":
		return s.Cron + " " + s.Location.String()
	}
	return ""
}

// Next is the first time of the rule that is later than the moment. The times
// of [Schedule.Every] are counted from last, which is one of them.
func (s Schedule) Next(last, moment time.Time) time.Time {
	if s.Every > 0 {
		if moment.Before(last) {
			return last
		}
		return last.Add((moment.Sub(last)/s.Every + 1) * s.Every)
	}
	next := s.times.Next(moment.In(s.Location))
	for s.fixedHour() && isRepeated(next) {
		next = s.times.Next(next)
	}
	return next
}

// fixedHour reports whether the rule names hours. Such a time is not meant
// twice where a clock is put back and shows it twice; "every hour" is.
func (s Schedule) fixedHour() bool { return !strings.ContainsAny(strings.Fields(s.Cron)[1][:1], "*?") }

// isRepeated reports whether the clock has shown the time before, because it
// was put back since.
func isRepeated(t time.Time) bool {
	begin, _ := t.ZoneBounds()
	if begin.IsZero() {
		return false
	}
	_, before := begin.Add(-1).Zone()
	_, now := t.Zone()
	return t.Sub(begin) < time.Duration(before-now)*time.Second
}

// cronParser reads the five fields of crontab(5), of which a day suits that is
// named by its number or by its weekday where both are restricted.
var cronParser = cron.MustNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom).WithMaxSearchYears(10)

// settle checks the schedule and finds the times of its cron line.
func (s *Schedule) settle() error {
	switch {
	case s.Cron == "":
		return nil
	case s.Every > 0:
		return errors.New("every and cron are given: remove one")
	case strings.Contains(s.Cron, "="):
		return fmt.Errorf("cron: expected five fields like 30 4 * * *, found %q: set its time zone with timeZone", s.Cron)
	}
	var err error
	if s.times, err = cronParser.Parse(s.Cron); err != nil {
		return fmt.Errorf("cron: expected minute, hour, day of the month, month and day of the week like 30 4 * * *, found %q: %w", s.Cron, err)
	}
	if s.times.Next(time.Now().In(s.Location)).IsZero() {
		return fmt.Errorf("cron: %q names a day that no year has", s.Cron)
	}
	return nil
}
