package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/platforms/recording"
)

// recordTime is how long the client waits for a recorded round: the account may have to finish something first.
const recordTime = 5 * time.Minute

func platformRecord(c *cli) *cobra.Command {
	var dir string
	var body api.NewRecording
	cmd := &cobra.Command{
		Use: "record ACCOUNT", Short: c.t("Record a round of an account, without its secrets"),
		Long:    c.t("Record a round of an account, without its secrets") + ".\n\n" + c.t(recordText),
		Example: "  troupe platform record sb_1 -o recordings/monday", Args: c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir == "" {
				dir = args[0] + "-" + time.Now().Format("20060102-1504")
			}
			if _, err := os.Stat(dir); err == nil {
				return &errUsage{c.f("%s exists already; choose another folder with --output", dir)}
			}
			return c.record(cmd, args[0], dir, body)
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", c.t("folder to write, which must not exist yet; ACCOUNT and the time when empty"))
	cmd.Flags().BoolVar(&body.Texts, "texts", false, c.t("keep what people wrote, and pictures of the pages; else it is hidden behind words of the same length"))
	return cmd
}

// record has the node make the round and writes what comes of it. A round that failed is written too.
func (c *cli) record(cmd *cobra.Command, account, dir string, body api.NewRecording) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	c.progress("recording a round of %s ...", account)
	ctx, cancel := context.WithTimeout(cmd.Context(), recordTime)
	defer cancel()
	response, err := cl.do(ctx, http.MethodPost, accountPath(account)+"/record", nil, body, "")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	archive, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read recording: %w", err)
	}
	folder, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("read recording: %w", err)
	}
	rec, err := recording.Load(folder)
	if err != nil {
		return err
	}
	if err := rec.Save(dir); err != nil {
		return err
	}
	shown := recordedRound{dir, string(rec.Platform), len(rec.Entries), rec.Result.Counts(), cmp.Or(rec.Result.Error, "ok"), rec.Result.Step}
	return c.print(shown, func() {
		fmt.Fprintln(c.out, c.f("%s: %d answers and frames, %d items", dir, shown.Entries, len(rec.Result.Items)))
		if rec.Result.Error != "" {
			fmt.Fprintln(c.out, c.f("the round ended with %s at %s", rec.Result.Error, rec.Result.Step))
		}
	})
}

// recordedRound is what the command says of a recording.
type recordedRound struct {
	Dir      string         `json:"dir"`
	Platform string         `json:"platform"`
	Entries  int            `json:"entries"`
	Items    map[string]int `json:"items"`
	Outcome  string         `json:"outcome"` // ok, or the kind of trouble
	Step     string         `json:"step,omitempty"`
}
