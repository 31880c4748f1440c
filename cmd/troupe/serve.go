package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"troupe/actors/account/browser"
	"troupe/actors/worker"
)

// serveCommand runs a node until it is told to stop.
func serveCommand(c *cli) *cobra.Command {
	cfg, file := &config{}, ""
	cmd := &cobra.Command{
		Use:   "serve",
		Short: c.t("Run a node: store, master, gateway and accounts; with --join, accounts only"),
		Long:  c.t(serveText),
		Example: `  troupe serve
  troupe serve --config troupe.yaml
  MAX_ACCOUNTS=5 LOG_LEVEL=debug troupe serve
  troupe serve --worker-id worker-2 --join 10.0.0.1 --token troupe-join-1...`,
		Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fill(cmd, file, c.getenv); err != nil {
				return &errUsage{err.Error()}
			}
			cfg.DataDir = c.dataDir
			if err := cfg.validate(); err != nil {
				return &errUsage{err.Error()}
			}
			return c.serve(cmd, cfg)
		},
	}
	c.nodeFlags(cmd.Flags(), cfg)
	cmd.Flags().StringVar(&file, "config", "", c.t("YAML file with settings; its keys are named like the flags"))
	return cmd
}

func (c *cli) serve(cmd *cobra.Command, cfg *config) error {
	log := cfg.logger()
	began := time.Now()
	starting := time.AfterFunc(slowAfter, func() { c.sayStarting(cfg) })
	n, err := startNode(cmd.Context(), cfg, log)
	starting.Stop()
	switch {
	case err != nil && cmd.Context().Err() != nil: // it was told to stop before it began
		fmt.Fprintln(c.out, c.t("stopped"))
		return nil
	case err != nil:
		return err
	}
	log.Info("node started", "url", n.url, "data", cfg.nodeDir(), "dur", time.Since(began))
	c.sayStarted(cmd.Context(), n)
	if cfg.Sandbox == string(browser.SandboxOff) {
		fmt.Fprintln(c.out, c.t("warning: Chromium runs without its sandbox; a hostile page could take over this machine"))
	}
	room := worker.Measure()
	log.Info("machine measured", "carries", room.Carries(), "memory_available", room.Memory, "cores", room.Cores, "max_accounts", cfg.MaxAccounts)
	fmt.Fprintln(c.out, c.f("this machine could carry about %d accounts (%s of memory available, %d cores); MAX_ACCOUNTS=%d",
		room.Carries(), humanize.IBytes(uint64(room.Memory)), room.Cores, cfg.MaxAccounts))
	if cfg.Join == "" {
		fmt.Fprintln(c.out, c.t("next: troupe account add PLATFORM NAME --login"))
	}
	<-cmd.Context().Done() // SIGINT or SIGTERM
	fmt.Fprintln(c.out, c.t("stopping: saving logins, closing browsers ..."))
	n.stop(context.Background())
	log.Info("node stopped")
	return nil
}

// sayStarting tells the person who starts a node what takes so long.
func (c *cli) sayStarting(cfg *config) {
	if cfg.Join != "" {
		c.progress("starting: ending left-over browsers, waiting for the master at %s ...", cfg.Join)
		return
	}
	c.progress("starting: ending left-over browsers, reading the store ...")
}

// sayStarted tells the person who started the node where it is.
func (c *cli) sayStarted(ctx context.Context, n *node) {
	if n.cfg.Join != "" {
		fmt.Fprintln(c.out, c.f("worker %s runs accounts for the master at %s", n.cfg.WorkerID, n.cfg.Join))
	} else {
		fmt.Fprintln(c.out, c.f("troupe runs at %s", n.url))
	}
	fmt.Fprintln(c.out, c.f("data in %s", n.cfg.nodeDir()))
	if n.cfg.Join == "" {
		c.sayFirstCode(ctx, n)
	}
}

// codeWait is how long the start waits for the store to say whether there is an admin.
const codeWait = 10 * time.Second

// sayFirstCode tells the person who started the node how to become its admin, while there is none.
func (c *cli) sayFirstCode(ctx context.Context, n *node) {
	select {
	case code := <-n.firstCode:
		if code != "" {
			fmt.Fprintln(c.out, c.f("there is no admin yet: open %s and enter this code, once: %s", n.url, code))
		}
	case <-ctx.Done():
	case <-time.After(codeWait): // the file first-admin will have it
	}
}
