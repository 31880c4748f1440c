package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// auditPause is how often --follow asks for more.
const auditPause = time.Second

// auditCommand shows who did what.
func auditCommand(c *cli) *cobra.Command {
	var follow bool
	var user string
	var since time.Duration
	var limit int
	cmd := &cobra.Command{
		Use: "audit", Short: c.t("Show who did what, when and from where"),
		Example: "  troupe audit\n  troupe audit --user anna --since 24h\n  troupe audit --follow\n  troupe audit verify", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			query := url.Values{"limit": {fmt.Sprint(limit)}}
			if user != "" {
				query.Set("user", user)
			}
			if since > 0 {
				query.Set("from", fmt.Sprint(time.Now().Add(-since).UnixMilli()))
			}
			var list api.AuditList
			if err := cl.get(cmd.Context(), "/audit", query, &list); err != nil {
				return err
			}
			if !follow {
				return c.print(list, func() { c.auditTable(list.Entries) })
			}
			slices.Reverse(list.Entries)
			return c.followAudit(cmd.Context(), cl, list, user)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, c.t("go on with what is done from now on"))
	cmd.Flags().StringVar(&user, "user", "", c.t("only what this user did; also token:NAME, pc-im or local"))
	cmd.Flags().DurationVar(&since, "since", 0, c.t("only what was done within this time, such as 24h"))
	cmd.Flags().IntVar(&limit, "limit", 100, c.t("how many entries at most, 1 to 1000"))
	cmd.AddCommand(auditVerify(c))
	return cmd
}

func (c *cli) auditTable(entries []api.AuditEntry) {
	var t table
	t.add(c.t("TIME"), c.t("WHO"), c.t("FROM"), c.t("WHAT"), c.t("ABOUT"), c.t("OUTCOME"))
	for _, e := range entries {
		t.add(clock(e.At), e.Who, e.From, clean(e.What), clean(strings.Join(e.Targets, " ")), c.t(e.Outcome))
	}
	t.write(c.out)
}

// followAudit prints what is there, and then each new entry, oldest first, one a line.
func (c *cli) followAudit(ctx context.Context, cl *client, list api.AuditList, user string) error {
	again := time.NewTicker(auditPause)
	defer again.Stop()
	seen, err := strconv.ParseUint(list.Last, 10, 64)
	for err == nil {
		if err := c.auditLines(list.Entries, user); err != nil {
			return err
		}
		for _, e := range list.Entries {
			if n, err := strconv.ParseUint(e.Seq, 10, 64); err == nil {
				seen = max(seen, n)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
		list = api.AuditList{}
		err = cl.get(ctx, "/audit", url.Values{"after": {fmt.Sprint(max(seen, 1))}, "limit": {"1000"}}, &list)
	}
	return err
}

// auditLines prints the entries of one user, or of all.
func (c *cli) auditLines(entries []api.AuditEntry, user string) error {
	for _, e := range entries {
		if user != "" && e.Who != user {
			continue
		}
		if err := c.print(e, func() {
			fmt.Fprintln(c.out, clock(e.At), e.Who, e.From, clean(e.What), clean(strings.Join(e.Targets, " ")), c.t(e.Outcome))
		}); err != nil {
			return err
		}
	}
	return nil
}

func auditVerify(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: c.t("Check that no entry of the audit log was changed, added or taken out"),
		Example: "  troupe audit verify", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var check api.AuditCheck
			if err := cl.get(cmd.Context(), "/audit/verify", nil, &check); err != nil {
				return err
			}
			if err := c.print(check, func() {
				if check.OK {
					fmt.Fprintln(c.out, c.f("%d entries, nothing was changed; the last one, %s, has the hash %s", check.Entries, check.Last, check.Hash))
				}
			}); err != nil || check.OK {
				return err
			}
			return &errUnknown{c.f("the audit log is not as it was written: entry %s %s", check.FirstBad, check.Why)}
		},
	}
}
