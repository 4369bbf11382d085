package project

import (
	"testing"
	"time"
)

// TestTheTimesOfASchedule reads the times that follow one another.
func TestTheTimesOfASchedule(t *testing.T) {
	tests := []struct {
		name, settings string
		from           string // the last time of the rule, which is the moment, too
		want           []string
	}{
		{"an hour after the other", "every: 1h", "2026-03-01T12:34:56Z", []string{"2026-03-01T13:34:56Z", "2026-03-01T14:34:56Z"}},
		{"UTC unless it is said", "cron: 30 4 * * *", "2026-03-01T12:00:00Z", []string{"2026-03-02T04:30:00Z", "2026-03-03T04:30:00Z"}},
		{
			"the zone's noon, whatever its clocks do", "cron: 0 12 * * *, timeZone: Europe/Berlin", "2026-03-28T00:00:00Z",
			[]string{"2026-03-28T11:00:00Z", "2026-03-29T10:00:00Z", "2026-03-30T10:00:00Z"},
		},
		{
			"a time that the clocks skip comes as much later", "cron: 30 2 * * *, timeZone: Europe/Berlin", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}, // 03:30 summer time, 02:30 summer time
		},
		{
			"a time that the clocks show twice comes once", "cron: 30 2 * * *, timeZone: Europe/Berlin", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		},
		{
			"as in a zone that goes back by half an hour", "cron: 45 1 * * *, timeZone: Australia/Lord_Howe", "2026-04-03T00:00:00Z",
			[]string{"2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"},
		},
		{
			"every half hour goes on while the clocks change", "cron: '*/30 * * * *', timeZone: Europe/Berlin", "2026-10-24T23:59:00Z",
			[]string{"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"},
		},
		{"weekdays by name", "cron: 0 9 * * MON-FRI", "2026-11-27T12:00:00Z", []string{"2026-11-30T09:00:00Z"}},
		{"a day of the month or of the week", "cron: 0 0 13 * 5", "2026-11-10T00:00:00Z", []string{"2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"}},
		{"a day that few years have", "cron: 0 0 29 2 *", "2096-03-01T00:00:00Z", []string{"2104-02-29T00:00:00Z"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			project, err := loadWith(t, "sources:\n  swapi: {url: 'https://planets.example/', query: '{ allPlanets { planets { name } } }', "+test.settings+"}\n", nil)
			if err != nil {
				t.Fatal(err)
			}
			schedule, last := project.Settings.Sources["swapi"].Schedule, parseTime(t, test.from)
			for _, want := range test.want {
				next := schedule.Next(last, last)
				if !next.Equal(parseTime(t, want)) {
					t.Errorf("after %s comes %s, want %s", last.UTC().Format(time.RFC3339), next.UTC().Format(time.RFC3339), want)
				}
				last = next
			}
		})
	}
}

func TestWhatWasMissedIsNoTimeAnyMore(t *testing.T) {
	last := parseTime(t, "2026-03-01T12:00:00Z")
	hourly := Schedule{Every: time.Hour}
	for moment, want := range map[string]string{
		"2026-03-01T11:00:00Z": "2026-03-01T12:00:00Z",
		"2026-03-01T12:59:59Z": "2026-03-01T13:00:00Z",
		"2026-03-01T13:00:00Z": "2026-03-01T14:00:00Z",
		"2026-03-05T17:20:00Z": "2026-03-05T18:00:00Z",
	} {
		if next := hourly.Next(last, parseTime(t, moment)); !next.Equal(parseTime(t, want)) {
			t.Errorf("at %s the next time is %s, want %s", moment, next, want)
		}
	}
}

func TestAScheduleDecidesNothingOfAnAnswer(t *testing.T) {
	before, err := loadWith(t, someSettings, nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := loadWith(t, someSettings+"    every: 1h\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if before.Fingerprint("swapi") != after.Fingerprint("swapi") {
		t.Error("a source that gets a schedule is fetched anew")
	}
}

func parseTime(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}
