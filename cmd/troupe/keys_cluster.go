package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/account/vault"
	"troupe/actors/gateway/api"
	"troupe/cluster"
	"troupe/messages"
)

// keysCA shows by what the nodes of the cluster know each other.
func keysCA(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "ca", Short: c.t("Show the cluster, and the fingerprint of the authority that makes its certificates"),
		Example: "  troupe keys ca", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var place api.ClusterPlace
			if err := cl.get(cmd.Context(), "/cluster", nil, &place); err != nil {
				return err
			}
			return c.print(place, func() {
				fmt.Fprintln(c.out, c.f("cluster %s", place.Cluster))
				fmt.Fprintln(c.out, c.f("authority %s, until %s", place.Authority, time.UnixMilli(place.Until).Format(time.DateOnly)))
				fmt.Fprintln(c.out, c.f("nodes join, register and beat at %s", place.Address))
			})
		},
	}
}

// keysToken makes a join token.
func keysToken(c *cli) *cobra.Command {
	ttl, uses := time.Hour, 1
	cmd := &cobra.Command{
		Use: "token", Short: c.t("Make a token that lets other nodes join; it is shown once"),
		Example: "  troupe keys token\n  troupe keys token --ttl 24h --uses 3", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var token api.JoinToken
			if err := cl.post(cmd.Context(), "/cluster/tokens", api.NewJoinToken{TTLSeconds: int64(ttl.Seconds()), Uses: uses}, &token); err != nil {
				return err
			}
			return c.print(token, func() {
				fmt.Fprintln(c.out, token.Token)
				fmt.Fprintln(c.errs, c.f("good for %d nodes until %s; on the other machine: troupe serve --worker-id NAME --join THIS_HOST --token TOKEN",
					token.Uses, time.UnixMilli(token.ExpiresAt).Format(time.DateTime)))
			})
		},
	}
	cmd.Flags().DurationVar(&ttl, "ttl", ttl, c.t("how long the token holds"))
	cmd.Flags().IntVar(&uses, "uses", uses, c.t("how many nodes it lets in"))
	return cmd
}

// keysNode issues a worker's files where no token can be used: they are carried there by hand.
func keysNode(c *cli) *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use: "node NAME", Short: c.t("Write the files of a node that joins without a token: its certificate and the cluster's keys"),
		Example: "  troupe keys node worker-7 --out /media/stick", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			node := messages.NodeID(args[0])
			if !cluster.ValidName(node) || node == cluster.MasterNode {
				return &errUsage{c.f("%q is no name for a node: 1 to 64 letters, digits, _ and -", args[0])}
			}
			home, err := c.mastersFolder()
			if err != nil {
				return err
			}
			dir := filepath.Join(out, string(node))
			if err := issueNode(home, dir, node); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.f("%s is what DATA_DIR/%s needs on the other machine; then: troupe serve --worker-id %s --join THIS_HOST", dir, node, node))
			fmt.Fprintln(c.out, c.t("whoever has these files can take the node's place and open logins: carry them safely"))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", ".", c.t("folder to write them to"))
	return cmd
}

// mastersFolder is the one node's folder in the data folder that has the cluster's authority.
func (c *cli) mastersFolder() (string, error) {
	found, _ := filepath.Glob(filepath.Join(c.dataDir, "*", "cluster", "ca-key.pem")) // only a bad pattern is an error
	if len(found) != 1 {
		return "", &errUsage{c.f("DATA_DIR %s has not one master's folder with the cluster's authority, but %d", c.dataDir, len(found))}
	}
	return filepath.Dir(filepath.Dir(found[0])), nil
}

// issueNode writes a worker's identity and key ring to dir, which must not exist.
func issueNode(home, dir string, node messages.NodeID) error {
	authority, err := cluster.OpenAuthority(filepath.Join(home, "cluster"))
	if err != nil {
		return err
	}
	from, err := cluster.OpenIdentity(filepath.Join(home, "cluster"))
	if err != nil {
		return err
	}
	forgotten, err := cluster.OpenForgotten(filepath.Join(home, "cluster"))
	if err != nil {
		return err
	}
	if node == from.Node {
		return fmt.Errorf("%s is the master's own name", node)
	}
	ring, err := vault.LoadKeyRing(filepath.Join(home, "keys"))
	if err != nil {
		return err
	}
	exported, err := ring.Export()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o711); err != nil {
		return err
	}
	if _, err := vault.TakeKeyRing(filepath.Join(dir, "keys"), exported); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	if _, err := authority.IssueTo(filepath.Join(dir, "cluster"), from, node, forgotten.Fresh(node, time.Now())); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}
