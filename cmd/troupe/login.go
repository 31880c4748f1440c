package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
	"troupe/messages"
)

// loginCommand logs an account in: the QR code is drawn in the terminal and redrawn when it changes.
func loginCommand(c *cli) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "login ACCOUNT", Short: c.t("Log an account in by QR code"),
		Long:    c.t("Log an account in by QR code") + ".\n\n" + c.t(loginText),
		Example: "  troupe login sb_2\n  troupe login sb_2 --png code.png",
		Args:    c.args(cobra.ExactArgs(1)), ValidArgsFunction: c.completeAccounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return c.login(cmd.Context(), cl, args[0], file)
		},
	}
	cmd.Flags().StringVar(&file, "png", "", c.t("also save the code's picture to this file"))
	cmd.AddCommand(loginLink(c), loginQueue(c))
	return cmd
}

// login starts a session and follows it to its end. Interrupted, it cancels the session.
func (c *cli) login(ctx context.Context, cl *client, account, file string) error {
	if err := c.awaitBrowser(ctx, cl, account); err != nil {
		return err
	}
	var started api.Login
	if err := cl.post(ctx, accountPath(account)+"/login", api.NewLogin{}, &started); err != nil {
		return err
	}
	c.progress("waiting for the login page of %s ...", account)
	d := &dialog{cli: c, client: cl, session: started.Session, file: file}
	err := d.run(ctx)
	if ctx.Err() != nil {
		// The person gave up; the page need not go on asking. The command's own context is over.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if cl.call(last, http.MethodDelete, d.path(), nil, nil, nil) == nil {
			c.progress("login cancelled")
		}
	}
	return err
}

// browserTime is how long an account's browser may take to start before a login is tried all the same.
const browserTime = time.Minute

// awaitBrowser waits until the account has a browser: a login of one that is only starting would fail.
func (c *cli) awaitBrowser(ctx context.Context, cl *client, account string) error {
	for began, told := time.Now(), false; time.Since(began) < browserTime; {
		var a api.Account
		if err := cl.get(ctx, accountPath(account), nil, &a); err != nil {
			return err
		}
		if a.State != string(messages.Starting) {
			return nil
		}
		if !told {
			c.progress("waiting for the browser of %s ...", account)
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// dialog is one login on the terminal.
type dialog struct {
	*cli
	client  *client
	session string
	file    string

	shown string // the picture that was drawn last
	step  string // the step that was told last
	lines chan string
	asked string // the input that is waited for
}

func (d *dialog) path() string { return "/logins/" + url.PathEscape(d.session) }

// run shows each step until the session ends.
func (d *dialog) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	steps, ended := make(chan api.Login), make(chan error, 1)
	go func() {
		ended <- d.client.follow(ctx, url.Values{"login": {d.session}, "types": {api.LoginType}}, func(e event) error {
			return handOver(ctx, e, steps)
		})
	}()
	for {
		select {
		case err := <-ended:
			return err
		case step := <-steps:
			if step.Final {
				return d.end(step)
			}
			if err := d.show(step); err != nil {
				return err
			}
		case line, open := <-d.lines:
			if err := d.enter(ctx, line, open); err != nil {
				return err
			}
		}
	}
}

// handOver gives a login event to the dialog; other events are not its business.
func handOver(ctx context.Context, e event, steps chan<- api.Login) error {
	if e.kind != api.LoginType {
		return nil
	}
	var step api.Login
	if err := json.Unmarshal(e.data, &step); err != nil {
		return fmt.Errorf("read login event: %w", err)
	}
	select {
	case steps <- step:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// show tells a person what the login page wants.
func (d *dialog) show(step api.Login) error {
	if d.json {
		return d.printJSON(step)
	}
	if step.QR != "" && step.QR != d.shown {
		if err := d.draw(step); err != nil {
			return err
		}
	}
	if step.Step == d.step && step.Step != "sms_input_required" {
		return nil
	}
	d.step = step.Step
	switch step.Step {
	case "scanning":
		d.progress("scanned; now confirm on the phone")
	case "sms_input_required":
		d.ask(step)
	}
	return nil
}

func (d *dialog) draw(step api.Login) error {
	picture, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(step.QR, "data:image/png;base64,"))
	if err != nil {
		return fmt.Errorf("read QR picture: %w", err)
	}
	if d.file != "" {
		if err := os.WriteFile(d.file, picture, 0o600); err != nil {
			return fmt.Errorf("save QR picture: %w", err)
		}
		d.progress("saved the code to %s", d.file)
	}
	if d.shown != "" {
		d.progress("the code was replaced by a new one")
	}
	d.shown = step.QR
	text, err := readQR(picture)
	if err != nil {
		d.progress("this code cannot be drawn here (%v); use --png FILE and open the file", err)
		return nil
	}
	drawQR(d.out, text)
	d.progress("scan this code with the platform's app")
	if step.QRExpiresAt != 0 {
		d.progress("it works until %s", clock(step.QRExpiresAt))
	}
	return nil
}

// ask reads one line from the person, while the steps go on.
func (d *dialog) ask(step api.Login) {
	d.asked = step.Ask
	if d.asked == "" {
		d.asked = "verification_code"
	}
	if step.Message != "" {
		fmt.Fprintln(d.errs, clean(step.Message))
	}
	fmt.Fprint(d.errs, d.t(d.asked)+": ")
	if d.lines == nil {
		d.lines = make(chan string)
		go readLines(bufio.NewReader(d.in), d.lines)
	}
}

// readLines ends when the input does, or with the process: a read from a terminal cannot be stopped.
func readLines(in *bufio.Reader, lines chan<- string) {
	defer close(lines)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		lines <- strings.TrimSpace(line)
	}
}

// enter passes on what the person typed.
func (d *dialog) enter(ctx context.Context, line string, open bool) error {
	if !open {
		d.lines = nil
		return &errUsage{d.t("the login asks for a code, and there is no input to read it from")}
	}
	if d.asked == "" || line == "" {
		return nil
	}
	kind := d.asked
	d.asked = ""
	return d.client.post(ctx, d.path()+"/input", api.Input{Kind: kind, Value: line}, nil)
}

// end says how it went. Who refused or let time pass can try again: that is exit code 5, all else 1.
func (d *dialog) end(l api.Login) error {
	if d.json {
		if err := d.printJSON(l); err != nil {
			return err
		}
	}
	text := d.f("login %s: %s", d.t(l.Status), clean(l.Reason))
	switch l.Status {
	case "success":
		if !d.json {
			fmt.Fprintln(d.out, d.f("account %s is logged in", l.Account))
		}
		return nil
	case "failed":
		return fmt.Errorf("%s", text)
	}
	return &errUnknown{text}
}
