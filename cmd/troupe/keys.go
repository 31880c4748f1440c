package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// keysCommand groups what can be done with the keys that seal logins and passwords.
func keysCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "keys", Short: c.t("The keys that seal logins and passwords, and what lets other nodes join"),
		Long:    c.t("The keys that seal logins and passwords, and what lets other nodes join") + ".\n\n" + c.t(keysText),
		Example: "  troupe keys list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(keysList(c), keysRotate(c), keysRetire(c), keysCA(c), keysToken(c), keysNode(c))
	return cmd
}

// keyList is what the node answers about its keys.
type keyList struct {
	Keys []api.Key `json:"keys"`
}

func keysList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: c.t("List the keys, and how much is sealed with each"),
		Example: "  troupe keys list\n  troupe keys list --json", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list keyList
			if err := cl.get(cmd.Context(), "/keys", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() { c.keyTable(list.Keys) })
		},
	}
}

func (c *cli) keyTable(list []api.Key) {
	var t table
	t.add(c.t("KEY"), c.t("SINCE"), c.t("LOGINS"), c.t("PASSWORDS"), c.t("STATE"))
	for _, k := range list {
		t.add(k.ID, clock(k.CreatedAt), fmt.Sprint(k.Logins), fmt.Sprint(k.Passwords), c.t(keyState(k)))
	}
	t.write(c.out)
}

// keyState is a key's state in a word.
func keyState(k api.Key) string {
	switch {
	case k.Missing:
		return "missing"
	case k.Newest:
		return "newest"
	case k.Logins+k.Passwords > 0:
		return "in use"
	}
	return "can be retired"
}

func keysRotate(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "rotate", Short: c.t("Add a key, and seal everything anew with it"),
		Example: "  troupe keys rotate", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var done api.Rotated
			if err := cl.post(cmd.Context(), "/keys/rotate", nil, &done); err != nil {
				return err
			}
			if err := c.print(done, func() {
				fmt.Fprintln(c.out, c.f("%d logins and passwords are sealed with key %s now", done.Resealed+done.Already, done.Key))
				fmt.Fprintln(c.out, c.t("back up the ring's file: without it no login opens; retire old keys with: troupe keys retire KEY"))
			}); err != nil || done.Failed == 0 {
				return err
			}
			return &errUnknown{c.f("%d could not be opened and stay as they were; the node's log names them", done.Failed)}
		},
	}
}

func keysRetire(c *cli) *cobra.Command {
	var sure bool
	cmd := &cobra.Command{
		Use: "retire KEY", Short: c.t("Take a key out of the ring that seals nothing any more"),
		Example: "  troupe keys retire k1f2e3d4c\n  troupe keys retire k1f2e3d4c --yes", Args: c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			id := args[0]
			if !sure {
				fmt.Fprint(c.errs, c.f("Backups from before the last rotation cannot be opened without key %s. Type its name to go on: ", id))
				line, _ := bufio.NewReader(c.in).ReadString('\n')
				if strings.TrimSpace(line) != id {
					return &errUsage{c.t("not confirmed; nothing was removed (use --yes to skip the question)")}
				}
			}
			var list keyList
			if err := cl.call(cmd.Context(), http.MethodDelete, "/keys/"+url.PathEscape(id), url.Values{"confirm": {id}}, nil, &list); err != nil {
				return err
			}
			return c.print(list, func() { fmt.Fprintln(c.out, c.f("retired key %s", id)) })
		},
	}
	cmd.Flags().BoolVar(&sure, "yes", false, c.t("do not ask"))
	return cmd
}

// completeKeys offers the keys that can be retired to the shell.
func (c *cli) completeKeys(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := c.client()
	var list keyList
	if err != nil || len(args) > 0 || cl.get(cmd.Context(), "/keys", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, k := range list.Keys {
		if keyState(k) == "can be retired" {
			ids = append(ids, k.ID)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
