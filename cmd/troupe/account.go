package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// accountCommand groups what can be done with accounts.
func accountCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "account", Aliases: []string{"accounts"}, Short: c.t("Add, show, pause, resume and remove accounts"),
		Example: "  troupe account list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(accountAdd(c), accountList(c), accountShow(c), accountChange(c), accountPause(c), accountResume(c), accountRemove(c), accountMove(c), accountPin(c), accountUnpin(c),
		accountCollect(c), accountScreenshot(c), accountExport(c), accountImport(c))
	return cmd
}

func accountAdd(c *cli) *cobra.Command {
	var body api.NewAccount
	var login bool
	cmd := &cobra.Command{
		Use: "add PLATFORM NAME", Short: c.t("Add an account"),
		Example: "  troupe account add sandbox \"My shop\"\n  troupe account add sandbox \"My shop\" --id my-shop --login\n" +
			"  troupe account add sandbox \"My shop\" --proxy office",
		Args: c.args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			body.Platform, body.Name = args[0], args[1]
			var a api.Account
			if err := cl.post(cmd.Context(), "/accounts", body, &a); err != nil {
				return err
			}
			if err := c.print(a, func() {
				fmt.Fprintln(c.out, c.f("added account %s", a.ID))
				if !login {
					fmt.Fprintln(c.out, c.f("next: troupe login %s", a.ID))
				}
			}); err != nil || !login {
				return err
			}
			return c.login(cmd.Context(), cl, a.ID, "")
		},
	}
	cmd.Flags().StringVar(&body.ID, "id", "", c.t("id of the account; made by the node when empty"))
	cmd.Flags().StringVar(&body.AccountID, "account-id", "", c.t("your own name for it on the platform"))
	cmd.Flags().Int64Var(&body.MonitorInterval, "interval", 0, c.t("seconds between two looks, 10 to 300; 0 = the platform's own pace"))
	cmd.Flags().StringVar(&body.Proxy, "proxy", "", c.t("proxy that it goes out through; none when empty"))
	cmd.Flags().StringVar(&body.Noise, "noise", "", c.t("off or seed: noise of its own in canvas, WebGL and audio; the node's default when empty"))
	cmd.Flags().StringVar(&body.Worker, "worker", "", c.t("pin it to this Node worker from the start: unfenced, no browser of ours"))
	_ = cmd.RegisterFlagCompletionFunc("proxy", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return c.completeProxies(cmd, nil, typed)
	}) // fails only for an unknown flag
	_ = cmd.RegisterFlagCompletionFunc("noise", cobra.FixedCompletions([]string{"off", "seed"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().StringSliceVar(&body.Tags, "tags", nil, c.t("your own words for it, separated by commas"))
	cmd.Flags().BoolVar(&login, "login", false, c.t("log it in at once"))
	return cmd
}

func accountList(c *cli) *cobra.Command {
	var platform, state, tag string
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: c.t("List the accounts"),
		Example: "  troupe account list\n  troupe account list --state logged_out --json", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list struct {
				Accounts []api.Account `json:"accounts"`
			}
			if err := cl.get(cmd.Context(), "/accounts", filters("platform", platform, "state", state, "tag", tag), &list); err != nil {
				return err
			}
			return c.print(list, func() { c.accountTable(list.Accounts) })
		},
	}
	cmd.Flags().StringVar(&platform, "platform", "", c.t("only of this platform"))
	cmd.Flags().StringVar(&state, "state", "", c.t("only in this state"))
	cmd.Flags().StringVar(&tag, "tag", "", c.t("only accounts with this tag"))
	return cmd
}

func (c *cli) accountTable(list []api.Account) {
	if len(list) == 0 {
		fmt.Fprintln(c.out, c.t("no accounts yet; add one with: troupe account add PLATFORM NAME"))
		return
	}
	var t table
	t.add(c.t("ACCOUNT"), c.t("PLATFORM"), c.t("NAME"), c.t("STATE"), c.t("UNREAD"), c.t("LAST ROUND"), c.t("REASON"))
	for _, a := range list {
		t.add(a.ID, a.Platform, short(shownName(a), 24), c.t(a.State), fmt.Sprint(a.Unread.Total), clock(a.LastRound), short(a.Reason, 60))
	}
	t.write(c.out)
}

// shownName is what people know an account by.
func shownName(a api.Account) string {
	if a.Profile != nil && a.Profile.Nickname != "" {
		return a.Profile.Nickname
	}
	return a.Name
}

func accountShow(c *cli) *cobra.Command {
	return c.onAccount("show", c.t("Show one account"), func(cmd *cobra.Command, cl *client, id string) error {
		var a api.Account
		if err := cl.get(cmd.Context(), accountPath(id), nil, &a); err != nil {
			return err
		}
		return c.print(a, func() { c.accountDetail(a) })
	})
}

func (c *cli) accountDetail(a api.Account) {
	var t table
	t.add(c.t("account"), a.ID)
	t.add(c.t("platform"), a.Platform)
	t.add(c.t("name"), clean(shownName(a)))
	t.add(c.t("state"), c.t(a.State)+"  "+clean(a.Reason))
	t.add(c.t("tags"), clean(strings.Join(a.Tags, ", ")))
	t.add(c.t("since"), clock(a.Since))
	t.add(c.t("logged in"), c.yes(a.LoggedIn))
	t.add(c.t("node"), a.Node+"  "+c.t("epoch")+" "+a.Epoch)
	c.addPin(&t, a)
	t.add(c.t("rounds"), fmt.Sprintf("%d  %s %s  %s %s", a.Rounds, c.t("last"), clock(a.LastRound), c.t("next"), clock(a.NextRound)))
	t.add(c.t("browser"), c.f("pid %d, started %d times, gate open: %s", a.BrowserPID, a.BrowserStarts, c.yes(a.GateOpen)))
	if a.BrowserEnd != "" {
		t.add("", c.f("the one before was ended on purpose: %s", c.t(a.BrowserEnd)))
	}
	t.add(c.t("way out"), c.wayOut(a))
	c.addTraffic(&t, a.Traffic)
	c.addPersona(&t, a.Persona)
	t.add(c.t("holds"), c.counts(a.Counts))
	t.add(c.t("unread"), fmt.Sprint(a.Unread.Total))
	t.add(c.t("open replies"), fmt.Sprint(a.OpenReplies))
	for _, al := range a.Alarms {
		t.add(c.t("alarm"), al.Name+"  "+clock(al.RaisedAt)+"  "+clean(al.Reason))
	}
	t.write(c.out)
}

func (c *cli) counts(n api.Counts) string {
	return c.f("%d works, %d comments, %d discussions, %d conversations, %d messages, %d notifications",
		n.Contents, n.Comments, n.Discussions, n.Conversations, n.Messages, n.Notifications)
}

func (c *cli) yes(b bool) string {
	if b {
		return c.t("yes")
	}
	return c.t("no")
}

func accountChange(c *cli) *cobra.Command {
	var name string
	var interval int64
	var tags []string
	cmd := c.onAccount("change", c.t("Change an account's name, tags or pace"), func(cmd *cobra.Command, cl *client, id string) error {
		var body api.AccountChange
		if cmd.Flags().Changed("name") {
			body.Name = &name
		}
		if cmd.Flags().Changed("interval") {
			body.MonitorInterval = &interval
		}
		if cmd.Flags().Changed("tags") {
			body.Tags = &tags
		}
		var a api.Account
		if err := cl.call(cmd.Context(), http.MethodPatch, accountPath(id), nil, body, &a); err != nil {
			return err
		}
		return c.print(a, func() { fmt.Fprintln(c.out, c.f("account %s changed", a.ID)) })
	})
	cmd.Example = "  troupe account change sb_1 --tags 老号,华东"
	cmd.Flags().StringVar(&name, "name", "", c.t("its new name"))
	cmd.Flags().Int64Var(&interval, "interval", 0, c.t("seconds between two looks, 10 to 300; 0 = the platform's own pace"))
	cmd.Flags().StringSliceVar(&tags, "tags", nil, c.t("its tags, all of them, separated by commas; \"\" = none"))
	return cmd
}

func accountPause(c *cli) *cobra.Command {
	var body api.Pause
	cmd := c.onAccount("pause", c.t("Close an account's browser until it is resumed"), func(cmd *cobra.Command, cl *client, id string) error {
		return c.change(cmd, cl, id, "pause", body)
	})
	cmd.Example += "\n  troupe account pause sb_1 --reason \"back on Monday\""
	cmd.Flags().StringVar(&body.Reason, "reason", "", c.t("why, for those who look later"))
	return cmd
}

func accountResume(c *cli) *cobra.Command {
	return c.onAccount("resume", c.t("Let an account go on after a pause, a captcha or a parking"), func(cmd *cobra.Command, cl *client, id string) error {
		return c.change(cmd, cl, id, "resume", nil)
	})
}

func accountCollect(c *cli) *cobra.Command {
	return c.onAccount("collect", c.t("Let an account look at its page at once"), func(cmd *cobra.Command, cl *client, id string) error {
		return c.change(cmd, cl, id, "collect", nil)
	})
}

// change posts one verb and shows the state that came of it.
func (c *cli) change(cmd *cobra.Command, cl *client, id, verb string, body any) error {
	var a api.Account
	if err := cl.post(cmd.Context(), accountPath(id)+"/"+verb, body, &a); err != nil {
		return err
	}
	return c.print(a, func() { fmt.Fprintln(c.out, c.f("account %s: %s", a.ID, c.t(a.State))) })
}

func accountScreenshot(c *cli) *cobra.Command {
	var file string
	cmd := c.onAccount("screenshot", c.t("Save a picture of an account's page"), func(cmd *cobra.Command, cl *client, id string) error {
		if file == "" {
			file = id + ".png"
		}
		c.progress("taking the picture ...")
		var picture []byte
		if err := cl.post(cmd.Context(), accountPath(id)+"/screenshot", nil, &picture); err != nil {
			return err
		}
		if err := os.WriteFile(file, picture, 0o600); err != nil {
			return fmt.Errorf("save picture: %w", err)
		}
		return c.print(map[string]any{"account": id, "file": file, "bytes": len(picture)}, func() { fmt.Fprintln(c.out, file) })
	})
	cmd.Example += "\n  troupe account screenshot sb_1 --output page.png"
	cmd.Flags().StringVarP(&file, "output", "o", "", c.t("file to write; ACCOUNT.png when empty"))
	return cmd
}

func accountRemove(c *cli) *cobra.Command {
	var sure bool
	cmd := c.onAccount("remove", c.t("Erase an account: profile, sealed login and all data"), func(cmd *cobra.Command, cl *client, id string) error {
		if !sure {
			fmt.Fprint(c.errs, c.f("This erases profile, login and all data of %s for ever. Type its id to go on: ", id))
			line, _ := bufio.NewReader(c.in).ReadString('\n')
			if strings.TrimSpace(line) != id {
				return &errUsage{c.t("not confirmed; nothing was removed (use --yes to skip the question)")}
			}
		}
		c.progress("closing the browser and erasing ...")
		if err := cl.call(cmd.Context(), http.MethodDelete, accountPath(id), url.Values{"confirm": {id}}, nil, nil); err != nil {
			return err
		}
		return c.print(map[string]any{"account": id, "removed": true}, func() { fmt.Fprintln(c.out, c.f("removed account %s", id)) })
	})
	cmd.Example = "  troupe account remove my-shop\n  troupe account remove sb_2 --yes"
	cmd.Flags().BoolVar(&sure, "yes", false, c.t("do not ask"))
	return cmd
}

// onAccount makes a command below account that takes one account's id.
func (c *cli) onAccount(verb, text string, do func(cmd *cobra.Command, cl *client, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ACCOUNT", Short: text, Example: "  troupe account " + verb + " sb_1",
		Args: c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return do(cmd, cl, args[0])
		},
	}
}

// filters makes a query of pairs of name and value; empty values are left out.
func filters(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
