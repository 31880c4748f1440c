package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// nodeCommand groups what can be done with the cluster's nodes.
func nodeCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "node", Short: c.t("List the cluster's nodes, drain, undrain and forget them"),
		Example: "  troupe node list\n  troupe node drain worker-2", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	list := nodesCommand(c)
	list.Use, list.Aliases, list.Example = "list", []string{"ls"}, "  troupe node list\n  troupe node list --json"
	cmd.AddCommand(list, nodeDrain(c), nodeUndrain(c), nodeForget(c))
	return cmd
}

func (c *cli) onNode(verb, text string, do func(cmd *cobra.Command, cl *client, name string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NODE", Short: text, Example: "  troupe node " + verb + " worker-2",
		Args: c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeNodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return do(cmd, cl, args[0])
		},
	}
}

// completeNodes offers the nodes' names to the shell.
func (c *cli) completeNodes(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := c.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list api.Nodes
	if cl.get(cmd.Context(), "/nodes", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range list.Nodes {
		names = append(names, n.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func drainPath(name string) string { return "/nodes/" + url.PathEscape(name) + "/drain" }

func nodeDrain(c *cli) *cobra.Command {
	deadline := 10 * time.Minute
	cmd := c.onNode("drain", c.t("Move a node's accounts to the other nodes"), func(cmd *cobra.Command, cl *client, name string) error {
		if deadline <= 0 {
			return &errUsage{c.t("--deadline must be longer than nothing")}
		}
		return c.drain(cmd, cl, name, deadline)
	})
	cmd.Long = c.t("Each account is closed here with its login saved, and begins where a place was kept free for it, two at a time. What no other node can take stays and is named. The node takes nothing until it is undrained. A node without others ends its accounts and takes them again when it starts anew.")
	cmd.Flags().DurationVar(&deadline, "deadline", deadline, c.t("after which no further account is moved"))
	return cmd
}

// drain begins a drain and says how it goes until it is over.
func (c *cli) drain(cmd *cobra.Command, cl *client, name string, deadline time.Duration) error {
	var done api.Stopped
	answered := make(chan error, 1)
	go func() {
		answered <- cl.post(cmd.Context(), drainPath(name), api.NewDrain{DeadlineMS: deadline.Milliseconds()}, &done)
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	begun, said := false, ""
	for {
		select {
		case err := <-answered:
			if err != nil {
				return err
			}
			if done.Status != "draining" {
				return c.drained(name, done)
			}
			begun, answered = true, nil // it takes longer than an answer may
		case <-ticker.C:
			drain, err := c.drainOf(cmd, cl, name)
			if err != nil {
				return err
			}
			if drain == nil {
				continue
			}
			if now := c.f("%d moved, moving: %s, staying: %d", drain.Moved, cmp.Or(strings.Join(drain.Moving, " "), "-"), len(drain.Left)); now != said {
				said = now
				c.progress("%s: %s", name, now)
			}
			if begun && drain.Over {
				return c.drained(name, api.Stopped{WorkerID: name, Status: "stopped", Accounts: drain.Moved, Left: drain.Left})
			}
		}
	}
}

func (c *cli) drainOf(cmd *cobra.Command, cl *client, name string) (*api.Drain, error) {
	var list api.Nodes
	if err := cl.get(cmd.Context(), "/nodes", nil, &list); err != nil {
		return nil, err
	}
	for _, n := range list.Nodes {
		if n.Name == name {
			return n.Drain, nil
		}
	}
	return nil, nil
}

// drained says how a drain ended. One that left something is a failure.
func (c *cli) drained(name string, done api.Stopped) error {
	if err := c.print(done, func() {
		fmt.Fprintln(c.out, c.f("node %s: %d accounts were moved or ended, %d stay", name, done.Accounts, len(done.Left)))
		for _, u := range done.Left {
			fmt.Fprintln(c.out, "  "+u.Account+"  "+clean(u.Reason))
		}
	}); err != nil {
		return err
	}
	if len(done.Left) > 0 {
		return fmt.Errorf("%s", c.f("%d accounts could not be moved from node %s", len(done.Left), name))
	}
	return nil
}

func nodeUndrain(c *cli) *cobra.Command {
	return c.onNode("undrain", c.t("Let a drained node take accounts again"), func(cmd *cobra.Command, cl *client, name string) error {
		if err := cl.call(cmd.Context(), http.MethodDelete, drainPath(name), nil, nil, nil); err != nil {
			return err
		}
		return c.print(map[string]string{"name": name}, func() { fmt.Fprintln(c.out, c.f("node %s takes accounts again", name)) })
	})
}

// nodeForget lets go of a node that is gone for good.
func nodeForget(c *cli) *cobra.Command {
	var sure bool
	cmd := c.onNode("forget", c.t("Forget a node that is gone for good, and refuse its certificates"), func(cmd *cobra.Command, cl *client, name string) error {
		if !sure {
			fmt.Fprint(c.errs, c.f("Node %s is let in again only with a new join token. Type its name to go on: ", name))
			line, _ := bufio.NewReader(c.in).ReadString('\n')
			if strings.TrimSpace(line) != name {
				return &errUsage{c.t("not confirmed; nothing was removed (use --yes to skip the question)")}
			}
		}
		if err := cl.call(cmd.Context(), http.MethodDelete, "/nodes/"+url.PathEscape(name), url.Values{"confirm": {name}}, nil, nil); err != nil {
			return err
		}
		return c.print(map[string]any{"name": name, "forgotten": true}, func() {
			fmt.Fprintln(c.out, c.f("node %s is forgotten; its certificates are refused", name))
			fmt.Fprintln(c.out, c.t("if somebody has its files: rotate the keys too (troupe keys rotate), see docs/security.md"))
		})
	})
	cmd.Long = c.t("For a machine that does not come back, or whose files somebody has. The node must be away, with no lease any more: half a minute after its end at the latest. It is let in again as a new one, with a new token.")
	cmd.Example = "  troupe node forget worker-2\n  troupe node forget worker-3 --yes"
	cmd.Flags().BoolVar(&sure, "yes", false, c.t("do not ask"))
	return cmd
}

// capacity is the cluster's room in one line.
func (c *cli) capacity(n api.Capacity) string {
	line := c.f("%d accounts placed, room for %d more, %d nodes may fail before an account has no place", n.Placed, n.Free, max(n.Spare, 0))
	for _, why := range slices.Sorted(maps.Keys(n.Unplaced)) {
		line += "; " + c.f("%d without a place: %s", n.Unplaced[why], clean(why))
	}
	return line
}

// nodeNotes is what is special about a node: full, draining, behind with a definition.
func (c *cli) nodeNotes(n api.Node) string {
	var notes []string
	if n.Full != "" {
		notes = append(notes, clean(n.Full))
	}
	if n.Draining {
		note := c.t("draining")
		if d := n.Drain; d != nil {
			note += " " + c.f("(%d moved, %d moving, %d stay)", d.Moved, len(d.Moving), len(d.Left))
		}
		notes = append(notes, note)
	}
	for _, platform := range slices.Sorted(maps.Keys(n.Behind)) {
		notes = append(notes, c.f("%s: not the present definition: %s", platform, clean(n.Behind[platform])))
	}
	return strings.Join(notes, "; ")
}

// accountMove moves an account to another node.
func accountMove(c *cli) *cobra.Command {
	var body api.Move
	cmd := c.onAccount("move", c.t("Move an account to another node, logged in"), func(cmd *cobra.Command, cl *client, id string) error {
		c.progress("closing it where it is, and starting it anew ...")
		var a api.Account
		if err := cl.post(cmd.Context(), accountPath(id)+"/move", body, &a); err != nil {
			return err
		}
		return c.print(a, func() { fmt.Fprintln(c.out, c.f("account %s runs on node %s", a.ID, a.Node)) })
	})
	cmd.Example = "  troupe account move sb_1 --to worker-2"
	cmd.Flags().StringVar(&body.Node, "to", "", c.t("name of the node; the best one when empty"))
	_ = cmd.RegisterFlagCompletionFunc("to", c.completeNodes) // fails only for an unknown flag
	return cmd
}

// placementCommand asks why accounts run where they run.
func placementCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "placement", Short: c.t("Ask why an account runs where it runs"),
		Example: "  troupe placement why sb_1", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	why := c.onAccount("why", c.t("Show the last decisions about where an account runs"), func(cmd *cobra.Command, cl *client, id string) error {
		var p api.Placement
		if err := cl.get(cmd.Context(), accountPath(id)+"/placement", nil, &p); err != nil {
			return err
		}
		return c.print(p, func() { c.placement(p) })
	})
	why.Example = "  troupe placement why sb_1"
	cmd.AddCommand(why)
	return cmd
}

func (c *cli) placement(p api.Placement) {
	var t table
	t.add(c.t("account"), p.Account)
	t.add(c.t("node"), cmp.Or(p.Node, "-")+"  "+c.t("epoch")+" "+p.Epoch)
	t.add(c.t("state"), c.t(p.State)+"  "+clean(p.Reason))
	t.write(c.out)
	fmt.Fprintln(c.out)
	var rows table
	rows.add(c.t("AT"), c.t("WHAT"), c.t("NODE"), c.t("EPOCH"), c.t("REASON"))
	for _, d := range p.Decisions {
		rows.add(clock(d.At), c.t(d.What), cmp.Or(d.Node, "-"), d.Epoch, clean(d.Reason))
	}
	rows.write(c.out)
}
