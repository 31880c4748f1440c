package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// The exit codes of every command; the help of troupe lists them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitNotFound    = 4
	exitRefused     = 5 // refused by the node, or the outcome is not known
)

// errUsage is a command line that cannot be understood.
type errUsage struct{ text string }

func (e *errUsage) Error() string { return e.text }

// errUnknown is an end that nobody can be sure of.
type errUnknown struct{ text string }

func (e *errUnknown) Error() string { return e.text }

// cli is what the client commands share: the terminal, the language, and where the node is.
type cli struct {
	in        io.Reader
	out, errs io.Writer
	lang      lang
	json      bool
	addr      string // --addr, else TROUPE_ADDR unless --data-dir is given; empty = by the socket in dataDir
	dataDir   string
	getenv    func(string) string
}

// clientCommands are all commands that talk to a running node.
func clientCommands(c *cli) []*cobra.Command {
	return []*cobra.Command{
		accountCommand(c), loginCommand(c), itemsCommand(c), topicsCommand(c), replyCommand(c), repliesCommand(c),
		proxyCommand(c), platformCommand(c), alarmsCommand(c), nodeCommand(c), nodesCommand(c), placementCommand(c), keysCommand(c), storeCommand(c), userCommand(c), tokenCommand(c), auditCommand(c), statusCommand(c), versionCommand(c),
	}
}

// root is the command that the others hang on, with the flags that all of them know.
func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:     "troupe",
		Short:   c.t("Watch and answer your own social-media accounts, one real browser each"),
		Long:    c.t("Watch and answer your own social-media accounts, one real browser each") + ".\n\n" + c.t(exitCodesText),
		Example: "  troupe serve\n  troupe account add sandbox \"My shop\"\n  troupe login sb_1\n  troupe items --follow",
		Args:    c.args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.errs)
	flags := root.PersistentFlags()
	c.dataDirFlag(flags)
	if dir := c.getenv("DATA_DIR"); dir != "" {
		c.dataDir = dir
	}
	flags.StringVar(&c.addr, "addr", "", c.t("address of the node instead, such as 127.0.0.1:3000")+" (TROUPE_ADDR)")
	flags.BoolP("help", "h", false, c.t("help for this command"))
	flags.BoolVar(&c.json, "json", false, c.t("print JSON"))
	flags.String("lang", string(c.lang), c.t("language of texts: en or zh; else from LC_ALL, LC_MESSAGES or LANG"))
	root.PersistentPreRun = func(*cobra.Command, []string) {
		if c.addr == "" && !flags.Changed("data-dir") {
			c.addr = c.getenv("TROUPE_ADDR")
		}
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &errUsage{err.Error()} })
	root.SetUsageTemplate(c.lang.headings(root.UsageTemplate()))
	return root
}

// args makes a wrong number of arguments a usage error, with what is near to a mistyped command.
func (c *cli) args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		if near := cmd.SuggestionsFor(strings.Join(args, " ")); cmd.HasSubCommands() && len(near) > 0 {
			return &errUsage{c.f("%v; did you mean %s?", err, strings.Join(near, ", "))}
		}
		return &errUsage{c.f("%v; see %s --help", err, cmd.CommandPath())}
	}
}

// exit reports err and turns it into an exit code.
func (c *cli) exit(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.errs, c.t("stopped"))
		return exitFailed
	}
	fmt.Fprintln(c.errs, c.t("error:"), clean(err.Error()))
	return exitCode(err)
}

func exitCode(err error) int {
	var usage *errUsage
	var gone *errUnreachable
	var unknown *errUnknown
	var problem *api.Problem
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &gone):
		return exitUnreachable
	case errors.As(err, &unknown):
		return exitRefused
	case errors.As(err, &problem):
		return exitOfProblem(problem.Status)
	}
	return exitFailed
}

func exitOfProblem(status int) int {
	switch {
	case status == http.StatusNotFound:
		return exitNotFound
	case status == http.StatusBadRequest:
		return exitUsage
	case status == http.StatusServiceUnavailable:
		return exitUnreachable
	case status < http.StatusInternalServerError, status == http.StatusGatewayTimeout:
		return exitRefused
	}
	return exitFailed
}

// print writes v as JSON when that was asked for, else calls text.
func (c *cli) print(v any, text func()) error {
	if !c.json {
		text()
		return nil
	}
	return c.printJSON(v)
}

// printJSON writes v as one line.
func (c *cli) printJSON(v any) error {
	if err := json.NewEncoder(c.out).Encode(v); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// progress tells a person what goes on; it is not part of the output.
func (c *cli) progress(format string, args ...any) { fmt.Fprintln(c.errs, c.f(format, args...)) }

// completeAccounts offers the accounts' ids to the shell.
func (c *cli) completeAccounts(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := c.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list struct{ Accounts []api.Account }
	if cl.get(cmd.Context(), "/accounts", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, a := range list.Accounts {
		ids = append(ids, a.ID+"\t"+clean(a.Name))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// accountPath is the address of one account.
func accountPath(id string) string { return "/accounts/" + url.PathEscape(id) }
