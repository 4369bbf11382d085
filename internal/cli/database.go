package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/postgres"
	"github.com/larderhq/larder/internal/store/sqlite"
	"github.com/larderhq/larder/internal/transfer"
)

// withDatabase opens the project's database for some work and closes it.
func (p *program) withDatabase(ctx context.Context, loaded *project.Project, work func(store.Engine) error) error {
	engine, err := p.openDatabase(ctx, loaded)
	if err != nil {
		return err
	}
	if err := transfer.CheckWhole(ctx, engine); err != nil {
		return closing(engine, fmt.Errorf("%s: %w", databaseName(loaded), err))
	}
	return closing(engine, work(engine))
}

// closing closes the engine after work that ended with err.
func closing(engine store.Engine, err error) error {
	if failed := engine.Close(); err == nil && failed != nil {
		return fmt.Errorf("close the database: %w", failed)
	}
	return err
}

// openDatabase opens the project's database; a SQLite file is made where there
// is none.
func (p *program) openDatabase(ctx context.Context, loaded *project.Project) (store.Engine, error) {
	address, err := loaded.Database()
	if err != nil {
		return nil, err
	}
	switch scheme, _, isURL := strings.Cut(address, "://"); {
	case isPostgres(address):
		options := p.postgresOptions(loaded)
		if options.Replicas, err = loaded.Replicas(); err != nil {
			return nil, err
		}
		return opened(postgres.Open(ctx, address, options))
	case isURL:
		return nil, fmt.Errorf("database: expected a SQLite file or a postgres:// URL, found %s://", scheme)
	case isNearlyPostgres(address):
		return nil, errors.New("database: expected a SQLite file or a postgres:// URL, as postgres://user@host:5432/name, found another way to say where a server is")
	case len(loaded.Settings.Postgres.Replicas) > 0:
		return nil, errors.New("databaseReplicas: only a PostgreSQL database has replicas, and the database is a SQLite file: set database, or leave databaseReplicas out")
	}
	return opened(sqlite.Open(ctx, address, sqlite.Options{External: loaded.Settings.External}))
}

// opened is an engine as an interface, which is nil where opening failed.
func opened[E store.Engine](engine E, err error) (store.Engine, error) {
	if err != nil {
		return nil, err
	}
	return engine, nil
}

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// isNearlyPostgres reports whether an address is meant for PostgreSQL but is no
// URL of it: as a file it would be made, with the password in its name.
func isNearlyPostgres(address string) bool {
	address = strings.ToLower(address)
	return slices.ContainsFunc([]string{"postgres:/", "postgresql:/", "password=", "dbname="}, func(sign string) bool {
		return strings.Contains(address, sign)
	})
}

// postgresOptions are the project's settings as the engine wants them.
func (p *program) postgresOptions(loaded *project.Project) postgres.Options {
	server, logger := loaded.Settings.Postgres, p.logger(loaded.Settings)
	return postgres.Options{
		Connections: server.Connections, StatementTimeout: server.StatementTimeout, LockTimeout: server.LockTimeout,
		StartTimeout: server.StartTimeout, Pooler: server.Pooler, ReplicaLag: server.ReplicaLag,
		Waiting: func(reason error) {
			p.out.warn("%v; trying again for %s", reason, server.StartTimeout)
		},
		Replica: func(name string, failure error) {
			if failure != nil {
				logger.Warn("replica left out", slog.String("replica", name), slog.Any("reason", failure))
				return
			}
			logger.Info("replica in use", slog.String("replica", name))
		},
	}
}

// withDatabaseIfAny opens the project's database for some work and closes it.
// A SQLite file that does not exist yet is not made: the work gets nil.
func (p *program) withDatabaseIfAny(ctx context.Context, loaded *project.Project, work func(store.Engine) error) error {
	address, err := loaded.Database()
	if err != nil {
		return err
	}
	if !strings.Contains(address, "://") {
		if _, err := os.Stat(address); errors.Is(err, fs.ErrNotExist) {
			return work(nil)
		}
	}
	return p.withDatabase(ctx, loaded, work)
}

// withScratch is withDatabase on an empty database of the same engine of which
// nothing is left.
func (p *program) withScratch(ctx context.Context, loaded *project.Project, work func(store.Engine) error) error {
	address, err := loaded.Database()
	if err != nil {
		return err
	}
	if isPostgres(address) {
		options := p.postgresOptions(loaded)
		options.Temporary = true
		engine, err := postgres.Open(ctx, address, options)
		if err != nil {
			return err
		}
		return closing(engine, work(engine))
	}
	folder, err := os.MkdirTemp("", "larder-dry-run-*")
	if err != nil {
		return fmt.Errorf("make a place for the dry run: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // the system clears its temporary files
	engine, err := sqlite.Open(ctx, filepath.Join(folder, "larder.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	return closing(engine, work(engine))
}

// databaseName is the database as it may be shown: a file from the working
// folder, where that is shorter, or a URL without user and password.
func databaseName(loaded *project.Project) string {
	address, err := loaded.Database()
	switch {
	case err == nil && isPostgres(address):
		return postgres.Name(address)
	case err != nil || strings.Contains(address, "://"):
		return "the database"
	}
	return shortPath(address)
}
