package engine

import (
	"context"
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
	wrongEntries  = 3
	blindLooks    = 10 // in a row: a page that is being replaced cannot be read for a moment
)

// wayWord is the kind of an input that asks for another way to log in.
const wayWord = "way"

// anotherWay is how a login ends whose person wants to log in in another way.
type anotherWay string

func (w anotherWay) Error() string { return "another way to log in is wanted: " + string(w) }

// another is the error that ends this way to log in for another one; nil when the platform has no such way.
func (l *login) another(input platforms.Input) error {
	if way := string(input.Value); slices.Contains(l.flow.client.Definition.Login.Ways, way) {
		return anotherWay(way)
	}
	return nil
}

// Login shows the login page and what it shows until page and cookie prove the login, in the definition's first way or in
// the one that a person asks for. The profile is read from the watched page at the end. A platform that is logged in by
// imported cookies alone is only looked at.
func (c *client) Login(ctx context.Context, in <-chan platforms.Input, show func(platforms.Step)) (*messages.Profile, error) {
	ways := c.Definition.Login.Ways
	way := ways[0]
	for {
		if way == "cookies" {
			return c.Probe(ctx)
		}
		err := c.loginBy(ctx, way, in, show)
		if other, ok := errors.AsType[anotherWay](err); ok {
			way = string(other)
			continue
		}
		if err != nil {
			return nil, err
		}
		profile, err := c.Probe(ctx)
		if err != nil && strings.HasSuffix(platforms.StepOf(err), "/profile") {
			return nil, &platforms.Error{Op: "login/profile", Kind: platforms.LoginRefused, Err: err}
		}
		return profile, err
	}
}

// loginBy logs in in one way.
func (c *client) loginBy(ctx context.Context, way string, in <-chan platforms.Input, show func(platforms.Step)) error {
	f, err := c.newFlow(ctx, "login", definition.WatchTab)
	if err != nil {
		return err
	}
	f.fresh = true
	f.signs = slices.DeleteFunc(f.signs, func(s kindSign) bool { return s.kind != platforms.Challenge }) // here it is no trouble to be logged out
	l := &login{flow: f, in: in, show: show, proof: &c.Definition.Login.Proof}
	f.person = l
	err = l.within(ctx, l.choose(way, c.Definition.Login), func(ctx context.Context) error {
		if err := l.begin(ctx); err != nil {
			return err
		}
		return l.follow(ctx)
	})
	if also := c.Definition.Login.Also; err == nil && also != nil {
		err = l.further(ctx, also)
	}
	if then := c.Definition.Login.Then; err == nil && len(then) > 0 {
		f.signs = c.signs()
		err = l.within(ctx, loginTime, func(ctx context.Context) error { return f.run(ctx, then) })
	}
	return err
}

// within makes a part of the login in the time that it may take.
func (l *login) within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(timed)
	if _, other := errors.AsType[anotherWay](err); err == nil || other {
		return err
	}
	l.flow.client.dirty[l.flow.tabName] = true
	l.flow.keepEvidence(ctx, err)
	if ctx.Err() == nil && timed.Err() != nil {
		return &platforms.Error{Op: "login/wait", Kind: platforms.LoginTimeout, Err: err}
	}
	return err
}

// login is one login as the page shows it.
type login struct {
	flow *flow
	in   <-chan platforms.Input
	show func(platforms.Step)

	proof   *definition.Proof
	qr      *definition.QRLogin   // of a login by QR code ...
	form    *definition.FormLogin // ... or by a form
	code    *definition.Code      // the further step that the platform may ask for
	refused []definition.Sign

	src      string // of the picture that was shown last
	shown    bool
	expires  time.Time
	scanned  bool
	renewals int

	asking   bool      // the code step is on
	entry    time.Time // when something was entered that was not judged yet
	complain bool      // the page still complained about what was entered before
	wrong    int
	message  string // to say with the next question
}

// choose takes up one way and returns its time limit.
func (l *login) choose(way string, d definition.Login) time.Duration {
	limit := definition.Span{}
	switch way {
	case "qr":
		l.qr, l.code, l.refused, limit = d.QR, d.QR.Code, d.QR.State.Refused, d.QR.Timeout
	case "password":
		l.form = d.Password
	case "sms":
		l.form = d.SMS
	}
	if l.form != nil {
		l.code, l.refused, limit = l.form.Code, l.form.Refused, l.form.Timeout
	}
	return patience(limit)
}

// patience is how long a login may take.
func patience(limit definition.Span) time.Duration {
	if limit.Max == 0 {
		return loginTime
	}
	return limit.Max
}

// begin makes the page show its login.
func (l *login) begin(ctx context.Context) error {
	defer l.flow.client.inbox.begin()()
	if l.form != nil {
		return l.fillIn(ctx)
	}
	return l.load(ctx)
}

// follow looks at the page again and again until the login is proved or ends otherwise.
func (l *login) follow(ctx context.Context) error {
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
		if err := l.listen(ctx); err != nil {
			if _, other := errors.AsType[anotherWay](err); other {
				return err
			}
			return l.flow.fail(ctx, "login/input", err)
		}
	}
}

// look reads the page once. An element that goes away while it is read belongs to the past.
func (l *login) look(ctx context.Context) (done bool, err error) {
	done, err = l.flow.provedBy(ctx, l.proof)
	if err != nil || done {
		return done, passing(err)
	}
	if t := l.flow.trouble(ctx); t != nil {
		return false, t
	}
	parts := []func(context.Context) error{l.refusal, l.expiry, l.codeStep, l.scan, l.picture}
	if l.form != nil {
		parts = []func(context.Context) error{l.refusal, l.codeStep, l.formWrong}
	}
	for _, part := range parts {
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
	refused, err := l.flow.anyShown(ctx, l.refused)
	if err == nil && refused {
		return &platforms.Error{Kind: platforms.LoginRefused, Err: errors.New("the platform shows that the login was refused")}
	}
	return err
}

// listen waits a moment for what the person enters.
func (l *login) listen(ctx context.Context) error {
	t := time.NewTimer(loginPoll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	case input, ok := <-l.in:
		if !ok {
			return wait(ctx, loginPoll)
		}
		return passing(l.entered(ctx, input))
	}
}

func (l *login) entered(ctx context.Context, input platforms.Input) error {
	switch {
	case input.Kind == wayWord:
		return l.another(input)
	case input.Kind == "refresh" && l.form != nil:
		return l.fillIn(ctx)
	case input.Kind == "refresh":
		return l.renew(ctx)
	case l.code == nil || !l.asking:
		return nil // nothing asks for it
	}
	p := definition.Place{Find: l.code.Input}
	if _, err := l.flow.clear(ctx, p); err != nil {
		return err
	}
	if err := l.flow.tab.Type(ctx, string(input.Value)); err != nil {
		return fmt.Errorf("type the code: %w", err)
	}
	complain, err := l.flow.anyShown(ctx, l.code.Wrong)
	if err != nil {
		return err
	}
	if _, err := l.flow.click(ctx, definition.Place{Find: l.code.Submit}); err != nil {
		return err
	}
	l.entry, l.complain = l.flow.client.Clock(), complain
	return nil
}

// codeStep asks the person when the page asks for a code, and says so when it was wrong.
func (l *login) codeStep(ctx context.Context) error {
	c := l.code
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
		if err := l.sendCode(ctx); err != nil {
			return err
		}
		l.show(platforms.Step{Status: askStatus, Ask: ask})
		return nil
	}
	wrong, err := l.wasWrong(ctx, c.Wrong)
	if wrong {
		l.show(platforms.Step{Status: askStatus, Ask: ask, Message: "the code was wrong"})
	}
	return err
}

// sendCode has the platform send its code, where that wants a click. A button that is not there is no reason to stop.
func (l *login) sendCode(ctx context.Context) error {
	if l.code.Send == "" {
		return nil
	}
	button, _, err := l.flow.look(ctx, definition.Place{Find: l.code.Send})
	if err != nil || button == nil {
		return err
	}
	return button.Click(ctx)
}

// wasWrong sees whether what was entered was wrong; the third time ends the login. A complaint that stood there before
// counts only when it stays.
func (l *login) wasWrong(ctx context.Context, signs []definition.Sign) (bool, error) {
	if l.entry.IsZero() || l.complain && l.flow.client.Clock().Sub(l.entry) < complaintTime {
		return false, nil
	}
	wrong, err := l.flow.anyShown(ctx, signs)
	if err != nil || !wrong {
		return false, err
	}
	l.entry = time.Time{}
	if l.wrong++; l.wrong == wrongEntries {
		return false, &platforms.Error{Kind: platforms.LoginRefused, Err: fmt.Errorf("what was entered was wrong %d times", l.wrong)}
	}
	return true, nil
}
