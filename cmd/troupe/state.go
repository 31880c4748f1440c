package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"troupe/actors/gateway/api"
)

// stateMost is the largest login that can be imported, in bytes of its file.
const stateMost = 15 << 20

// accountExport saves an account's login as a file.
func accountExport(c *cli) *cobra.Command {
	var file string
	var playwright bool
	cmd := c.onAccount("export", c.t("Save an account's login as a file; whoever has it is logged in"), func(cmd *cobra.Command, cl *client, id string) error {
		if out, ok := c.out.(*os.File); ok && file == "" && term.IsTerminal(int(out.Fd())) {
			return &errUsage{c.t("a login is not shown in a terminal: name a file with --output")}
		}
		form := "troupe"
		if playwright {
			form = "playwright"
		}
		var login []byte
		if err := cl.get(cmd.Context(), accountPath(id)+"/state", filters("form", form), &login); err != nil {
			return err
		}
		if err := c.saveLogin(file, login); err != nil {
			return err
		}
		c.progress("warning: this file is the login of %s; keep it as you would its password, and remove it after use", id)
		return nil
	})
	cmd.Example = "  troupe account export sb_1 --output sb_1.state.json\n  troupe account export sb_1 --playwright -o storage-state.json"
	cmd.Flags().StringVarP(&file, "output", "o", "", c.t("file to write, readable by you only; it must not exist yet"))
	cmd.Flags().BoolVar(&playwright, "playwright", false, c.t("as a storage state of Playwright, which holds less"))
	return cmd
}

// saveLogin writes a login to a new file that only its owner can read, or to the output.
func (c *cli) saveLogin(file string, login []byte) error {
	if file == "" {
		if _, err := c.out.Write(login); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
		return nil
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &errUsage{c.f("%s exists already; a login overwrites nothing: choose another name", file)}
	}
	if err != nil {
		return fmt.Errorf("save login: %w", err)
	}
	_, err = f.Write(login)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("save login: %w", err), os.Remove(file))
	}
	return c.print(map[string]any{"file": file, "bytes": len(login)}, func() { fmt.Fprintln(c.out, file) })
}

// accountImport brings accounts in from a list or a folder, or gives one paused account the login of a file. It says first what would
// be done.
func accountImport(c *cli) *cobra.Command {
	var sure bool
	var body api.NewImport
	cmd := &cobra.Command{
		Use: "import FILE|DIR | ACCOUNT FILE", Short: c.t("Add accounts from a CSV file or a Node worker's data folder, or replace one account's login"),
		Long: c.t("Add accounts from a CSV file or a Node worker's data folder, or replace one account's login") + ".\n\n" + c.t(importListText) + "\n\n" + c.t(importText),
		Example: "  troupe account import accounts.csv --dry-run\n  troupe account import ./data/browser/worker-1 --platform douyin --tags 老号\n" +
			"  troupe account import sb_1 storage-state.json --yes",
		Args: c.args(cobra.RangeArgs(1, 2)), ValidArgsFunction: c.completeAccountThenFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return c.importList(cmd, cl, args[0], body, sure)
			}
			login, err := c.readLogin(args[1])
			if err != nil {
				return err
			}
			return c.importLogin(cmd, cl, args[0], login, sure)
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, c.t("do not ask"))
	cmd.Flags().BoolVar(&body.DryRun, "dry-run", false, c.t("only say what would become of each account"))
	cmd.Flags().StringVar(&body.Platform, "platform", "", c.t("platform of the accounts whose row names none"))
	cmd.Flags().StringSliceVar(&body.Tags, "tags", nil, c.t("tags that every account gets beside its own"))
	return cmd
}

// completeAccountThenFile offers accounts and files for the first argument, and files for the second.
func (c *cli) completeAccountThenFile(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	ids, _ := c.completeAccounts(cmd, args, typed)
	return ids, cobra.ShellCompDirectiveDefault
}

// readLogin reads a login's file. Its errors do not quote it.
func (c *cli) readLogin(file string) (json.RawMessage, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &errUsage{err.Error()}
	}
	defer f.Close()
	login, err := io.ReadAll(io.LimitReader(f, stateMost+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read login: %w", err)
	case len(login) > stateMost:
		return nil, &errUsage{c.f("%s is larger than any login: %d bytes at most", file, stateMost)}
	case !json.Valid(login):
		return nil, &errUsage{c.f("%s is not JSON", file)}
	}
	return login, nil
}

func (c *cli) importLogin(cmd *cobra.Command, cl *client, id string, login json.RawMessage, sure bool) error {
	put := func(body api.NewState) (holds api.StateFile, err error) {
		err = cl.call(cmd.Context(), http.MethodPut, accountPath(id)+"/state", nil, body, &holds)
		return holds, err
	}
	holds, err := put(api.NewState{State: login, DryRun: true})
	if err != nil {
		return err
	}
	if !c.json {
		c.loginTable(holds)
	}
	if !sure {
		fmt.Fprint(c.errs, c.f("This replaces the login of %s. Type its id to go on: ", id))
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		if strings.TrimSpace(line) != id {
			return &errUsage{c.t("not confirmed; nothing was written (use --yes to skip the question)")}
		}
	}
	if holds, err = put(api.NewState{State: login}); err != nil {
		return err
	}
	return c.print(holds, func() {
		fmt.Fprintln(c.out, c.f("replaced the login of %s", id))
		fmt.Fprintln(c.out, c.f("next: troupe account resume %s", id))
	})
}

// loginTable says what a login's file holds; no value of it is shown.
func (c *cli) loginTable(holds api.StateFile) {
	var t table
	t.add(c.t("cookies"), c.f("%d, of which %d end with the session and %d are partitioned", holds.Cookies, holds.Session, holds.Partitioned))
	t.add(c.t("domains"), named(holds.Domains))
	t.add(c.t("local storage"), c.f("%d entries of %d origins", holds.Entries, len(holds.Origins)))
	t.add(c.t("origins"), named(holds.Origins))
	if len(holds.Ignored) > 0 {
		t.add(c.t("not taken over"), named(holds.Ignored))
	}
	t.write(c.out)
}

// named joins names from a file for a terminal.
func named(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return clean(strings.Join(names, ", "))
}
