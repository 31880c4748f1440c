package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/people"
	"troupe/messages"
	"troupe/testkit/site"
)

// demoCommand shows everything at once: a node, a made-up site, two accounts that are logged in, and visitors.
func demoCommand(c *cli) *cobra.Command {
	manual, pause := false, 4*time.Second
	cfg := &config{}
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   c.t("Show it live: a node, a made-up social site and two accounts"),
		Long:    c.t(demoText),
		Example: "  troupe demo\n  troupe demo --manual",
		Args:    c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen := cmd.Flags().Changed("data-dir") // DATA_DIR is for nodes that stay
			if err := fill(cmd, "", c.getenv); err != nil {
				return &errUsage{err.Error()}
			}
			return c.demo(cmd, cfg, chosen, manual, pause)
		},
	}
	c.nodeFlags(cmd.Flags(), cfg)
	for _, own := range []string{"dev-dial", "dev-pin", "dev-pace", "dev-role"} {
		_ = cmd.Flags().MarkHidden(own) // the demo sets them; this fails only for an unknown flag
	}
	cmd.Flags().BoolVar(&manual, "manual", false, c.t("leave the scanning of QR codes to you"))
	cmd.Flags().DurationVar(&pause, "every", pause, c.t("how often a visitor does something"))
	return cmd
}

// demoSeed makes the site's first ids always the same, so that the examples in the help are true in every demo.
const demoSeed = 1

// demoReply answers a comment that stands on the site of that seed.
const demoReply = `reply sb_1.w.7300000000001332031 "Thank you!" --to 7300000000003569748`

// demo is one run.
func (c *cli) demo(cmd *cobra.Command, cfg *config, chosen, manual bool, pause time.Duration) error {
	ctx := cmd.Context()
	dir, err := demoFolder(c.dataDir, chosen)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, file, err := demoLog(dir, cfg)
	if err != nil {
		return err
	}
	defer file.Close()
	web, err := site.Start(site.Options{Seed: demoSeed, Log: log})
	if err != nil {
		return err
	}
	defer web.Close()
	cfg.Join, cfg.Token = "", ""
	cfg.DataDir, cfg.DevDial, cfg.DevPins, cfg.Pace, cfg.DevRole = dir, web.Addr(), []string{web.SPKI()}, 0.2, string(people.Admin)
	if err := cfg.validate(); err != nil {
		return &errUsage{err.Error()}
	}
	n, err := startNode(ctx, cfg, log)
	if err != nil && !cmd.Flags().Changed("master-port") { // 3000 is taken: any other will do
		cfg.MasterPort = 0
		n, err = startNode(ctx, cfg, log)
	}
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(c.out, c.t("stopping: saving logins, closing browsers ..."))
		n.stop(context.Background())
	}()
	c.dataDir, c.addr = dir, ""
	cl, err := c.client()
	if err != nil {
		return err
	}
	c.welcome(n, web, dir)
	d := &demo{cli: c, client: cl, site: web, manual: manual, began: time.Now()}
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	following.Go(func() { d.follow(ctx) })
	if err := d.accounts(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	web.SetVisitors(true, pause)
	return d.alarm(ctx)
}

// alarmAfter is when the second account meets a captcha, so that an alarm is seen.
const alarmAfter = 3 * time.Minute

// alarm lets the time pass, shows what a captcha looks like, and waits for the end.
func (d *demo) alarm(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(alarmAfter):
	}
	if err := d.site.Captcha(d.second.owner, true); err != nil {
		return err
	}
	d.say(d.t("the site asks %s for a captcha, and its account waits for a person: press the button on %s/phone, then run: troupe account resume %s"),
		d.second.account, d.site.PhoneURL(), d.second.account)
	<-ctx.Done()
	return nil
}

// demoFolder is where the demo's data lie: a folder that is thrown away, in a place that Chromium's own users can reach.
func demoFolder(parent string, chosen bool) (string, error) {
	if !chosen {
		parent = os.TempDir()
	}
	dir, err := os.MkdirTemp(parent, "troupe-demo-")
	if err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	return dir, os.Chmod(dir, 0o711)
}

// demoLog writes the node's log to a file: the terminal is for what happens.
func demoLog(dir string, cfg *config) (*slog.Logger, io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "node.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the demo's log: %w", err)
	}
	level, err := cfg.level()
	if err != nil {
		level = slog.LevelInfo
	}
	return slog.New(messages.LogHandler(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))), f, nil
}

func (c *cli) welcome(n *node, web *site.Site, dir string) {
	fmt.Fprintf(c.out, "\n  %-12s %s\n  %-12s %s\n  %-12s %s/phone\n  %-12s %s\n\n", c.t("console"), n.url, c.t("site"), web.PhoneURL(), c.t("phone"), web.PhoneURL(),
		c.t("log"), filepath.Join(dir, "node.log"))
	fmt.Fprintln(c.out, "  "+c.t("try in another terminal:"))
	fmt.Fprintf(c.out, "    export TROUPE_ADDR=%s\n", strings.TrimPrefix(n.url, "http://"))
	for _, line := range []string{"account list", "topics --account sb_1", "items --follow", demoReply} {
		fmt.Fprintf(c.out, "    %s %s\n", os.Args[0], line)
	}
	fmt.Fprintf(c.out, "  %s\n\n", c.t("and write a comment on the site's page: it is with all of them in a moment"))
}

// demo logs accounts in and prints what happens.
type demo struct {
	*cli
	client *client
	site   *site.Site
	manual bool
	began  time.Time
	second struct{ account, owner string } // which meets a captcha
	print  sync.Mutex
}

func (d *demo) say(format string, args ...any) {
	d.print.Lock()
	defer d.print.Unlock()
	fmt.Fprintf(d.out, "%5.1fs  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// accounts makes two and logs each in.
func (d *demo) accounts(ctx context.Context) error {
	for _, name := range []string{"小厨娘阿月", "木匠老周"} {
		owner, err := d.site.CreateOwner(site.NewOwner{Nickname: name})
		if err != nil {
			return err
		}
		var a api.Account
		if err := d.client.post(ctx, "/accounts", map[string]any{"platform": "sandbox", "name": name}, &a); err != nil {
			return err
		}
		if err := d.logIn(ctx, a.ID, owner.UID); err != nil {
			return fmt.Errorf("log %s in: %w", a.ID, err)
		}
		d.second.account, d.second.owner = a.ID, owner.UID
	}
	d.say("%s", d.t("both accounts are logged in; visitors arrive"))
	return nil
}

func (d *demo) logIn(ctx context.Context, account, owner string) error {
	if err := d.until(ctx, func() (bool, error) {
		var a api.Account
		err := d.client.get(ctx, "/accounts/"+account, nil, &a)
		return a.State == string(messages.LoggedOut), err
	}); err != nil {
		return err
	}
	var login api.Login
	if err := d.client.post(ctx, "/accounts/"+account+"/login", nil, &login); err != nil {
		return err
	}
	if d.manual {
		d.say(d.t("scan the code of %s on %s/phone (choose the owner %s)"), account, d.site.PhoneURL(), owner)
	} else if err := d.pressPhone(ctx, login.Session, owner); err != nil {
		return err
	}
	return d.until(ctx, func() (bool, error) {
		err := d.client.get(ctx, "/logins/"+login.Session, nil, &login)
		if err == nil && login.Final && login.Status != "success" {
			err = fmt.Errorf("%s: %s", login.Status, login.Reason)
		}
		return login.Status == "success", err
	})
}

// pressPhone does what a person's thumb would: scan, then confirm.
func (d *demo) pressPhone(ctx context.Context, session, owner string) error {
	if err := d.until(ctx, func() (bool, error) {
		var l api.Login
		err := d.client.get(ctx, "/logins/"+session, nil, &l)
		return l.QR != "", err
	}); err != nil {
		return err
	}
	if err := d.site.Scan(""); err != nil {
		return err
	}
	return d.site.Confirm("", owner)
}

// until asks again and again, for at most two minutes; for longer than a login may last when a person does the scanning.
func (d *demo) until(ctx context.Context, done func() (bool, error)) error {
	limit := 2 * time.Minute
	if d.manual {
		limit = 6 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
