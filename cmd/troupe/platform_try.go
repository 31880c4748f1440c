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

// trialTime is how long the client waits for a trial: the account may have to finish something first.
const trialTime = 5 * time.Minute

func platformTry(c *cli) *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use: "try PATH --account ID", Short: c.t("Run a definition on one account, read-only, and compare"),
		Long:    c.t("Run a definition on one account, read-only, and compare") + ".\n\n" + c.t(tryText),
		Example: "  troupe platform try definitions/sandbox --account sb_1", Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if account == "" {
				return &errUsage{c.t("on which account? name it with --account; see: troupe account list")}
			}
			files, err := c.filesAt(args[0])
			if err != nil {
				return err
			}
			cl, err := c.client()
			if err != nil {
				return err
			}
			cl.patience = trialTime
			var tried api.Trial
			if err := cl.post(cmd.Context(), accountPath(account)+"/try", api.NewTrial{Files: files}, &tried); err != nil {
				return err
			}
			if err := c.print(tried, func() { c.showTrial(tried) }); err != nil {
				return err
			}
			if tried.Outcome != "ok" {
				return &errNotValid{c.f("the trial ended with %s at %s", tried.Outcome, tried.Step)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&account, "account", "", c.t("account to try it on"))
	_ = cmd.RegisterFlagCompletionFunc("account", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return c.completeAccounts(cmd, nil, typed)
	}) // fails only for a flag that does not exist
	return cmd
}

func (c *cli) showTrial(tried api.Trial) {
	fmt.Fprintln(c.out, c.f("tried version %d (%s) beside version %d (%s), which runs: %s", tried.Version, digestShown(tried.Digest),
		tried.CurrentVersion, digestShown(tried.CurrentDigest), time.Duration(tried.TookMS)*time.Millisecond))
	if tried.CurrentOutcome != "ok" {
		fmt.Fprintln(c.out, c.f("the version that runs ends with %s itself", tried.CurrentOutcome))
	}
	if tried.Outcome != "ok" {
		fmt.Fprintln(c.out, c.f("it failed: %s: %s", tried.Outcome, clean(tried.Reason)))
	}
	c.showSteps(tried.Steps)
	c.showYield(tried.Collections)
	c.showUnlisted(tried.Unlisted)
}

// showSteps says what matched: an alternative that is not the first one is a hint that the site is changing.
func (c *cli) showSteps(steps []api.RoundStep) {
	if len(steps) == 0 {
		return
	}
	fmt.Fprintln(c.out)
	var t table
	t.add(c.t("STEP"), c.t("MATCHED"), c.t("TIME"))
	for _, s := range steps {
		t.add(clean(s.Step), cmp.Or(clean(s.Matched), clean(s.Error), "-"), fmt.Sprintf("%d ms", s.TookMS))
	}
	t.write(c.out)
}

func (c *cli) showYield(collections []api.TrialCollection) {
	fmt.Fprintln(c.out)
	var t table
	t.add(c.t("COLLECTION"), c.t("TRIED"), c.t("CURRENT"), c.t("MISSING"), c.t("EXTRA"))
	for _, one := range collections {
		t.add(c.t(one.Collection), fmt.Sprint(one.Tried), fmt.Sprint(one.Current), ids(one.Missing), ids(one.Extra))
	}
	t.write(c.out)
}

// ids lists some, and says that there are more.
func ids(list []string) string {
	const shown = 5
	if len(list) == 0 {
		return "-"
	}
	text := clean(strings.Join(list[:min(len(list), shown)], " "))
	if len(list) > shown {
		text += " …"
	}
	return text
}

// showUnlisted prints hosts that the definition does not name as lines to paste into it.
func (c *cli) showUnlisted(hosts map[string]int64) {
	if len(hosts) == 0 {
		return
	}
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, c.t("hosts in neither list of the definition; paste those that belong to the site:"))
	fmt.Fprintln(c.out, "hosts:\n  resources:")
	names := slices.SortedFunc(maps.Keys(hosts), func(x, y string) int { return cmp.Or(cmp.Compare(hosts[y], hosts[x]), cmp.Compare(x, y)) })
	for _, name := range names {
		fmt.Fprintf(c.out, "    - %q # %d\n", clean(name), hosts[name])
	}
}
