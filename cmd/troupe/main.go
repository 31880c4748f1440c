// Command troupe is the whole of troupe in one binary: a node (serve), the demo, and the command line that talks to
// a running node.
//
// It reads flags, environment and files, and wires the rooms together; nothing else in the program reads the
// environment. The client commands speak the same JSON API as the console, through the Unix socket in the data folder.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends at once; the one that a terminal or make sends along with the first does not.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, getenv func(string) string) int {
	c := &cli{in: in, out: out, errs: errs, lang: langOf(args, getenv), getenv: getenv}
	root := rootCommand(c)
	root.SetArgs(args)
	return c.exit(root.ExecuteContext(ctx))
}

// rootCommand registers every command.
func rootCommand(c *cli) *cobra.Command {
	root := c.root()
	root.AddCommand(serveCommand(c), demoCommand(c), siteCommand(c))
	root.AddCommand(clientCommands(c)...)
	root.AddCommand(completionCommand(c))
	root.CompletionOptions.DisableDefaultCmd = true
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil {
		help.Short = c.t("Help about any command")
	}
	return root
}
