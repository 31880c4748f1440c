package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// replyCommand sends a reply and waits until it is known what became of it.
func replyCommand(c *cli) *cobra.Command {
	body := api.NewReply{}
	var noWait bool
	var patience time.Duration
	cmd := &cobra.Command{
		Use: "reply TOPIC TEXT", Short: c.t("Send a reply, and wait until it stands on the platform"),
		Long: c.t("Send a reply, and wait until it stands on the platform") + ".\n\n" + c.t(replyText),
		Example: "  troupe reply sb_1.w.7300000000001332031 \"Thank you!\" --to 7300000000003569748\n" +
			"  troupe reply sb_1.c.200000000001:200000000014 \"On its way\"\n" +
			"  echo \"Glad you like it\" | troupe reply sb_1.w.7300000000001332031 - --to 7300000000004503375 --no-wait",
		Args: c.args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			body.Topic, body.Content = args[0], args[1]
			if body.Content == "-" {
				text, err := io.ReadAll(c.in)
				if err != nil {
					return fmt.Errorf("read the text: %w", err)
				}
				body.Content = string(text)
			}
			if body.ID == "" {
				body.ID = strings.ToLower(rand.Text())
			}
			return c.reply(cmd.Context(), cl, body, noWait, patience)
		},
	}
	f := cmd.Flags()
	f.StringVar(&body.InReplyTo, "to", "", c.t("id of the comment, discussion or message that is answered; empty = the work or person"))
	f.StringVar(&body.ID, "id", "", c.t("your own key: the same id is never sent twice"))
	f.StringVar(&body.FromName, "from", "", c.t("the agent's name, for the record"))
	f.BoolVar(&noWait, "no-wait", false, c.t("return as soon as it is accepted"))
	f.DurationVar(&patience, "timeout", 3*time.Minute, c.t("how long to wait"))
	return cmd
}

func (c *cli) reply(ctx context.Context, cl *client, body api.NewReply, noWait bool, patience time.Duration) error {
	var sent api.Reply
	if err := cl.post(ctx, "/replies", body, &sent); err != nil {
		var gone *errUnreachable
		if errors.As(err, &gone) {
			c.progress("if you try again, use --id %s: then it is sent at most once", body.ID)
		}
		return err
	}
	if noWait {
		return c.print(sent, func() { fmt.Fprintln(c.out, c.f("reply %s: %s", sent.ID, c.t(sent.State))) })
	}
	last, err := c.waitFor(ctx, cl, sent, patience)
	if err != nil {
		return err
	}
	if last.State == "confirmed" {
		return c.print(last, func() { fmt.Fprintln(c.out, c.f("reply %s: %s", last.ID, c.t(last.State))) })
	}
	if c.json {
		if err := c.printJSON(last); err != nil {
			return err
		}
	}
	text := c.f("reply %s: %s", last.ID, c.t(last.State)) + "  " + last.Reason
	switch {
	case last.State == "failed":
		return errors.New(text)
	case !last.Final:
		return &errUnknown{c.f("%s; not ended within %s: see troupe replies", text, patience)}
	}
	return &errUnknown{c.f("%s; look at the page before sending it again", text)}
}

// waitFor follows a reply until its state is final or patience is over, and tells of each state.
func (c *cli) waitFor(ctx context.Context, cl *client, last api.Reply, patience time.Duration) (api.Reply, error) {
	c.progress("reply %s: %s", last.ID, c.t(last.State))
	if last.Final {
		return last, nil
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := cl.follow(limited, url.Values{"account": {last.Account}, "types": {api.ReplyType}}, func(e event) error {
		var now api.Reply
		if e.kind != api.ReplyType {
			return nil
		}
		if err := json.Unmarshal(e.data, &now); err != nil {
			return fmt.Errorf("read reply event: %w", err)
		}
		if now.ID != last.ID {
			return nil
		}
		if now.State != last.State {
			c.progress("reply %s: %s", now.ID, c.t(now.State))
		}
		if last = now; last.Final {
			return errDone
		}
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return last, nil
	}
	return last, err
}

// repliesCommand lists replies and what became of them.
func repliesCommand(c *cli) *cobra.Command {
	var account, state string
	cmd := &cobra.Command{
		Use: "replies", Short: c.t("List replies and what became of them"),
		Example: "  troupe replies --state open\n  troupe replies --account sb_1 --state unknown", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list struct {
				Replies []api.Reply `json:"replies"`
			}
			if err := cl.get(cmd.Context(), "/replies", filters("account", account, "state", state), &list); err != nil {
				return err
			}
			return c.print(list, func() {
				var t table
				t.add(c.t("TIME"), c.t("ID"), c.t("TOPIC"), c.t("STATE"), c.t("TEXT"), c.t("REASON"))
				for _, r := range list.Replies {
					t.add(clock(r.AcceptedAt), r.ID, r.Topic, c.t(r.State), short(r.Content, 40), short(r.Reason, 50))
				}
				t.write(c.out)
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", c.t("only of this account"))
	cmd.Flags().StringVar(&state, "state", "", c.t("only in this state; open = not ended"))
	_ = cmd.RegisterFlagCompletionFunc("account", c.completeAccounts) // fails only for an unknown flag
	return cmd
}
