package project

import (
	"errors"
	"strings"
	"time"
)

// databaseSettings say where the records are.
func databaseSettings() []Setting {
	return []Setting{
		{
			Name: "database", Default: "larder.db", Form: "a file or a postgres:// URL",
			Description: "The database: a SQLite file, found from the project's folder and made where there is none, or the URL of a PostgreSQL database. A password is a reference.",
			take: func(l *loader, g given) (err error) {
				l.settings.Database, err = l.address(g)
				return err
			},
		},
		{
			Name: "migrations", Default: managed, Form: "managed or external",
			Description: "Who makes and changes the tables: larder by its migrations, or, with external, whoever owns the database. Larder then changes records only and keeps nothing of its own there.",
			take: func(l *loader, g given) error {
				word, err := g.oneOf(managed, external)
				l.settings.External = word == external
				return err
			},
		},
		{
			Name: "databaseConnections", Form: formNumber,
			Description: "The most connections to a PostgreSQL database that one larder process holds. Without it, four for each processor, and eight at least.",
			take:        numberSetting(10_000, func(s *Settings) *int { return &s.Postgres.Connections }),
		},
		{
			Name: "databaseStatementTimeout", Default: "1m", Form: formDuration,
			Description: "How long PostgreSQL works on one statement. Imports and migrations are not bound by it.",
			take:        durationSetting(func(s *Settings) *time.Duration { return &s.Postgres.StatementTimeout }),
		},
		{
			Name: "databaseLockTimeout", Default: "10s", Form: formDuration,
			Description: "How long a statement waits for a lock in PostgreSQL, so that a migration which has to wait for others does not hold up everyone behind it.",
			take:        durationSetting(func(s *Settings) *time.Duration { return &s.Postgres.LockTimeout }),
		},
		{
			Name: "databaseStartTimeout", Default: "30s", Form: formDuration,
			Description: "How long a command waits at its start for a PostgreSQL server that does not answer yet.",
			take:        durationSetting(func(s *Settings) *time.Duration { return &s.Postgres.StartTimeout }),
		},
		{
			Name: "databasePooler", Default: "none", Form: "none or transaction",
			Description: "What the URL of a PostgreSQL database leads to: the server itself or a pooler in session mode, or a pooler in transaction mode, as PgBouncer with pool_mode = transaction.",
			take: func(l *loader, g given) error {
				mode, err := g.oneOf("none", "transaction")
				l.settings.Postgres.Pooler = mode == "transaction"
				return err
			},
		},
		{
			Name: "databaseReplicas", Form: formList,
			Description: "URLs of copies of the PostgreSQL database (hot standbys) that answer reads of the API. A password is a reference.",
			take: func(l *loader, g given) (err error) {
				l.settings.Postgres.Replicas, err = l.replicas(g)
				return err
			},
		},
		{
			Name: "databaseReplicaLag", Default: "10s", Form: formDuration,
			Description: "How old an answer of a copy may be. A copy that is further behind is left out until it has caught up.",
			take:        durationSetting(func(s *Settings) *time.Duration { return &s.Postgres.ReplicaLag }),
		},
	}
}

// replicas takes the addresses of copies.
func (l *loader) replicas(g given) (addresses []Secret, err error) {
	parts, err := g.list()
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if !strings.Contains(part, "://") && !strings.HasPrefix(part, "${") {
			return nil, errors.New("expected URLs like postgres://user@host:5432/name, each of one host, found something that is none")
		}
		address, err := l.withoutPassword(part, g)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}
