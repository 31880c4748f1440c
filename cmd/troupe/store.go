package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"troupe/actors/store/backup"
)

// storeCommand groups what can be done with the store as a whole.
func storeCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "store", Short: c.t("Back up and restore the store"),
		Long:    c.t("Back up and restore the store") + ".\n\n" + c.t(storeText),
		Example: "  troupe store backup /var/backups/troupe", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(storeBackup(c), storeRestore(c))
	return cmd
}

// manifestTable says what a backup holds.
func (c *cli) manifestTable(m backup.Manifest) {
	var t table
	t.add(c.t("taken at"), m.TakenAt.Local().Format(time.DateTime))
	t.add(c.t("node"), clean(m.Node))
	if m.Cluster != "" {
		t.add(c.t("cluster"), clean(m.Cluster))
	}
	t.add(c.t("version"), clean(m.Version))
	t.add(c.t("accounts"), fmt.Sprint(m.Accounts))
	t.add(c.t("items"), fmt.Sprint(m.Items))
	t.add(c.t("size"), humanize.IBytes(uint64(m.Size())))
	t.write(c.out)
}

// percent tells a person how far something long has come, not more often than every two seconds; text takes a number and a size.
func (c *cli) percent(text string) func(done, of int64) {
	last := time.Now()
	return func(done, of int64) {
		if of == 0 || time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(c.errs, text+"\n", done*100/of, humanize.IBytes(uint64(of)))
	}
}

// moveNew gives a finished file or folder its name, which must be free, and returns when that is on disk.
func moveNew(from, to string) error {
	if err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("name %s: %w", to, err)
	}
	return backup.SyncFolder(filepath.Dir(to))
}

// exists says whether there is something of that name.
func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
