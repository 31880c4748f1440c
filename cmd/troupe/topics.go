package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// topicsCommand lists works and conversations, or shows one with what was written in it.
func topicsCommand(c *cli) *cobra.Command {
	var account, kind string
	var unread, read bool
	cmd := &cobra.Command{
		Use: "topics [TOPIC]", Short: c.t("List works and conversations, or show what was written in one"),
		Example: "  troupe topics --unread\n  troupe topics sb_1.w.7300000000001332031\n  troupe topics sb_1.w.7300000000001332031 --read",
		Args:    c.args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			switch {
			case err != nil:
				return err
			case len(args) == 1:
				return c.topic(cmd, cl, args[0], read)
			}
			query := filters("account", account, "kind", kind)
			if unread {
				query.Set("unread", "true")
			}
			var list struct {
				Topics  []api.Topic `json:"topics"`
				Loading []string    `json:"loading"`
			}
			if err := cl.get(cmd.Context(), "/topics", query, &list); err != nil {
				return err
			}
			for _, id := range list.Loading {
				c.progress("the items of %s are still being read from disk", id)
			}
			return c.print(list, func() { c.topicTable(list.Topics) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&account, "account", "", c.t("only of this account"))
	f.StringVar(&kind, "kind", "", c.t("only work or conversation"))
	f.BoolVar(&unread, "unread", false, c.t("only what nobody has read"))
	f.BoolVar(&read, "read", false, c.t("mark the shown topic as read"))
	_ = cmd.RegisterFlagCompletionFunc("account", c.completeAccounts) // fails only for an unknown flag
	return cmd
}

func (c *cli) topicTable(list []api.Topic) {
	if len(list) == 0 {
		fmt.Fprintln(c.out, c.t("nothing here yet"))
		return
	}
	var t table
	t.add(c.t("TOPIC"), c.t("KIND"), c.t("UNREAD"), c.t("COUNT"), c.t("TIME"), c.t("TITLE"), c.t("LAST"))
	for _, one := range list {
		last := ""
		if one.Last != nil {
			last = one.Last.From + ": " + one.Last.Text
		}
		t.add(one.ID, c.t(one.Kind), fmt.Sprint(one.Unread), fmt.Sprint(one.Count), clock(one.ActiveAt), short(one.Title, 24), short(last, 50))
	}
	t.write(c.out)
}

func (c *cli) topic(cmd *cobra.Command, cl *client, id string, read bool) error {
	path := "/topics/" + url.PathEscape(id)
	var shown struct {
		Topic    api.Topic  `json:"topic"`
		Messages []api.Item `json:"messages"`
	}
	if err := cl.get(cmd.Context(), path+"/messages", nil, &shown); err != nil {
		return err
	}
	if read {
		if err := cl.post(cmd.Context(), path+"/read", nil, nil); err != nil {
			return err
		}
	}
	return c.print(shown, func() {
		fmt.Fprintf(c.out, "%s  %s\n", c.t(shown.Topic.Kind), clean(shown.Topic.Title))
		slices.Reverse(shown.Messages) // the table prints the last one first
		c.itemTable(shown.Messages)
	})
}

// listed says whether a comma-separated list names the word; an empty list names all.
func listed(list, word string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), word)
}
