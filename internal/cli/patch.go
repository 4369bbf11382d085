package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) patchCommand() *cobra.Command {
	var all bool
	var where []string
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "patch RESOURCE FIELD=VALUE…",
		Short: "Change many records at once",
		Long: `Patch does what a PATCH of the API does, without a server: it changes every
record of a resource that the filters match, in one statement. A server may run
meanwhile. VALUE is JSON; what is no JSON is taken as text.

  larder patch items --all quantity='{"$mul":2}'
  larder patch planets --where name=eq.Hoth population=0`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			patch, err := newPatch(loaded, arguments[0], arguments[1:], where, all)
			if err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				if err := checkApplied(cmd.Context(), engine, dir); err != nil {
					return err
				}
				return p.patch(cmd.Context(), loaded, engine, patch)
			})
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().StringArrayVar(&where, "where", nil, "only records that the `FILTER` matches, as in the API: name=eq.Hoth; may be given again")
	cmd.Flags().BoolVar(&all, "all", false, "every record; needed where there is no filter")
	return cmd
}

// patch is a PATCH of a collection.
type patch struct {
	resource string
	target   string // path and query
	body     []byte
}

// newPatch makes the request in the latest version of the API that is served.
func newPatch(loaded *project.Project, resource string, assignments, where []string, all bool) (patch, error) {
	served := loaded.Settings.API.Served(loaded.Schema)
	version := served[len(served)-1].Number
	body := map[string]json.RawMessage{}
	for _, assignment := range assignments {
		field, value, ok := strings.Cut(assignment, "=")
		if !ok || field == "" {
			return patch{}, fmt.Errorf(`%s: expected FIELD=VALUE, as in quantity='{"$mul":2}'`, assignment)
		}
		if _, given := body[field]; given {
			return patch{}, fmt.Errorf("%s is given twice", field)
		}
		body[field] = json.RawMessage(value)
		if !json.Valid(body[field]) {
			text, err := json.Marshal(value)
			if err != nil {
				return patch{}, fmt.Errorf("%s: %w", field, err)
			}
			body[field] = text
		}
	}
	query := []string{"select=id"}
	for _, filter := range where {
		name, condition, ok := strings.Cut(filter, "=")
		if !ok {
			return patch{}, fmt.Errorf("--where %s: expected a filter as in the API, as in name=eq.Hoth", filter)
		}
		query = append(query, url.QueryEscape(name)+"="+url.QueryEscape(condition))
	}
	if all {
		query = append(query, "_all=true")
	}
	text, err := json.Marshal(body)
	if err != nil {
		return patch{}, fmt.Errorf("write the change: %w", err)
	}
	target := fmt.Sprintf("http://localhost/api/v%d/%s?%s", version, url.PathEscape(resource), strings.Join(query, "&"))
	return patch{resource, target, text}, nil
}

// patch asks the API's own handler, so that a change from the command line is
// held to the same rules as one from a client.
func (p *program) patch(ctx context.Context, loaded *project.Project, engine store.Engine, change patch) error {
	settings := p.serverSettings(loaded)
	settings.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	stored, err := openStore(ctx, loaded, engine)
	if err != nil {
		return err
	}
	server, err := rest.New(settings, stored, loaded.Schema)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, change.target, bytes.NewReader(change.body))
	if err != nil {
		return fmt.Errorf("patch %s: %w", change.resource, err)
	}
	request.RemoteAddr = "127.0.0.1:0"
	request.Header.Set("Content-Type", "application/merge-patch+json")
	request.Header.Set("Prefer", "return=representation")
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	server.ServeHTTP(answer, request)
	if answer.status >= http.StatusBadRequest {
		var problem rest.Problem
		if err := json.Unmarshal(answer.body.Bytes(), &problem); err != nil {
			return fmt.Errorf("patch %s: %s", change.resource, http.StatusText(answer.status))
		}
		message := problem.Detail
		switch {
		case problem.Hint == nil:
		case strings.Contains(*problem.Hint, "_all"):
			message += ": name the records with --where, or say --all"
		default:
			message += ": " + *problem.Hint
		}
		return fmt.Errorf("patch %s: %s", change.resource, message)
	}
	var records []json.RawMessage
	if err := json.Unmarshal(answer.body.Bytes(), &records); err != nil {
		return fmt.Errorf("patch %s: read the answer: %w", change.resource, err)
	}
	p.out.step(good, "patched", "%s: %s", change.resource, count(len(records), "record"))
	p.out.event("patched", struct {
		Resource string `json:"resource"`
		Records  int    `json:"records"`
	}{change.resource, len(records)})
	return nil
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) WriteHeader(status int)         { a.status = status }
func (a *answer) Write(text []byte) (int, error) { return a.body.Write(text) }
