package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// alarmsCommand lists what a person should look at.
func alarmsCommand(c *cli) *cobra.Command {
	var account string
	var all bool
	cmd := &cobra.Command{
		Use: "alarms", Short: c.t("List what a person should look at"),
		Example: "  troupe alarms\n  troupe alarms --all --account sb_1", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			query := filters("account", account)
			if !all {
				query.Set("open", "true")
			}
			var list struct {
				Alarms []api.Alarm `json:"alarms"`
			}
			if err := cl.get(cmd.Context(), "/alarms", query, &list); err != nil {
				return err
			}
			return c.print(list, func() { c.alarmTable(list.Alarms) })
		},
	}
	cmd.Flags().StringVar(&account, "account", "", c.t("only of this account"))
	cmd.Flags().BoolVar(&all, "all", false, c.t("also those that are over"))
	_ = cmd.RegisterFlagCompletionFunc("account", c.completeAccounts) // fails only for an unknown flag
	return cmd
}

func (c *cli) alarmTable(list []api.Alarm) {
	if len(list) == 0 {
		fmt.Fprintln(c.out, c.t("no alarm"))
		return
	}
	var t table
	t.add(c.t("SINCE"), c.t("UNTIL"), c.t("ALARM"), c.t("WHERE"), c.t("REASON"))
	for _, al := range list {
		t.add(clock(al.RaisedAt), clock(al.ClearedAt), c.t(al.Name), cmp.Or(al.Account, al.Node, al.Proxy), clean(al.Reason))
	}
	t.write(c.out)
}
