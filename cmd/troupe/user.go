package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"troupe/actors/gateway/api"
)

// userCommand groups what can be done with the people who sign in.
func userCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: c.t("List, add and remove the people who sign in"), Example: "  troupe user list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(userList(c), userAdd(c), userPassword(c), userRemove(c))
	return cmd
}

func userList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: c.t("List users, their roles and where they are signed in"),
		Example: "  troupe user list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list api.Users
			if err := cl.get(cmd.Context(), "/users", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() {
				var t table
				t.add(c.t("NAME"), c.t("ROLE"), c.t("ACCOUNTS"), c.t("SIGNED IN"))
				for _, u := range list.Users {
					t.add(u.Name, c.t(string(u.Role)), c.scope(u.Accounts), fmt.Sprint(len(u.Sessions)))
				}
				t.write(c.out)
			})
		},
	}
}

// scope is which accounts somebody sees.
func (c *cli) scope(accounts []string) string {
	if len(accounts) == 0 {
		return c.t("all")
	}
	return strings.Join(accounts, ", ")
}

func userAdd(c *cli) *cobra.Command {
	var role string
	var accounts []string
	cmd := &cobra.Command{
		Use: "add NAME", Short: c.t("Add a user; the password is read from the standard input"),
		Example: "  troupe user add anna --role agent\n  troupe user add ben --role agent --account dy_1", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			password, err := c.askPassword(args[0])
			if err != nil {
				return err
			}
			var made api.User
			if err := cl.post(cmd.Context(), "/users", api.NewUser{Name: args[0], Role: api.Role(role), Accounts: accounts, Password: password}, &made); err != nil {
				return err
			}
			return c.print(made, func() { fmt.Fprintln(c.out, c.f("added user %s", made.Name)) })
		},
	}
	cmd.Flags().StringVar(&role, "role", "agent", c.t("viewer, agent, operator or admin"))
	cmd.Flags().StringSliceVar(&accounts, "account", nil, c.t("the only accounts to be seen; none for all"))
	return cmd
}

func userPassword(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "password NAME", Short: c.t("Give a user another password, and sign him out everywhere"),
		Example: "  troupe user password anna", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			password, err := c.askPassword(args[0])
			if err != nil {
				return err
			}
			var changed api.User
			if err := cl.call(cmd.Context(), http.MethodPatch, "/users/"+url.PathEscape(args[0]), nil, api.UserChange{Password: &password}, &changed); err != nil {
				return err
			}
			return c.print(changed, func() { fmt.Fprintln(c.out, c.f("changed the password of %s", changed.Name)) })
		},
	}
}

func userRemove(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Aliases: []string{"rm"}, Short: c.t("Remove a user, and sign him out everywhere"),
		Example: "  troupe user remove anna", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			if err := cl.call(cmd.Context(), http.MethodDelete, "/users/"+url.PathEscape(args[0]), url.Values{"confirm": {args[0]}}, nil, nil); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.f("removed user %s", args[0]))
			return nil
		},
	}
}

// askPassword reads a password: unseen from a terminal, else the first line of the standard input.
func (c *cli) askPassword(name string) (string, error) {
	if file, is := c.in.(*os.File); is && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(c.errs, c.f("New password of %s: ", name))
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(c.errs)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return string(typed), nil
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil && line == "" {
		return "", &errUsage{c.t("there is no password in the standard input")}
	}
	return strings.TrimRight(line, "\r\n"), nil
}
