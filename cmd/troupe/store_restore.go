package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/master"
	"troupe/actors/store"
	"troupe/actors/store/backup"
	"troupe/actors/store/disk"
	"troupe/cluster"
	"troupe/messages"
)

// restoring is what storeRestore was told.
type restoring struct {
	worker  string
	replace bool
}

// storeRestore puts a backup into the place of the store of a node that does not run.
func storeRestore(c *cli) *cobra.Command {
	var how restoring
	cmd := &cobra.Command{
		Use: "restore FILE|DIR", Short: c.t("Put a backup into the place of the store; no node may run in the folder"),
		Long:    c.t("Put a backup into the place of the store; no node may run in the folder") + ".\n\n" + c.t(restoreText),
		Example: "  troupe store restore /var/backups/troupe/troupe-20260301T030000Z.tar.zst --replace",
		Args:    c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fill(cmd, "", c.getenv); err != nil {
				return &errUsage{err.Error()}
			}
			if !messages.AccountID(how.worker).Valid() {
				return &errUsage{c.f("WORKER_ID=%q: 1 to 64 letters, digits, _ and -", how.worker)}
			}
			return c.restore(cmd.Context(), args[0], how)
		},
	}
	cmd.Flags().StringVar(&how.worker, "worker-id", "worker-1", c.t("the node whose store it is; its data lie in DATA_DIR/WORKER_ID")+" (WORKER_ID)")
	cmd.Flags().BoolVar(&how.replace, "replace", false, c.t("move the store that is there aside first"))
	return cmd
}

// restore unpacks and checks the backup beside the store, makes it fit to follow the lost one, and only then gives it its place.
func (c *cli) restore(ctx context.Context, from string, how restoring) (err error) {
	node := filepath.Join(c.dataDir, how.worker)
	if err := os.MkdirAll(node, 0o711); err != nil {
		return fmt.Errorf("make DATA_DIR: %w", err)
	}
	lock, err := lockNode(node)
	if err != nil {
		return err
	}
	defer lock.Close()
	place := filepath.Join(node, "store")
	if exists(place) && !how.replace {
		return &errUsage{c.f("%s has a store already: --replace moves it aside", node)}
	}
	staging, err := os.MkdirTemp(node, "restore-*")
	if err != nil {
		return fmt.Errorf("make a folder for the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	c.progress("unpacking and checking the backup ...")
	m, err := backup.Load(ctx, from, staging, func(m backup.Manifest) error { return disk.FitsSchema(m.Schema) }, c.percent(c.t("unpacking: %d %% of %s")))
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	fresh := filepath.Join(staging, "store")
	if err := proveAndStamp(fresh, m); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	aside, err := c.swap(fresh, place)
	if err != nil {
		return err
	}
	return c.print(map[string]any{"store": place, "aside": aside, "taken_at": m.TakenAt, "accounts": m.Accounts, "items": m.Items}, func() {
		c.manifestTable(m)
		fmt.Fprintln(c.out, c.f("restored into %s", place))
		if aside != "" {
			fmt.Fprintln(c.out, c.f("the store of before is in %s: remove it when all is well", aside))
		}
		if id, err := cluster.OpenIdentity(filepath.Join(node, "cluster")); err == nil && m.Cluster != "" && id.Cluster != m.Cluster {
			fmt.Fprintln(c.out, c.f("warning: the backup is of cluster %s, this folder belongs to cluster %s: bring the files \"keys\" and \"cluster\" of the former back, or no login opens", clean(m.Cluster), id.Cluster))
		}
		if !exists(filepath.Join(node, "keys")) {
			fmt.Fprintln(c.out, c.t("warning: there is no key ring here: bring the file \"keys\" back before the node starts, or no login opens"))
		}
		fmt.Fprintln(c.out, c.t("next: start the node; accounts wait about two minutes there, until nobody can run them any more"))
	})
}

// proveAndStamp opens the unpacked store, compares it with its manifest, and makes its records those of a restored cluster.
func proveAndStamp(dir string, m backup.Manifest) error {
	quiet := slog.New(slog.DiscardHandler)
	held, err := store.SurveyCheckpoint(dir, quiet)
	if err != nil {
		return fmt.Errorf("the backup does not open: %w", err)
	}
	if uint64(held.Rev) != m.Rev || held.Accounts != m.Accounts || held.Items != m.Items {
		return fmt.Errorf("the backup holds %d accounts and %d items, its manifest says %d and %d", held.Accounts, held.Items, m.Accounts, m.Items)
	}
	return store.Restamp(dir, quiet, func(records []*messages.Put) []*messages.Put { return master.Restored(records, time.Now()) })
}

// swap moves the store that is there aside, if there is one, and the new one into its place.
func (c *cli) swap(fresh, place string) (aside string, err error) {
	if exists(place) {
		aside = place + ".before-" + time.Now().UTC().Format("20060102T150405Z")
		if err := moveNew(place, aside); err != nil {
			return "", err
		}
	}
	if err := moveNew(fresh, place); err != nil {
		if aside != "" {
			err = errors.Join(err, moveNew(aside, place))
		}
		return "", err
	}
	return aside, nil
}
