package project

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zones of its own knows those of schedules, too

	"github.com/larderhq/larder/internal/model"
)

// importSettings are those of the record of imports.
func importSettings() []Setting {
	return []Setting{
		{
			Name: "imports.keep", Default: "100", Form: formNumber,
			Description: "How many runs of each source the database remembers; the last one that came to a good end is always kept.",
			take:        numberSetting(1_000_000, func(s *Settings) *int { return &s.KeepRuns }),
		},
	}
}

// refreshSettings are how the records of a source and those here are brought
// into step.
func refreshSettings() []Setting {
	return []Setting{
		{
			Name: "sources.NAME.onConflict", Default: "local", Form: "local, upstream or fail",
			Description: "What is done with a field that changed upstream and here to different values: the value here stays and the conflict is listed, upstream's is taken, or nothing is imported. A model's @source(onConflict:) comes first.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("local", "upstream", "fail")
				s.OnConflict = model.OnConflict(strings.ToUpper(word))
				return err
			},
		},
		{
			Name: "sources.NAME.removed", Default: "delete", Form: "delete, detach or keep",
			Description: "What is done with a record that is gone upstream: with delete it goes, unless it was changed or is used here; then, and with detach, it stays and no longer follows the source; with keep it stays and is listed. A model's @source(removed:) comes first.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("delete", "detach", "keep")
				s.Removed = model.Removed(strings.ToUpper(word))
				return err
			},
		},
		{
			Name: "sources.NAME.priority", Default: "0", Form: "a whole number from -1000 to 1000",
			Description: "Which source counts where several tell of the same record: a field that a source of higher priority tells is not taken from this one.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Priority, err = g.number(-1000, 1000)
				return err
			},
		},
		{
			Name: "sources.NAME.drift", Default: "warn", Form: "warn or freeze",
			Description: "What is done when upstream's types are no longer what they were at the last import: it is told, or the import is held.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf(string(DriftWarn), string(DriftFreeze))
				s.Drift = Drift(word)
				return err
			},
		},
		{
			Name: "sources.NAME.collapse", Default: "hold", Form: "hold or allow",
			Description: "Whether an import is held whose records are suspiciously unlike the last one's, by the bounds that follow.",
			ofSource: func(_ *loader, s *Source, g given) error {
				word, err := g.oneOf("hold", "allow")
				s.Collapse.Off = word == "allow"
				return err
			},
		},
		{
			Name: "sources.NAME.maxShrink", Default: "30%", Form: formPart,
			Description: "How many of a type's records may be gone.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Collapse.Shrink, err = g.part(1)
				return err
			},
		},
		{
			Name: "sources.NAME.maxGrowth", Default: "1000%", Form: formPart,
			Description: "How many records of a type may be new, as a part of those there were.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Collapse.Growth, err = g.part(1e6)
				return err
			},
		},
		{
			Name: "sources.NAME.maxNulls", Default: "30%", Form: formPart,
			Description: "By how many of a type's records the nulls and empty lists of a field may become more.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Collapse.Nulls, err = g.part(1)
				return err
			},
		},
		{
			Name: "sources.NAME.every", Form: formDuration,
			Description: "How often servers import the source.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Schedule.Every, err = g.timeBetween(time.Second, 366*24*time.Hour, "a time like 10m, 1h or 168h, from 1s to 8784h")
				return err
			},
		},
		{
			Name: "sources.NAME.cron", Form: "five fields like 30 4 * * *",
			Description: "When servers import the source, instead of every: minute, hour, day of the month, month, day of the week, as crontab has them.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Schedule.Cron, err = g.text()
				return err
			},
		},
		{
			Name: "sources.NAME.timeZone", Default: "UTC", Form: "a name like Europe/Berlin",
			Description: "The time zone of cron.",
			ofSource: func(_ *loader, s *Source, g given) error {
				name, err := g.text()
				if err != nil {
					return err
				}
				if s.Schedule.Location, err = time.LoadLocation(name); err != nil || name == "Local" {
					return fmt.Errorf("expected a name of the IANA time zone database, like Europe/Berlin, found %q", name)
				}
				return nil
			},
		},
		{
			Name: "sources.NAME.jitter", Default: "10s", Form: formDuration,
			Description: "By how much an import may come later than every or cron says, at random, so that not everybody asks at the full hour; at most half of every.",
			ofSource: func(_ *loader, s *Source, g given) (err error) {
				s.Schedule.Jitter, err = g.timeBetween(0, 24*time.Hour, "a time like 30s or 2m, from 0s to 24h")
				return err
			},
		},
	}
}

const formPart = "a percentage like 30%"

// part takes a percentage as a part of one.
func (g given) part(most float64) (float64, error) {
	text, err := g.text()
	if err != nil {
		return 0, err
	}
	digits, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	number, failed := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || failed != nil || math.IsNaN(number) || number < 0 || number/100 > most {
		return 0, fmt.Errorf("expected a percentage from 0%% to %g%%, found %q", most*100, text)
	}
	return number / 100, nil
}
