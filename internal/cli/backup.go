package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/migrate"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/store"
	"github.com/larderhq/larder/internal/store/sqlite"
	"github.com/larderhq/larder/internal/transfer"
)

func (p *program) backupCommand() *cobra.Command {
	var force bool
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write the whole database, as it is at one moment, to a file",
		Long: `Backup writes the database to a new SQLite file and checks that file. A server
may run meanwhile. Of a PostgreSQL database it is a copy, as larder copy makes
it; pg_dump makes PostgreSQL's own kind of backup.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			return p.backup(cmd.Context(), loaded, arguments[0], force)
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if there is one")
	return cmd
}

// backup writes to a file beside the one asked for and renames it when it is
// whole.
func (p *program) backup(ctx context.Context, loaded *project.Project, path string, force bool) error {
	if _, err := os.Stat(path); err == nil && !force {
		return fmt.Errorf("%s exists already: name another file, or say --force", path)
	}
	address, err := loaded.Database()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(filepath.Dir(path), ".larder-backup-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what is left of it says its name
	whole := filepath.Join(folder, "backup.db")
	began := time.Now()
	if isPostgres(address) {
		err = p.backupByCopy(ctx, loaded, address, whole)
	} else {
		err = p.withDatabaseIfAny(ctx, loaded, func(engine store.Engine) error {
			file, isFile := engine.(*sqlite.Engine)
			if !isFile {
				return fmt.Errorf("there is no database %s yet", databaseName(loaded))
			}
			return file.Backup(ctx, whole)
		})
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(whole)
	if err == nil {
		err = os.Rename(whole, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	p.out.step(good, "backed up", "%s to %s: %s in %s, checked", databaseName(loaded), path, bytesText(info.Size()), took(time.Since(began)))
	p.out.event("backup", struct {
		Database string `json:"database"`
		File     string `json:"file"`
		Bytes    int64  `json:"bytes"`
	}{databaseName(loaded), path, info.Size()})
	return nil
}

// backupByCopy copies a database of another engine into a SQLite file.
func (p *program) backupByCopy(ctx context.Context, loaded *project.Project, address, path string) error {
	dir, err := openMigrations(loaded)
	if err != nil {
		return err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if _, err := p.copyDatabase(ctx, loaded, dir, address, absolute, false); err != nil {
		return err
	}
	return sqlite.Detach(ctx, absolute)
}

func (p *program) restoreCommand() *cobra.Command {
	var flags *projectFlags
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the database",
		Long: `Restore checks a file that larder backup wrote and puts it in the place of the
project's database, which must not be in use and is kept beside it. Into a
PostgreSQL database, which must be empty, the backup is copied.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			return p.restore(cmd.Context(), loaded, arguments[0])
		},
	}
	flags = addProjectFlags(cmd, false)
	return cmd
}

// restore works on a second file, so that the backup stays as it is.
func (p *program) restore(ctx context.Context, loaded *project.Project, path string) error {
	if loaded.Settings.External {
		return errors.New("the tables are not larder's (migrations: external): restore the database with its own tools")
	}
	address, err := loaded.Database()
	if err != nil {
		return err
	}
	dir, err := migrate.Open(loaded.Migrations())
	if err != nil {
		return err
	}
	if err := sqlite.Check(ctx, path); err != nil {
		return err
	}
	beside := filepath.Dir(address)
	if isPostgres(address) {
		beside = ""
	}
	folder, err := os.MkdirTemp(beside, ".larder-restore-*")
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what is left of it says its name
	second := filepath.Join(folder, "restore.db")
	if err := copyFile(path, second); err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	pending, err := p.checkBackup(ctx, loaded, dir, second, isPostgres(address))
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	kept := ""
	if isPostgres(address) {
		_, err = p.copyDatabase(ctx, loaded, dir, second, address, false)
	} else {
		kept, err = replaceDatabase(ctx, second, address)
	}
	if err != nil {
		return err
	}
	p.out.step(good, "restored", "%s from %s", databaseName(loaded), path)
	if kept != "" {
		p.out.detail("the database that was there is kept as %s", shortPath(kept))
	}
	if pending > 0 {
		p.out.detail("it lacks %s: apply with larder migrate up, or use larder up", count(pending, "migration"))
	}
	p.out.event("restored", struct {
		Database string `json:"database"`
		File     string `json:"file"`
		Kept     string `json:"kept,omitempty"`
		Pending  int    `json:"pending"`
	}{databaseName(loaded), path, kept, pending})
	return nil
}

// checkBackup refuses a backup of another project, or of a later version of
// this one, and returns how many migrations it lacks, which it may be given.
func (p *program) checkBackup(ctx context.Context, loaded *project.Project, dir *migrate.Dir, path string, upgrade bool) (pending int, err error) {
	err = p.withAddress(ctx, loaded, path, func(engine store.Engine) error {
		states, err := migrate.Status(ctx, engine, dir)
		if err != nil {
			return err
		}
		for _, s := range states {
			switch {
			case s.Missing:
				return fmt.Errorf("the backup has the migration %s, which the project lacks: use the version of the project that has it", s.Migration)
			case s.Changed:
				return fmt.Errorf("the backup's migration %s is not the project's: it is of another project, or the file was changed since", s.Migration)
			case s.Applied.IsZero():
				pending++
			}
		}
		if pending == len(states) {
			return errors.New("the file has none of the project's migrations: it is no backup of this project")
		}
		if err := transfer.CheckWhole(ctx, engine); err != nil || !upgrade {
			return err
		}
		pending = 0
		_, err = migrate.Up(ctx, engine, dir, migrate.Options{})
		return err
	})
	return pending, err
}

// replaceDatabase puts the database file at path in the place of the one at
// address and returns where that is now, "" if there was none.
func replaceDatabase(ctx context.Context, path, address string) (kept string, err error) {
	if err := sqlite.Detach(ctx, path); err != nil {
		return "", err
	}
	err = sqlite.Detach(ctx, address)
	switch {
	case err == nil:
		kept = address + time.Now().UTC().Format(".replaced-20060102T150405.000")
		if err := os.Rename(address, kept); err != nil {
			return "", fmt.Errorf("keep the database that is there: %w", err)
		}
	case errors.Is(err, sqlite.ErrInUse):
		return "", fmt.Errorf("%w: stop what has it open, a server for example, and restore again", err)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	if err := os.Rename(path, address); err != nil {
		return "", fmt.Errorf("put the backup in its place: %w", err)
	}
	return kept, nil
}

// copyFile copies a file to a new one that only its owner can read, and waits
// until that is on disk.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it was only read
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}
