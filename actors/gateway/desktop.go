package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/socketio"
	"troupe/actors/master/board"
	"troupe/messages"
)

const (
	// replaceTime is how long an account may take to close before its login is replaced.
	replaceTime = 45 * time.Second
	replaceStep = 500 * time.Millisecond
)

func (g *Gateway) desktopHandlers() map[string]socketio.Handler {
	return map[string]socketio.Handler{im.ManualLoginEvent: command[im.ManualLogin](g, im.ManualLoginEvent)}
}

// takeLogin gives an account the login that an agent made by hand: it is paused, its state replaced, and resumed.
func (s *session) takeLogin(c actor.Context, m asked, r im.ManualLogin) {
	a := s.sight(m.by).account(r.AccountID)
	var refused error
	switch {
	case a == nil:
		refused = errNoAccount
	case r.Platform != "" && r.Platform != a.Record.GetPlatform():
		refused = fmt.Errorf("the account is on %s", a.Record.GetPlatform())
	case s.ReadState == nil:
		refused = errors.New("logins made by hand are not taken here")
	}
	if refused != nil {
		s.onAnswered(answered{m, nil, nil, refused})
		return
	}
	root := c.ActorSystem().Root
	actors.Job(c, func(ctx context.Context) any {
		return answered{m, nil, nil, s.replaceLogin(ctx, root, a, r.StorageState)}
	})
}

// replaceLogin runs off the mailbox. Whatever happens after it paused the account, the account is resumed.
func (s *session) replaceLogin(ctx context.Context, root *actor.RootContext, a *board.Account, file []byte) error {
	plain, err := s.ReadState(file)
	if err != nil {
		return fmt.Errorf("storageState: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, replaceTime)
	defer cancel()
	id := a.Record.GetId()
	if !a.Record.GetPaused() {
		if _, err := actors.Ask[*messages.AccountDone](ctx, root, s.Master, &messages.PauseAccount{Account: id, Reason: "its login is being replaced"}); err != nil {
			return err
		}
		defer func() { root.Send(s.Master, &messages.ResumeAccount{Account: id}) }()
	}
	return s.writeState(ctx, root, &messages.WriteVault{Account: id, State: plain})
}

// writeState tries until the account is closed.
func (s *session) writeState(ctx context.Context, root *actor.RootContext, write *messages.WriteVault) error {
	again := time.NewTicker(replaceStep)
	defer again.Stop()
	for {
		_, err := actors.Ask[*messages.VaultWritten](ctx, root, s.Master, write)
		refused, is := errors.AsType[*actors.RefusedError](err)
		if !is || refused.Refused.GetCode() != "conflict" {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (s *session) onLoginTaken(r im.ManualLogin) {
	s.tell(loginReplaced{messages.AccountID(r.AccountID)})
	taken := im.ManualLoginTaken{AccountID: r.AccountID, Success: true, Timestamp: s.Now().UnixMilli()}
	if a := s.Board.Load().Account(messages.AccountID(r.AccountID)); a != nil {
		taken.WorkerID = a.Record.GetWorker()
	}
	s.socket.Emit(im.ManualLoginAckEvent, taken)
}

// loginReplaced comes from a session: how the account comes up with its new login has to be told.
type loginReplaced struct{ account messages.AccountID }

// accountRestarted tells the desktop clients how an account came up after its login was replaced.
func (s *switchboard) accountRestarted(a *board.Account) {
	if !s.replaced[a.ID()] || a.Record.GetPaused() {
		return
	}
	if news, decided := im.AccountRestartedOf(a, s.Now().UnixMilli()); decided {
		delete(s.replaced, a.ID())
		s.announce(s.client, im.AccountRestartedEvent, a.ID(), news)
	}
}
