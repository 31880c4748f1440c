package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// The bounds of a login.
const (
	loginTime     = 5 * time.Minute        // unless the definition says otherwise
	loginPoll     = 300 * time.Millisecond // between two looks at the login page
	complaintTime = 3 * time.Second        // for a page to take back an old complaint
	wrongCodes    = 3
	blindLooks    = 10 // in a row: a page that is being replaced cannot be read for a moment
)

// Login opens the login page and shows what it shows until page and cookie prove the login. A code that expired
// is renewed by itself; the profile is read from the watched page at the end.
func (c *client) Login(ctx context.Context, in <-chan platforms.Input, show func(platforms.Step)) (*messages.Profile, error) {
	qr := c.Definition.Login.QR
	f, err := c.newFlow(ctx, "login", definition.WatchTab)
	if err != nil {
		return nil, err
	}
	f.fresh = true
	f.signs = slices.DeleteFunc(f.signs, func(s kindSign) bool { return s.kind != platforms.Challenge }) // here it is no trouble to be logged out
	limit := qr.Timeout.Max
	if limit == 0 {
		limit = loginTime
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := f.run(timed, definition.Flow{{Open: &definition.Open{To: definition.Text(qr.Open)}}}); err != nil {
		return nil, err
	}
	l := &login{flow: f, qr: qr, show: show}
	if err := l.follow(timed, in); err != nil {
		f.keepEvidence(ctx, err)
		c.dirty[f.tabName] = true
		if ctx.Err() == nil && timed.Err() != nil {
			return nil, &platforms.Error{Op: "login/wait", Kind: platforms.LoginTimeout, Err: err}
		}
		return nil, err
	}
	profile, err := c.Probe(timed)
	if err != nil && strings.HasSuffix(platforms.StepOf(err), "/profile") {
		return nil, &platforms.Error{Op: "login/profile", Kind: platforms.LoginRefused, Err: err}
	}
	return profile, err
}

// login is one login as the page shows it.
type login struct {
	flow *flow
	qr   *definition.QRLogin
	show func(platforms.Step)

	src     string // of the picture that was shown last
	shown   bool
	expires time.Time
	scanned bool

	asking   bool      // the code step is on
	entry    time.Time // when a code was entered that was not judged yet
	complain bool      // the page still complained about the one before
	wrong    int
}

// follow looks at the page again and again until the login is proved or ends otherwise.
func (l *login) follow(ctx context.Context, in <-chan platforms.Input) error {
	defer l.flow.client.inbox.begin()()
	for blind := 0; ; {
		done, err := l.look(ctx)
		switch blind++; {
		case done:
			return nil
		case err == nil:
			blind = 0
		case platforms.KindOf(err) != platforms.Internal || blind == blindLooks:
			return l.flow.fail(ctx, "login/look", err)
		}
		if err := l.listen(ctx, in); err != nil {
			return l.flow.fail(ctx, "login/input", err)
		}
	}
}

// look reads the page once. An element that goes away while it is read belongs to the past.
func (l *login) look(ctx context.Context) (done bool, err error) {
	done, err = l.flow.proved(ctx)
	if err != nil || done {
		return done, passing(err)
	}
	if t := l.flow.trouble(ctx); t != nil {
		return false, t
	}
	for _, part := range []func(context.Context) error{l.refusal, l.expiry, l.code, l.scan, l.picture} {
		if err := passing(part(ctx)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// passing drops the errors of a page that is just changing.
func passing(err error) error {
	if errors.Is(err, page.ErrMoved) {
		return nil
	}
	return err
}

func (l *login) refusal(ctx context.Context) error {
	refused, err := l.flow.anyShown(ctx, l.qr.State.Refused)
	if err == nil && refused {
		return &platforms.Error{Kind: platforms.LoginRefused, Err: errors.New("the login was refused on the phone")}
	}
	return err
}

// expiry asks for a new code when the shown one does not work any more.
func (l *login) expiry(ctx context.Context) error {
	expired, err := l.flow.anyShown(ctx, l.qr.State.Expired)
	if err != nil || !expired {
		return err
	}
	return l.renew(ctx)
}

func (l *login) renew(ctx context.Context) error {
	l.scanned = false
	if l.qr.Renew != "" {
		el, _, err := l.flow.visible(ctx, l.flow.client.Definition.Find[l.qr.Renew], nil)
		if err != nil {
			return err
		}
		if el != nil {
			l.flow.acting()
			return el.Click(ctx)
		}
	}
	return l.flow.navigate(ctx, l.flow.address(definition.Text(l.qr.Open)))
}

// code asks the person when the page asks for a code, and says so when it was wrong.
func (l *login) code(ctx context.Context) error {
	c := l.qr.Code
	if c == nil {
		return nil
	}
	input, _, err := l.flow.visible(ctx, l.flow.client.Definition.Find[c.Input], nil)
	if err != nil {
		return err
	}
	if input == nil {
		l.asking = false
		return nil
	}
	ask := c.Ask
	if ask == "" {
		ask = "verification_code"
	}
	if !l.asking {
		l.asking = true
		l.show(platforms.Step{Status: "sms_input_required", Ask: ask})
		return nil
	}
	return l.judge(ctx, ask)
}

// judge sees whether the entered code was wrong. A complaint that stood there before counts only when it stays.
func (l *login) judge(ctx context.Context, ask string) error {
	if l.entry.IsZero() || l.complain && l.flow.client.Clock().Sub(l.entry) < complaintTime {
		return nil
	}
	wrong, err := l.flow.anyShown(ctx, l.qr.Code.Wrong)
	if err != nil || !wrong {
		return err
	}
	l.entry = time.Time{}
	if l.wrong++; l.wrong == wrongCodes {
		return &platforms.Error{Kind: platforms.LoginRefused, Err: fmt.Errorf("the code was wrong %d times", l.wrong)}
	}
	l.show(platforms.Step{Status: "sms_input_required", Ask: ask, Message: "the code was wrong"})
	return nil
}

func (l *login) scan(ctx context.Context) error {
	scanned, err := l.flow.anyShown(ctx, l.qr.State.Scanned)
	if err == nil && scanned && !l.scanned {
		l.scanned = true
		l.show(platforms.Step{Status: "scanning", ExpiresAt: l.expires})
	}
	return err
}

// picture shows the code when it is new.
func (l *login) picture(ctx context.Context) error {
	el, _, err := l.flow.visible(ctx, l.flow.client.Definition.Find[l.qr.Image], nil)
	if err != nil || el == nil {
		return err
	}
	src, _, err := el.Attr(ctx, "src")
	if err != nil || src == "" && l.shown || src != "" && src == l.src {
		return err
	}
	png, err := pictureOf(ctx, el, src)
	if err != nil {
		return err
	}
	status := "qrcode_ready"
	if l.shown {
		status = "qrcode_refreshed"
	}
	l.src, l.shown, l.scanned = src, true, false
	l.expires = l.flow.client.Clock().Add(l.qr.Valid.Min)
	l.show(platforms.Step{Status: status, QR: png, ExpiresAt: l.expires})
	return nil
}

// pictureOf takes a picture from its data: address, or photographs it.
func pictureOf(ctx context.Context, el page.Element, src string) ([]byte, error) {
	if encoded, ok := strings.CutPrefix(src, "data:image/png;base64,"); ok {
		if png, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return png, nil
		}
	}
	return el.Screenshot(ctx)
}

// listen waits a moment for what the person enters.
func (l *login) listen(ctx context.Context, in <-chan platforms.Input) error {
	t := time.NewTimer(loginPoll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	case input, ok := <-in:
		if !ok {
			return wait(ctx, loginPoll)
		}
		return passing(l.entered(ctx, input))
	}
}

func (l *login) entered(ctx context.Context, input platforms.Input) error {
	switch {
	case input.Kind == "refresh":
		return l.renew(ctx)
	case l.qr.Code == nil || !l.asking:
		return nil // nothing asks for it
	}
	p := definition.Place{Find: l.qr.Code.Input}
	if _, err := l.flow.clear(ctx, p); err != nil {
		return err
	}
	if err := l.flow.tab.Type(ctx, string(input.Value)); err != nil {
		return fmt.Errorf("type the code: %w", err)
	}
	complain, err := l.flow.anyShown(ctx, l.qr.Code.Wrong)
	if err != nil {
		return err
	}
	if _, err := l.flow.onElement(ctx, definition.Place{Find: l.qr.Code.Submit}, page.Element.Click); err != nil {
		return err
	}
	l.entry, l.complain = l.flow.client.Clock(), complain
	return nil
}
