package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// accountPin gives an account to an existing Node worker.
func accountPin(c *cli) *cobra.Command {
	var worker string
	cmd := c.onAccount("pin", c.t("Give an account to a Node worker, which nothing fences"), func(cmd *cobra.Command, cl *client, id string) error {
		if worker == "" {
			return &errUsage{c.t("--worker is missing: the name that the Node worker registers under")}
		}
		return c.pin(cmd, cl, id, worker)
	})
	cmd.Long = c.t("The account's browser here is closed first. From then on only that Node worker runs it: no lease and no gate keep it from running in two places, and it is never moved by itself. To take it back: troupe account unpin.")
	cmd.Example = "  troupe account pin sb_1 --worker worker-7"
	cmd.Flags().StringVar(&worker, "worker", "", c.t("the name that the Node worker registers under"))
	return cmd
}

// accountUnpin takes an account back; it stays paused until a person says that the Node worker let it go.
func accountUnpin(c *cli) *cobra.Command {
	cmd := c.onAccount("unpin", c.t("Take an account back from its Node worker"), func(cmd *cobra.Command, cl *client, id string) error {
		return c.pin(cmd, cl, id, "")
	})
	cmd.Long = c.t("The Node worker is told to stop. Nothing proves that it did: once it had the account, the account stays paused until you have made sure and resume it.")
	return cmd
}

func (c *cli) pin(cmd *cobra.Command, cl *client, id, worker string) error {
	var a api.Account
	if err := cl.call(cmd.Context(), http.MethodPut, accountPath(id)+"/pin", nil, api.Pin{Worker: &worker}, &a); err != nil {
		return err
	}
	return c.print(a, func() {
		fmt.Fprintln(c.out, c.f("account %s: %s", a.ID, c.t(a.State))+"  "+clean(a.Reason))
		if a.Pinned == "" && a.Unfenced {
			fmt.Fprintln(c.out, c.f("next: make sure that it has stopped there, then troupe account resume %s", a.ID))
		}
	})
}

// addPin says where an account was pinned, and what that means.
func (c *cli) addPin(t *table, a api.Account) {
	if a.Pinned != "" {
		t.add(c.t("pinned"), c.f("to Node worker %s, never moved by itself", clean(a.Pinned)))
	}
	if a.Unfenced {
		t.add(c.t("unfenced"), c.t("a Node worker has it: no lease and no gate keeps it from running twice"))
	}
}

// nodeName tells a Node worker from a node of our own.
func (c *cli) nodeName(n api.Node) string {
	if n.Foreign {
		return c.f("%s (Node worker, unfenced)", clean(n.Name))
	}
	return n.Name
}
