package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/recording"
)

// replayTime is how long a replay may take.
const replayTime = 3 * time.Minute

func platformReplay(c *cli) *cobra.Command {
	var folder string
	var accept bool
	cmd := &cobra.Command{
		Use: "replay RECORDING", Short: c.t("Make a recorded round again in a real Chromium, offline, and compare"),
		Long:    c.t("Make a recorded round again in a real Chromium, offline, and compare") + ".\n\n" + c.t(replayText),
		Example: "  troupe platform replay recordings/monday\n  troupe platform replay recordings/monday --definition definitions/sandbox",
		Args:    c.args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := recording.Load(os.DirFS(args[0]))
			if err != nil {
				return err
			}
			d, err := c.replayed(rec, folder)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), replayTime)
			defer cancel()
			c.progress("replaying %s by version %d of %s ...", args[0], d.Version, d.Platform)
			out, err := replay(ctx, rec, d)
			if err != nil {
				return err
			}
			if accept {
				rec.Result = out.Result
				if err := rec.Save(args[0]); err != nil {
					return err
				}
			}
			return c.showReplay(rec, out, accept)
		},
	}
	cmd.Flags().StringVar(&folder, "definition", "", c.t("folder of the definition to run; the built-in one of the recording's platform when empty"))
	cmd.Flags().BoolVar(&accept, "accept", false, c.t("store what came out as the recording's result"))
	return cmd
}

// replayed is the definition that is to run.
func (c *cli) replayed(rec *recording.Recording, folder string) (*definition.Definition, error) {
	if folder != "" {
		files, err := c.filesAt(folder)
		if err != nil {
			return nil, err
		}
		return definition.Parse(files)
	}
	all, err := builtIn()
	if err != nil {
		return nil, err
	}
	d := all.Get(rec.Platform)
	if d == nil {
		return nil, &errUsage{c.f("no platform %s is built in: name its folder with --definition", rec.Platform)}
	}
	return d, nil
}

// replay starts a stand-in for the recording's hosts, a gate that leads every name to it, and a Chromium behind that; all of it ends
// with the round.
func replay(ctx context.Context, rec *recording.Recording, d *definition.Definition) (out recording.Outcome, err error) {
	server, err := recording.Serve(rec)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	account := messages.AccountID(d.Prefix + "_replay")
	way, err := gate.Listen(gate.Options{
		Account: account, Epoch: 1, Listen: gate.Address(account), Sites: d.Hosts.Sites, Resources: d.Hosts.Resources, PeerUID: -1, Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Addr())
		},
	})
	if err != nil {
		return out, fmt.Errorf("open gate: %w", err)
	}
	defer func() { err = errors.Join(err, way.Close()) }()
	way.Extend(lease.BootTime() + replayTime)
	chromium, end, err := replayBrowser(ctx, account, d, way.Addr(), server.SPKI())
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return recording.Replay{Recording: rec, Definition: d, Server: server, Browser: chromium, Account: account}.Run(ctx)
}

// replayBrowser starts a Chromium with an empty profile in a temporary folder; end closes the one and removes the other.
func replayBrowser(ctx context.Context, account messages.AccountID, d *definition.Definition, proxy, pin string) (chromium *browser.Instance, end func() error, err error) {
	bin, err := browser.Find()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "troupe-replay-")
	if err != nil {
		return nil, nil, fmt.Errorf("make profile: %w", err)
	}
	chromium, err = browser.Start(ctx, browser.Config{
		Account: account, Epoch: 1, Node: "replay", Bin: bin, Dir: filepath.Join(dir, string(account)), NoSandbox: os.Geteuid() == 0, Fresh: true,
		Proxy: proxy, Pins: []string{pin}, Persona: persona.Make(1, d.Locale, d.TimeZone, "", persona.Machine{Cores: 2}), Origins: d.Origins,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return chromium, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		return errors.Join(chromium.Close(ctx), os.RemoveAll(dir))
	}, nil
}

// showReplay says what came out, and fails if it is not what was recorded.
func (c *cli) showReplay(rec *recording.Recording, out recording.Outcome, accepted bool) error {
	shown := map[string]any{"items": out.Result.Counts(), "differences": out.Diff, "missed": out.Missed, "accepted": accepted}
	err := c.print(shown, func() {
		for _, line := range out.Diff {
			fmt.Fprintln(c.out, clean(line))
		}
		for _, miss := range out.Missed {
			fmt.Fprintln(c.out, c.f("the recording has no answer to %s", clean(miss)))
		}
		if len(out.Diff) == 0 {
			fmt.Fprintln(c.out, c.f("as recorded: %d items", len(rec.Result.Items)))
		}
	})
	if err == nil && len(out.Diff) > 0 && !accepted {
		return errors.New(c.f("%d differences", len(out.Diff)))
	}
	return err
}
