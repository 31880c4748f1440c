package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// tokenCommand groups what can be done with the tokens of machines.
func tokenCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: c.t("List, make and revoke the tokens of machines"), Example: "  troupe token list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(tokenList(c), tokenCreate(c), tokenRevoke(c))
	return cmd
}

func tokenList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: c.t("List tokens, without their secrets"), Example: "  troupe token list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list api.Tokens
			if err := cl.get(cmd.Context(), "/tokens", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() {
				var t table
				t.add(c.t("NAME"), c.t("ROLE"), c.t("ACCOUNTS"), c.t("SINCE"), c.t("UNTIL"), c.t("STATE"))
				for _, k := range list.Tokens {
					t.add(k.Name, c.t(string(k.Role)), c.scope(k.Accounts), clock(k.CreatedAt), clock(k.ExpiresAt), c.t(tokenState(k, time.Now())))
				}
				t.write(c.out)
			})
		},
	}
}

// tokenState is a token's state in a word.
func tokenState(k api.Token, now time.Time) string {
	switch {
	case k.RevokedAt != 0:
		return "revoked"
	case k.ExpiresAt != 0 && k.ExpiresAt <= now.UnixMilli():
		return "expired"
	}
	return "ok"
}

func tokenCreate(c *cli) *cobra.Command {
	var role string
	var accounts []string
	var life time.Duration
	cmd := &cobra.Command{
		Use: "create NAME", Short: c.t("Make a token; its secret is shown once"),
		Example: "  troupe token create backup --role viewer\n  troupe token create desk --role agent --account dy_1 --for 2160h\n  troupe token create node-7 --role worker", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			n := api.NewToken{Name: args[0], Role: api.Role(role), Accounts: accounts}
			if life > 0 {
				n.ExpiresAt = time.Now().Add(life).UnixMilli()
			}
			var made api.Token
			if err := cl.post(cmd.Context(), "/tokens", n, &made); err != nil {
				return err
			}
			return c.print(made, func() {
				c.progress("made token %s; it is shown this once:", made.Name)
				fmt.Fprintln(c.out, made.Secret)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "viewer", c.t("viewer, agent, operator or admin; worker is for the Node worker of that name, and for nothing else"))
	cmd.Flags().StringSliceVar(&accounts, "account", nil, c.t("the only accounts to be seen; none for all"))
	cmd.Flags().DurationVar(&life, "for", 0, c.t("how long it works, such as 2160h; 0 is for ever"))
	return cmd
}

func tokenRevoke(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "revoke NAME", Short: c.t("Revoke a token; its connections end at once"), Example: "  troupe token revoke backup", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var revoked api.Token
			if err := cl.call(cmd.Context(), http.MethodDelete, "/tokens/"+url.PathEscape(args[0]), nil, nil, &revoked); err != nil {
				return err
			}
			return c.print(revoked, func() { fmt.Fprintln(c.out, c.f("revoked token %s", revoked.Name)) })
		},
	}
}
