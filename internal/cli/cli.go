// Package cli is larder's command line: one file a command, each of which
// loads the project, calls the packages below and says what they did. [Run]
// runs one command and returns the exit code; it touches nothing of the
// process but what it is given.
//
// A command says its results on standard output: lines for people, or with
// --json one JSON object a line, told apart by their "event". Warnings, the
// log and the progress of long work go to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/larderhq/larder/internal/importer"
	"github.com/larderhq/larder/internal/migrate"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitHeld   = 3 // a person has to decide
)

// program is one run of the command line.
type program struct {
	environ []string
	out     *console
	ran     bool // the command line was understood and a command began
}

// Run runs the command that arguments name and returns the exit code. A
// command that serves ends well when ctx does. environ has the form of
// [os.Environ].
func Run(ctx context.Context, arguments, environ []string, stdout, stderr io.Writer) int {
	p := &program{environ: environ, out: newConsole(stdout, stderr, environ)}
	root := p.root()
	root.SetArgs(arguments)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	return p.fail(command, err)
}

// fail tells why a command failed.
func (p *program) fail(command *cobra.Command, err error) int {
	code := exitFailed
	held := (*migrate.Held)(nil)
	heldImport := (*importer.HeldError)(nil)
	moved := (*importer.MovedError)(nil)
	switch {
	case !p.ran:
		code = exitUsage
	case errors.As(err, &held), errors.As(err, &heldImport), errors.As(err, &moved), errors.Is(err, errRowsInTheWay):
		code = exitHeld
	}
	message := strings.TrimSpace(err.Error())
	if code == exitUsage {
		message = strings.ReplaceAll(message, "\n\n", "\n") + "\nsee " + command.CommandPath() + " --help"
	}
	if errors.Is(err, context.Canceled) {
		message = "stopped before it was done: " + message
	}
	p.out.failure(message)
	var problems []importer.Problem
	if invalid := (*importer.InvalidError)(nil); errors.As(err, &invalid) {
		problems = invalid.Problems
	}
	p.out.event("failed", struct {
		Error    string              `json:"error"`
		Exit     int                 `json:"exit"`
		Problems []importer.Problem  `json:"problems,omitempty"`
		Held     *importer.HeldError `json:"held,omitempty"`
	}{message, code, problems, heldImport})
	return code
}

// root is the command line with all its commands.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "larder",
		Short: "Stock a database from a source and serve it as a RESTful API",
		Long: `Larder reads a source, derives the models, makes the database, keeps it in step
with the source and serves it as a RESTful API.

  larder new planets --graphql URL --query '{ … }'   make a project
  larder up planets                                   migrate, import and serve it`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			p.ran = true
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args: cobra.NoArgs,
	}
	root.PersistentFlags().BoolVar(&p.out.json, "json", false, "say results as JSON, one object a line")
	root.AddCommand(p.newCommand(), p.planCommand(), p.migrateCommand(), p.importCommand(), p.conflictsCommand(), p.rekeyCommand(),
		p.exportCommand(), p.patchCommand(), p.copyCommand(), p.backupCommand(), p.restoreCommand(), p.serveCommand(), p.upCommand(), p.versionCommand())
	return root
}

// quoted joins names for a sentence.
func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(list, ", ")
}
