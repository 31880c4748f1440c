package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// received are the collections that items shows by itself: what people wrote.
const received = "comments,discussions,messages"

// itemQuery is what the flags of items say.
type itemQuery struct {
	account, collection string
	unread, follow      bool
	limit               int
}

// itemsCommand lists what the accounts received, and follows what comes.
func itemsCommand(c *cli) *cobra.Command {
	var q itemQuery
	cmd := &cobra.Command{
		Use: "items", Short: c.t("Show comments and messages, the newest last; --follow goes on"),
		Example: "  troupe items\n  troupe items --account sb_1 --unread --limit 20\n  troupe items --follow --json",
		Args:    c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return c.items(cmd, cl, q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.account, "account", "", c.t("only of this account"))
	f.StringVar(&q.collection, "collection", received, c.t("contents, comments, discussions, conversations, messages, notifications"))
	f.BoolVar(&q.unread, "unread", false, c.t("only what nobody has read"))
	f.IntVar(&q.limit, "limit", 30, c.t("how many, at most 500"))
	f.BoolVarP(&q.follow, "follow", "f", false, c.t("print what comes in, until interrupted"))
	_ = cmd.RegisterFlagCompletionFunc("account", c.completeAccounts) // fails only for an unknown flag
	return cmd
}

func (c *cli) items(cmd *cobra.Command, cl *client, q itemQuery) error {
	query := filters("account", q.account, "collection", q.collection)
	query.Set("limit", fmt.Sprint(q.limit))
	if q.unread {
		query.Set("unread", "true")
	}
	var list api.Items
	if err := cl.get(cmd.Context(), "/items", query, &list); err != nil {
		return err
	}
	for _, account := range list.Loading {
		c.progress("the items of %s are still being read from disk", account)
	}
	if !q.follow {
		return c.print(list, func() { c.itemTable(list.Items) })
	}
	slices.Reverse(list.Items)
	for _, item := range list.Items {
		if err := c.itemLine(api.ItemEvent{Change: "held", Item: item}); err != nil {
			return err
		}
	}
	follow := filters("account", q.account, "types", api.ItemType, "since", list.Cursor)
	return c.followItems(cmd, cl, follow, q)
}

func (c *cli) itemTable(items []api.Item) {
	if len(items) == 0 {
		fmt.Fprintln(c.out, c.t("nothing here yet"))
		return
	}
	var t table
	t.add(c.t("TIME"), c.t("TOPIC"), c.t("KIND"), c.t("ID"), c.t("FROM"), c.t("TEXT"))
	for _, item := range slices.Backward(items) {
		t.add(clock(item.At), item.Topic, c.t(item.Collection), item.ID, short(sender(item), 20), mark(item)+short(item.Text, 60))
	}
	t.write(c.out)
}

// mark stands before what nobody has read yet.
func mark(item api.Item) string {
	if !item.IsRead && !item.IsOwn {
		return "* "
	}
	return ""
}

func sender(item api.Item) string {
	if item.From == nil {
		return ""
	}
	return item.From.Name
}

// followItems prints what is new among the wanted collections.
func (c *cli) followItems(cmd *cobra.Command, cl *client, query url.Values, q itemQuery) error {
	return cl.follow(cmd.Context(), query, func(e event) error {
		switch e.kind {
		case api.ResetType:
			c.progress("some items may be missing here: list them again with troupe items")
			return nil
		case api.ItemType:
		default:
			return nil
		}
		var change api.ItemEvent
		if err := json.Unmarshal(e.data, &change); err != nil {
			return fmt.Errorf("read item event: %w", err)
		}
		if change.Change != "new" || !listed(q.collection, change.Item.Collection) || q.unread && mark(change.Item) == "" {
			return nil
		}
		return c.itemLine(change)
	})
}

// itemLine prints one item as it comes.
func (c *cli) itemLine(e api.ItemEvent) error {
	if c.json {
		return c.printJSON(e)
	}
	item := e.Item
	_, err := fmt.Fprintf(c.out, "%s  %s  %s  %s  %s: %s%s\n", clock(item.At), item.Topic, c.t(item.Collection), item.ID,
		clean(sender(item)), mark(item), clean(item.Text))
	if err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
