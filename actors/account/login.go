package account

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
	"troupe/platforms"
)

// loginLimit bounds a login from the first picture to the proof.
const loginLimit = 5 * time.Minute

// login is the running login session.
type login struct {
	session messages.LoginID
	inputs  chan platforms.Input
	profile *messages.Profile // set when the page showed success and the state is being saved
	saving  uint64            // counter of the save that makes the login durable
}

type loggedIn struct {
	profile *messages.Profile
	err     error
	began   time.Time
}

func (a *account) onStartLogin(c actor.Context, m *messages.StartLogin) {
	session := messages.LoginID(m.GetSession())
	switch {
	case a.draining != nil || a.client == nil:
		a.sayLoginEnded(c, session, "failed", "the account's browser is not ready; try again in a few seconds", nil)
		return
	case a.login != nil:
		a.sayLoginEnded(c, session, "failed", "another login of this account is under way", nil)
		return
	case !a.Node.Leases.MayBegin(a.ID, a.Epoch):
		a.sayLoginEnded(c, session, "failed", "the node has lost touch with its master", nil)
		return
	}
	l := &login{session: session, inputs: make(chan platforms.Input, 8)}
	a.login = l
	a.cancelRound()
	a.enter(c, messages.LoggingIn, "", "")
	client, root, master := a.client, c.ActorSystem().Root, a.Master
	show := func(s platforms.Step) {
		root.Send(master, &messages.LoginStep{
			Session: string(session), Account: string(a.ID), Epoch: uint64(a.Epoch), Status: s.Status, QrPng: s.QR,
			ExpiresAt: millis(s.ExpiresAt), Step: s.Ask, Message: s.Message, At: a.Node.Now().UnixMilli(),
		})
	}
	a.do(c, &op{
		name: "login", urgency: forPerson, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, loginLimit)
			defer cancel()
			began := a.Node.Now()
			profile, err := client.Login(ctx, l.inputs, show)
			return loggedIn{profile, err, began}
		},
		done: func(c actor.Context, result any) {
			r, ok := result.(loggedIn)
			if !ok {
				r.err = context.Canceled
			}
			a.onLoggedIn(c, l, r)
		},
	})
}

// onLoggedIn makes a successful login durable before anybody is told of it.
func (a *account) onLoggedIn(c actor.Context, l *login, r loggedIn) {
	a.note("login", r.began, 0, nil, r.err)
	if a.login != l {
		return // it was cancelled
	}
	if r.err != nil {
		a.endLogin(c, loginWord(r.err), r.err.Error())
		if a.client != nil && a.draining == nil {
			a.probe(c) // the account may have been logged in before; its page tells
		}
		return
	}
	if r.profile == nil {
		r.profile = &messages.Profile{}
	}
	l.profile = r.profile
	a.probed = true
	a.sawProfile(r.profile)
	a.saveVault(c)
}

// loginSaved ends a login whose state the master has acknowledged.
func (a *account) loginSaved(c actor.Context) {
	l := a.login
	a.login = nil
	a.sayLoginEnded(c, l.session, "success", "", l.profile)
	a.enter(c, messages.Watching, "", "")
	a.collectSoon(c)
}

// endLogin ends the running session, if there is one, without success.
func (a *account) endLogin(c actor.Context, status, reason string) {
	if a.login == nil {
		return
	}
	session := a.login.session
	a.login = nil
	if a.state == messages.LoggingIn && a.draining == nil {
		a.enter(c, messages.LoggedOut, "log in again: "+reason, "login")
	}
	a.sayLoginEnded(c, session, status, reason, nil)
}

func (a *account) onLoginInput(m *messages.LoginInput) {
	if a.login == nil || string(a.login.session) != m.GetSession() {
		return
	}
	select {
	case a.login.inputs <- platforms.Input{Kind: m.GetKind(), Value: m.GetValue()}:
	default:
		a.Log.Warn("login input dropped, too many wait", "login", m.GetSession())
	}
}

func (a *account) onCancelLogin(c actor.Context, m *messages.CancelLogin) {
	if a.login == nil || string(a.login.session) != m.GetSession() || a.login.profile != nil {
		return
	}
	a.endLogin(c, "cancelled", "cancelled by a person")
	if r := a.ops.running; r != nil && r.name == "login" {
		a.ops.cancel()
	}
	a.probe(c)
}

func (a *account) sayLoginEnded(c actor.Context, session messages.LoginID, status, reason string, p *messages.Profile) {
	c.Send(a.Master, &messages.LoginEnded{
		Session: string(session), Account: string(a.ID), Epoch: uint64(a.Epoch), Status: status, Reason: reason, Profile: p,
		At: a.Node.Now().UnixMilli(),
	})
}

func loginWord(err error) string {
	switch platforms.KindOf(err) {
	case platforms.LoginTimeout, platforms.Timeout:
		return "timeout"
	case platforms.Cancelled:
		return "cancelled"
	}
	return "failed"
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
