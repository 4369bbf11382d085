package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/exporter"
	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/project"
	"github.com/larderhq/larder/internal/source"
	"github.com/larderhq/larder/internal/store"
)

// exportFlags are the flags of larder export.
type exportFlags struct {
	output, format, query, models string
	version                       int
	nested, hidden, force         bool
}

// exportSource is what the models of --models call the source that they read.
const exportSource = "export"

func (p *program) exportCommand() *cobra.Command {
	var flags *projectFlags
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use:   "export [RESOURCE…]",
		Short: "Write records to files",
		Long: `Export writes the records of the resources (all of them, unless some are named)
as they are at one moment. A server may run meanwhile. Files have their names
when they are whole; docs/exports.md tells what they hold and how to read them
back.

  larder export planets                             NDJSON, on standard output
  larder export planets --output planets.csv        by the name's ending: csv, json or ndjson
  larder export --output backup/                    a file for each resource
  larder export --output all.json --nested          one document, items within their lists
  larder export planets --query 'population=gte.1000&select=name,terrains'`,
		RunE: func(cmd *cobra.Command, names []string) error {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return err
			}
			job, err := p.newExport(loaded, f, names)
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
				records, err := openStore(cmd.Context(), loaded, engine)
				if err != nil {
					return err
				}
				return p.export(cmd.Context(), loaded, records, job)
			})
		},
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			loaded, err := p.load(cmd, flags, nil)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return resourcesOf(loaded.Schema.In(f.version), f.version), cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags = addProjectFlags(cmd, false)
	cmd.Flags().StringVarP(&f.output, "output", "o", "-", "the `file` or folder to write to; - is standard output")
	cmd.Flags().StringVar(&f.format, "format", "", "ndjson, json or csv, where the file's name does not tell (default ndjson)")
	cmd.Flags().StringVar(&f.query, "query", "", "what of one resource, as in the API: `'population=gte.1000&select=name'`")
	cmd.Flags().IntVar(&f.version, "version", 0, "the shape that API version `N` gives the records (default every field there is)")
	cmd.Flags().BoolVar(&f.nested, "nested", false, "write the records of a list within the record that they belong to")
	cmd.Flags().BoolVar(&f.hidden, "hidden", false, "also write fields that are @hidden")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace files that exist")
	cmd.Flags().StringVar(&f.models, "models", "", "write the models that read the export back to a `file`")
	return cmd
}

// exportJob is an export that can begin.
type exportJob struct {
	exporter.Export
	output string // "-" for standard output
	folder bool   // output is one
	models string // the file to write models to; "" for none
}

// newExport checks what is asked for.
func (p *program) newExport(loaded *project.Project, f *exportFlags, names []string) (exportJob, error) {
	job := exportJob{Export: exporter.Export{Overwrite: f.force, Format: source.Format(f.format)}, output: f.output, models: f.models}
	selection := exporter.Selection{Version: f.version, Nested: f.nested, Hidden: f.hidden, Query: f.query}
	versions := loaded.Schema.Versions()
	if f.version != 0 && !slices.Contains(versions, f.version) {
		return job, fmt.Errorf("there is no version %d of the API: the latest is %d", f.version, len(versions))
	}
	schema := loaded.Schema.In(f.version)
	var err error
	if selection.Types, err = typesOf(schema, f.version, names); err != nil {
		return job, err
	}
	if job.Tables, err = exporter.Tables(schema, selection); err != nil {
		return job, err
	}
	if err := job.place(); err != nil {
		return job, err
	}
	switch {
	case job.output == "-" && p.out.json:
		return job, errors.New("--json says results on standard output, where the records would go: name a file or folder with --output")
	case job.Format == source.CSV && f.nested:
		return job, errors.New("a CSV file has no place for records within records: leave --nested out, or choose json or ndjson")
	case f.models == "":
		return job, nil
	case f.query != "" || f.version != 0:
		return job, errors.New("models read a whole export back: leave --query and --version out, or --models")
	}
	if declared, at := loaded.Schema.External(); declared != "" {
		return job, fmt.Errorf("%s:%d: %s is of a database that larder did not make, and models of a new one cannot say it: leave --models out", project.ModelsFile, at.Line, declared)
	}
	if _, err := os.Stat(f.models); !f.force && !errors.Is(err, fs.ErrNotExist) {
		return job, fmt.Errorf("there is a file %s already: name another, or replace it with --force", f.models)
	}
	return job, nil
}

// place finds out where the export goes, and in which format.
func (j *exportJob) place() error {
	byName := exporter.FormatOf(j.output)
	if j.output != "-" {
		info, err := os.Stat(j.output)
		j.folder = err == nil && info.IsDir() || strings.HasSuffix(filepath.ToSlash(j.output), "/") ||
			byName == "" && len(j.Tables) > 1
	}
	if j.Format == "" {
		j.Format = source.NDJSON
		if !j.folder && byName != "" {
			j.Format = byName
		}
	}
	switch {
	case !slices.Contains(exporter.Formats(), j.Format):
		return fmt.Errorf("--format %s: expected ndjson, json or csv", j.Format)
	case len(j.Tables) > 1 && !j.folder && j.Format != source.JSON:
		return fmt.Errorf("a file of the format %s holds one resource: name one, write to a folder with --output FOLDER/, or choose json", j.Format)
	}
	return nil
}

// typesOf are the types of the resources; nil for no names, which means all.
func typesOf(schema *model.Schema, version int, names []string) ([]*model.Type, error) {
	var types []*model.Type
	for _, name := range names {
		t := schema.ByResource(version, name)
		if t == nil {
			return nil, fmt.Errorf("there is no resource %q: the project has %s", name, quoted(resourcesOf(schema, version)))
		}
		if slices.Contains(types, t) {
			return nil, fmt.Errorf("%s is named twice", name)
		}
		types = append(types, t)
	}
	return types, nil
}

// resourcesOf are the resources of an API version, of all for 0.
func resourcesOf(schema *model.Schema, version int) []string {
	var names []string
	for _, t := range schema.Types {
		if t.Served(version) {
			names = append(names, t.Resource())
		}
	}
	return names
}

// export writes the records and says what it wrote.
func (p *program) export(ctx context.Context, loaded *project.Project, s *store.Store, job exportJob) error {
	bars := p.out.newProgress("exported")
	defer bars.done()
	if bars.bars != nil {
		job.Progress = func(now exporter.Progress) { bars.counted(now.Resource, now.Done, now.Total) }
	}
	var written []exporter.Written
	var err error
	switch {
	case job.output == "-":
		_, err = job.Write(ctx, s, p.out.out)
	case job.folder:
		written, err = job.Folder(ctx, s, job.output)
	default:
		written, err = job.File(ctx, s, job.output)
	}
	bars.done()
	if err != nil {
		return err
	}
	for _, table := range written {
		p.out.event("exported", table)
		p.out.step(good, "exported", "%s: %s, %s to %s", table.Resource, count(table.Records, "record"), bytesText(table.Bytes), shortPath(table.File))
	}
	if job.models == "" {
		return nil
	}
	models, err := exporter.Models(loaded.Schema, exportSource, job.Tables, job.folder || len(job.Tables) > 1)
	if err != nil {
		return err
	}
	if err := os.WriteFile(job.models, []byte(models), 0o600); err != nil {
		return fmt.Errorf("write the models: %w", err)
	}
	p.out.event("wrote", struct {
		Models string `json:"models"`
	}{job.models})
	if job.output != "-" {
		p.out.step(good, "wrote", "%s: the models that read it back from the source %s", shortPath(job.models), exportSource)
	}
	return nil
}
