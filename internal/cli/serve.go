package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/rest"
	"github.com/larderhq/larder/internal/store"
)

func (p *program) serveCommand() *cobra.Command {
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "serve [PROJECT]",
		Short: "Serve the database as a RESTful API",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, arguments)
			if err != nil {
				return err
			}
			dir, err := openMigrations(loaded)
			if err != nil {
				return err
			}
			listener, err := listen(cmd.Context(), loaded)
			if err != nil {
				return err
			}
			defer listener.Close() //nolint:errcheck // the server closes it; this is for the ways that do not reach it
			return p.withDatabase(cmd.Context(), loaded, func(engine store.Engine) error {
				if err := checkApplied(cmd.Context(), engine, dir); err != nil {
					return err
				}
				return p.serve(cmd.Context(), loaded, engine, listener)
			})
		},
	}
	flags = addProjectFlags(cmd, true)
	return cmd
}

// listen takes the project's address.
func listen(ctx context.Context, loaded *project.Project) (net.Listener, error) {
	if err := loaded.Settings.CheckListen(); err != nil {
		return nil, err
	}
	address := loaded.Settings.Listen
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: something else listens there already: stop it, or choose another address with --listen (port 0 picks a free one)", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: this user may not take that port: choose one from 1024 on with --listen", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine does not have that address: choose one that it has with --listen", address)
	}
	return nil, fmt.Errorf("listen on %s: %w", address, err)
}

// serve answers requests and imports the sources that have a schedule, until
// ctx ends.
func (p *program) serve(ctx context.Context, loaded *project.Project, engine store.Engine, listener net.Listener) error {
	records, err := openStore(ctx, loaded, engine)
	if err != nil {
		return err
	}
	settings, refresher := p.serverSettings(loaded), p.refresher(loaded, engine)
	if !loaded.Settings.External {
		settings.Imports = refresher
	}
	server, err := rest.New(settings, records, loaded.Schema)
	if err != nil {
		return err
	}
	p.sayAddresses(loaded, server.DefaultVersion(), listener.Addr())
	if err := together(ctx, refresher.Serve, func(ctx context.Context) error { return server.Serve(ctx, listener) }); err != nil {
		return err
	}
	p.out.step(faint, "stopped", "every request was answered")
	p.out.event("stopped", struct{}{})
	return nil
}

// together runs both until ctx ends or one of them does, and waits for both.
func together(ctx context.Context, one, other func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		defer stop()
		ended <- one(ctx)
	}()
	err := other(ctx)
	stop()
	return errors.Join(err, <-ended)
}

// serverSettings are the project's settings as the server wants them.
func (p *program) serverSettings(loaded *project.Project) rest.Settings {
	api := loaded.Settings.API
	var versions []rest.Version
	for _, v := range api.Served(loaded.Schema) {
		versions = append(versions, rest.Version{Number: v.Number, Deprecated: v.Deprecated, Sunset: v.Sunset, Link: v.Link})
	}
	return rest.Settings{
		Name: api.Name, Release: release(), Logger: p.logger(loaded.Settings), DefaultVersion: api.DefaultVersion, Versions: versions,
		PageSize: api.PageSize, Query: query.Limits{MaxLimit: api.MaxPageSize},
		BodyBytes: api.MaxBody, BodyDepth: api.MaxDepth, BodyItems: api.MaxItems,
		RequirePreconditions: api.RequirePreconditions, Origins: api.Origins, Hosts: api.Hosts,
		RequestTimeout: api.Timeout, GracePeriod: loaded.Settings.Grace, Stateless: loaded.Settings.External,
	}
}

// sayAddresses tells what to open.
func (p *program) sayAddresses(loaded *project.Project, version int, address net.Addr) {
	base := "http://" + reachable(address)
	facts := struct {
		Address   string   `json:"address"`
		Docs      string   `json:"docs"`
		Resources []string `json:"resources"`
	}{base, base + "/docs", []string{}}
	for _, t := range loaded.Schema.In(version).Types {
		if t.Served(version) {
			facts.Resources = append(facts.Resources, fmt.Sprintf("%s/api/v%d/%s", base, version, t.Resource()))
		}
	}
	p.out.event("serving", facts)
	for i, resource := range facts.Resources {
		if i == 0 {
			p.out.step(good, "serving", "%s", p.out.paint(p.out.outTerminal, link, resource))
			continue
		}
		p.out.detail("%s", p.out.paint(p.out.outTerminal, link, resource))
	}
	p.out.detail("%s", p.out.paint(p.out.outTerminal, link, facts.Docs))
}

// reachable is an address as a browser on this machine can open it.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
}

// logger writes the log to standard error: for people on a terminal, as JSON
// elsewhere, unless the settings say.
func (p *program) logger(settings project.Settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.LogLevel}
	if settings.LogForm == "text" || settings.LogForm == "auto" && p.out.errTerminal {
		return slog.New(slog.NewTextHandler(p.out.err, options))
	}
	return slog.New(slog.NewJSONHandler(p.out.err, options))
}
