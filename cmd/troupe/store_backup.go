package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"troupe/actors/store/backup"
)

// storeBackup copies the running node's store.
func storeBackup(c *cli) *cobra.Command {
	var unpacked bool
	cmd := &cobra.Command{
		Use: "backup FILE|DIR", Short: c.t("Copy the store while the node runs"),
		Long: c.t("Copy the store while the node runs") + ".\n\n" + c.t(backupText),
		Example: "  troupe store backup /var/backups/troupe\n  troupe store backup troupe.tar.zst\n" +
			"  troupe store backup --unpacked /mnt/usb/troupe-monday",
		Args: c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return c.backup(cmd.Context(), cl, args[0], unpacked)
		},
	}
	cmd.Flags().BoolVar(&unpacked, "unpacked", false, c.t("make a folder with the same content instead of one file"))
	return cmd
}

func (c *cli) backup(ctx context.Context, cl *client, to string, unpacked bool) error {
	c.progress("copying the store ...")
	response, err := cl.do(ctx, http.MethodGet, "/store/backup", nil, nil, "")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if info, err := os.Stat(to); err == nil && info.IsDir() && !unpacked {
		to = filepath.Join(to, nameOf(response))
	}
	if exists(to) {
		return &errUsage{c.f("%s exists already; a backup overwrites nothing: choose another name", to)}
	}
	take := c.takeFile
	if unpacked {
		take = c.takeFolder
	}
	m, err := take(ctx, response.Body, to)
	if err != nil {
		return fmt.Errorf("save the backup: %w", err)
	}
	return c.print(map[string]any{"file": to, "taken_at": m.TakenAt, "accounts": m.Accounts, "items": m.Items, "size": m.Size(), "cluster": m.Cluster}, func() {
		c.manifestTable(m)
		fmt.Fprintln(c.out, c.f("backup in %s, every file of it checked", to))
		fmt.Fprintln(c.out, c.t("it holds no keys: keep the node's files \"keys\" and \"cluster\" elsewhere, without them no login opens"))
	})
}

// nameOf is the file's name that the node proposes.
func nameOf(response *http.Response) string {
	if _, p, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); err == nil && p["filename"] == filepath.Base(p["filename"]) && p["filename"] != "" {
		return p["filename"]
	}
	return "troupe.tar.zst"
}

// takeFile writes the stream to a new file and proves on the way that it is whole. What is not whole gets no name.
func (c *cli) takeFile(ctx context.Context, stream io.Reader, to string) (m backup.Manifest, err error) {
	f, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".part-*") // readable by its owner only
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	nowhere := func(backup.Manifest) (backup.Sink, error) { return nil, nil }
	m, err = backup.Read(ctx, io.TeeReader(stream, f), nowhere, c.percent(c.t("copying: %d %% of %s")))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return m, err
	}
	return m, moveNew(f.Name(), to)
}

// takeFolder unpacks the stream into a new folder.
func (c *cli) takeFolder(ctx context.Context, stream io.Reader, to string) (m backup.Manifest, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+".part-*")
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if m, err = backup.Unpack(ctx, stream, dir, c.percent(c.t("copying: %d %% of %s"))); err != nil {
		return m, err
	}
	return m, moveNew(dir, to)
}
