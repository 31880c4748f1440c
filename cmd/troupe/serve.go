package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// serveCommand runs a node until it is told to stop.
func serveCommand(c *cli) *cobra.Command {
	cfg, file := &config{}, ""
	cmd := &cobra.Command{
		Use:   "serve",
		Short: c.t("Run a node: store, master, gateway and accounts"),
		Long: `Run a whole system on this machine: the store of everything observed, the master, the gateway for
IM clients and the HTTP API, and up to MAX_ACCOUNTS accounts, each in its own Chromium.

Every setting is a flag, an environment variable (in brackets) or a key of the --config file (YAML, keys
named like the flags); a flag wins over the environment, the environment over the file.

Stop it with Ctrl-C or SIGTERM: logins are saved, browsers closed, nothing is lost. After a crash it goes on where it was.`,
		Example: `  troupe serve
  troupe serve --data-dir /var/lib/troupe --master-port 3000
  MAX_ACCOUNTS=5 LOG_LEVEL=debug troupe serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fill(cmd, file); err != nil {
				return &errUsage{err.Error()}
			}
			cfg.DataDir = c.dataDir
			if err := cfg.validate(); err != nil {
				return &errUsage{err.Error()}
			}
			return serve(cmd, cfg)
		},
	}
	nodeFlags(cmd.Flags(), cfg)
	cmd.Flags().StringVar(&file, "config", "", "YAML file with settings, keys named like the flags")
	return cmd
}

func serve(cmd *cobra.Command, cfg *config) error {
	log := cfg.logger()
	began := time.Now()
	n, err := startNode(cfg, log)
	if err != nil {
		return err
	}
	log.Info("node started", "url", n.url, "data", cfg.nodeDir(), "dur", time.Since(began))
	fmt.Fprintf(cmd.OutOrStdout(), "troupe runs at %s\ndata in %s\nnext: troupe account add --platform NAME --name NAME; then troupe login ACCOUNT\n", n.url, cfg.nodeDir())
	<-cmd.Context().Done() // SIGINT or SIGTERM
	fmt.Fprintln(cmd.OutOrStdout(), "stopping: saving logins, closing browsers ...")
	n.stop(context.Background())
	log.Info("node stopped")
	return nil
}
