package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// loginLink makes a link for whoever holds the phone.
func loginLink(c *cli) *cobra.Command {
	var body api.NewLink
	cmd := &cobra.Command{
		Use: "link ACCOUNT", Short: c.t("Make a one-time link that shows an account's QR code"),
		Long:    c.t("Make a one-time link that shows an account's QR code") + ".\n\n" + c.t(linkText),
		Example: "  troupe login link sb_2", Args: c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var link api.LoginLink
			if err := cl.post(cmd.Context(), accountPath(args[0])+"/login-link", body, &link); err != nil {
				return err
			}
			return c.print(link, func() {
				fmt.Fprintln(c.out, link.URL)
				c.progress("valid until %s, for the first device that opens it", clock(link.ExpiresAt))
			})
		},
	}
	cmd.Flags().Int64Var(&body.Minutes, "minutes", 0, c.t("how long it is valid, 1 to 60; 10 when 0"))
	return cmd
}

// loginQueue lets accounts wait for a scan and shows one code after the other.
func loginQueue(c *cli) *cobra.Command {
	var body api.NewLogins
	var list, empty bool
	cmd := &cobra.Command{
		Use: "queue [ACCOUNT...]", Short: c.t("Log many accounts in, one code after the other"),
		Long:    c.t("Log many accounts in, one code after the other") + ".\n\n" + c.t(queueText),
		Example: "  troupe login queue\n  troupe login queue --tag 老号\n  troupe login queue --list", ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var queue api.LoginQueue
			switch {
			case list:
				err = cl.get(cmd.Context(), "/login-queue", nil, &queue)
			case empty:
				err = cl.call(cmd.Context(), http.MethodDelete, "/login-queue", nil, nil, &queue)
			default:
				body.Accounts, body.LoggedOut = args, len(args) == 0
				err = cl.post(cmd.Context(), "/login-queue", body, &queue)
			}
			if err != nil || list || empty || c.json {
				return errors.Join(err, c.print(queue, func() { c.queueTable(queue) }))
			}
			return c.workOff(cmd.Context(), cl)
		},
	}
	cmd.Flags().StringVar(&body.Tag, "tag", "", c.t("only accounts with this tag"))
	cmd.Flags().Int64Var(&body.AtOnce, "at-once", 0, c.t("how many codes are shown side by side in the console, 1 to 20"))
	cmd.Flags().BoolVar(&list, "list", false, c.t("only show who waits"))
	cmd.Flags().BoolVar(&empty, "empty", false, c.t("take everybody out"))
	return cmd
}

func (c *cli) queueTable(queue api.LoginQueue) {
	var t table
	t.add(c.t("ACCOUNT"), c.t("NAME"), c.t("STATE"), c.t("TRIES"), c.t("REASON"))
	for _, q := range queue.Waiting {
		t.add(q.Account, short(clean(q.Name), 24), c.t(q.State), fmt.Sprint(q.Tries), clean(q.Reason))
	}
	t.write(c.out)
}

// workOff shows each code that the node begins to show, until nobody waits any more. Interrupted, it leaves the queue as it is.
func (c *cli) workOff(ctx context.Context, cl *client) error {
	for {
		var queue api.LoginQueue
		if err := cl.get(ctx, "/login-queue", nil, &queue); err != nil {
			return err
		}
		waiting, session := 0, ""
		for _, q := range queue.Waiting {
			if !q.GivenUp {
				waiting++
			}
			if session == "" && q.Session != "" {
				session = q.Session
				c.progress("%s (%s), %d more wait", q.Account, clean(q.Name), len(queue.Waiting)-1)
			}
		}
		switch {
		case session != "":
			d := &dialog{cli: c, client: cl, session: session}
			if err := d.run(ctx); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				fmt.Fprintln(c.errs, c.t("error:"), clean(err.Error()))
			}
		case waiting == 0:
			return c.print(queue, func() { fmt.Fprintln(c.out, c.t("nobody waits for a scan any more")) })
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
