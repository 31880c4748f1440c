package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// statusCommand shows the node in one glance.
func statusCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: c.t("Show the node in one glance"),
		Example: "  troupe status\n  troupe status --json", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var s api.Status
			if err := cl.get(cmd.Context(), "/status", nil, &s); err != nil {
				return err
			}
			var list struct {
				Nodes []api.Node `json:"nodes"`
			}
			if err := cl.get(cmd.Context(), "/nodes", nil, &list); err != nil {
				return err
			}
			return c.print(s, func() { c.statusTable(s, list.Nodes) })
		},
	}
}

func (c *cli) statusTable(s api.Status, nodes []api.Node) {
	var t table
	t.add(c.t("version"), s.Version)
	t.add(c.t("running for"), (time.Duration(s.UptimeMS) * time.Millisecond).Round(time.Second).String())
	t.add(c.t("accounts"), c.f("%d, %d online, %d wait for a person", s.Accounts, s.Online, s.NeedPerson))
	for _, state := range slices.Sorted(maps.Keys(s.ByState)) {
		t.add("", fmt.Sprintf("%d %s", s.ByState[state], c.t(state)))
	}
	t.add(c.t("holds"), c.counts(s.Counts))
	t.add(c.t("unread"), fmt.Sprint(s.Unread.Total))
	t.add(c.t("open replies"), fmt.Sprint(s.OpenReplies))
	t.add(c.t("open alarms"), fmt.Sprint(s.OpenAlarms))
	if s.Unfenced > 0 {
		t.add(c.t("unfenced"), c.f("%d accounts on Node workers: no lease and no gate keeps them from running twice", s.Unfenced))
	}
	t.add(c.t("nodes"), c.f("%d, %d online", s.Nodes, s.NodesOnline))
	t.add(c.t("capacity"), c.capacity(s.Capacity))
	if s.Carries > 0 {
		t.add(c.t("room"), c.f("for %d accounts as set up; the machines could carry %d", s.MaxAccounts, s.Carries))
	}
	for _, full := range s.Full {
		t.add(c.t("full"), clean(full))
	}
	for _, n := range nodes {
		if n.Sandbox != "" && !strings.HasPrefix(n.Sandbox, "on") {
			t.add(c.t("warning"), c.f("%s: Chromium's sandbox is %s", n.Name, clean(n.Sandbox)))
		}
	}
	t.write(c.out)
}

// nodesCommand lists the cluster's nodes.
func nodesCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "nodes", Short: c.t("List the nodes and their load"),
		Example: "  troupe nodes\n  troupe nodes --json", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list api.Nodes
			if err := cl.get(cmd.Context(), "/nodes", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() {
				var t table
				t.add(c.t("NODE"), c.t("ONLINE"), c.t("ACCOUNTS"), c.t("BROWSERS"), c.t("MEMORY"), c.t("LOAD"), c.t("LAST BEAT"), c.t("SANDBOX"), c.t("MODE"), c.t("CARRIES"), c.t("NOTES"))
				for _, n := range list.Nodes {
					t.add(c.nodeName(n), c.yes(n.Online), fmt.Sprintf("%d/%d", n.Given, n.MaxAccounts), fmt.Sprint(n.Browsers),
						fmt.Sprintf("%d MB", (n.MemoryRSS+n.BrowserMemory)>>20), fmt.Sprintf("%.1f", n.Load1), clock(n.LastBeat), n.Sandbox,
						cmp.Or(n.Mode, "-"), fmt.Sprint(n.Carries), c.nodeNotes(n))
				}
				t.write(c.out)
				fmt.Fprintln(c.out, c.capacity(list.Capacity))
			})
		},
	}
}
