package rest

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/larderhq/larder/internal/importer"
)

// runBody is a run of an import as it is answered.
type runBody struct {
	importer.RunRecord
	Links map[string]string `json:"links"`
}

func bodyOfRun(run importer.RunRecord) runBody {
	return runBody{RunRecord: run, Links: map[string]string{
		"self":      runPath(run.ID),
		"events":    runPath(run.ID) + "/events",
		"source":    sourcePath(run.Source),
		"conflicts": importsPath + "/conflicts?source=" + url.QueryEscape(run.Source),
	}}
}

func runPath(id int64) string { return importsPath + "/runs/" + strconv.FormatInt(id, 10) }

// listRuns answers GET of the runs, the newest first.
func (m *management) listRuns(x *exchange) error {
	given, err := parameters(x.r, "source", "before", "limit")
	if err != nil {
		return err
	}
	before, err := number(given, "before", 0)
	if err != nil {
		return err
	}
	limit, err := m.page(given)
	if err != nil {
		return err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	// One more than asked for tells whether there is a next page.
	runs, err := m.imports.Runs(ctx, importer.RunFilter{Source: given["source"], Before: before, Limit: limit + 1})
	if err != nil {
		return err
	}
	if len(runs) > limit {
		runs = runs[:limit]
		linkNext(x, "before", runs[limit-1].ID)
	}
	bodies := make([]runBody, len(runs))
	for i, run := range runs {
		bodies[i] = bodyOfRun(run)
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, bodies)
}

// readRun answers GET of one run.
func (m *management) readRun(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	run, err := m.run(x)
	if err != nil {
		return err
	}
	return m.sendValue(x.w, x.r, http.StatusOK, m.shared.json, bodyOfRun(*run))
}

// run is the one that the path names.
func (m *management) run(x *exchange) (*importer.RunRecord, error) {
	id, err := pathNumber(x, "run")
	if err != nil {
		return nil, err
	}
	ctx, cancel := m.working(x)
	defer cancel()
	run, err := m.imports.Run(ctx, id)
	if errors.Is(err, importer.ErrNoRun) {
		err = notThere("run", strconv.FormatInt(id, 10))
	}
	return run, err
}
