// Larder stocks a database from a source and serves it as a RESTful API; see
// larder --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/larderhq/larder/internal/cli"
	"github.com/larderhq/larder/internal/source/module"
)

func main() {
	module.Child() // a data module is evaluated by a child of this program
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := cli.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
