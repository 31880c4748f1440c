package account

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/testkit"
)

// starts is how many browsers were started, and whether each began with an empty profile.
func (s *scene) starts() []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fresh)
}

// loggedOut begins a scene whose account is logged out.
func loggedOut(t *testing.T) *scene {
	s := newScene(t)
	out := &platforms.Error{Op: "probe", Kind: platforms.LoggedOut, Err: errors.New("no cookie")}
	s.client.script(out, out)
	s.begin()
	s.state(messages.LoggedOut)
	return s
}

func TestHeavyBrowserIsStartedAgainFromItsOwnProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.recycling.Memory = 600 << 20
		s.begin()
		s.state(messages.Watching)
		s.master.Send(s.account, Weighed{Memory: 599 << 20})
		synctest.Wait()
		if n := len(s.starts()); n != 1 {
			t.Fatalf("%d browsers, although none was too heavy", n)
		}
		s.master.Send(s.account, Weighed{Memory: 601 << 20})
		s.state(messages.Starting)
		s.state(messages.Watching)
		if got := s.starts(); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("browsers began empty: %v, want only the first", got)
		}
		rounds := s.client.rounds.Load()
		time.Sleep(time.Minute)
		if n := s.client.rounds.Load() - rounds; n < 2 {
			t.Errorf("%d rounds in the minute after it", n)
		}
	})
}

func TestOldBrowserIsStartedAgainAboutItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.recycling.Age = 10 * time.Hour
		s.begin()
		s.state(messages.Watching)
		weigh := func(after time.Duration) int { // never just when a round is due
			time.Sleep(after)
			s.master.Send(s.account, Weighed{Memory: 1})
			synctest.Wait()
			return len(s.starts())
		}
		if n := weigh(8*time.Hour + 59*time.Minute); n != 1 {
			t.Errorf("%d browsers after nine tenths of its age", n)
		}
		if n := weigh(2*time.Hour + 2*time.Minute + 7*time.Second); n != 2 {
			t.Errorf("%d browsers after eleven tenths of its age", n)
		}
	})
}

func TestBrowserIsNotTakenFromARunningReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.recycling.Memory = 1
		typed := make(chan struct{})
		s.client.reply = func(context.Context, func(context.Context) error) platforms.Outcome {
			<-typed
			return platforms.Outcome{State: messages.ReplyConfirmedState}
		}
		s.begin()
		s.state(messages.Watching)
		s.master.Send(s.account, &messages.ExecuteReply{Reply: &messages.Reply{Id: "r1", Attempt: 1}})
		s.master.Send(s.account, Weighed{Memory: 2})
		time.Sleep(30 * time.Second)
		if n := len(s.starts()); n != 1 {
			t.Fatal("the browser was closed under a reply")
		}
		close(typed)
		if r := testkit.Expect[*messages.ReplyResult](s.master, nil); r.GetOutcome() != messages.ReplyConfirmedState {
			t.Errorf("outcome %s", r.GetOutcome())
		}
	})
}

func TestLoggedOutAccountClosesItsBrowserAndALoginWakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := loggedOut(t)
		s.master.Send(s.account, Swept{})
		synctest.Wait()
		if closed(s.newest()) {
			t.Fatal("the browser was closed before anybody could log in")
		}
		time.Sleep(11 * time.Minute)
		s.master.Send(s.account, Swept{})
		synctest.Wait()
		if !closed(s.newest()) {
			t.Fatal("a browser without use stays")
		}
		time.Sleep(time.Hour)
		if n := len(s.starts()); n != 1 {
			t.Fatalf("%d browsers, although nothing came", n)
		}
		s.client.script(nil, nil)
		s.master.Send(s.account, &messages.StartLogin{Session: "l1", Account: "sb_1"})
		s.state(messages.LoggingIn)
		testkit.Expect(s.master, func(m *messages.SaveVault) bool { return m.GetSealed().GetAccount() == "sb_1" })
		if got := s.starts(); !slices.Equal(got, []bool{true, false}) {
			t.Errorf("browsers began empty: %v, want only the first", got)
		}
	})
}

func TestLoginThatWaitsForABrowserCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := loggedOut(t)
		time.Sleep(11 * time.Minute)
		s.master.Send(s.account, Swept{})
		synctest.Wait()
		s.failures = 1 // the first try does not come up
		s.master.Send(s.account, &messages.StartLogin{Session: "l1", Account: "sb_1"})
		s.master.Send(s.account, &messages.CancelLogin{Session: "l1"})
		if e := testkit.Expect[*messages.LoginEnded](s.master, nil); e.GetStatus() != "cancelled" {
			t.Errorf("login ended %s", e.GetStatus())
		}
	})
}

func TestRestingAccountEndsCleanly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := loggedOut(t)
		time.Sleep(11 * time.Minute)
		s.master.Send(s.account, Swept{})
		synctest.Wait()
		s.master.Send(s.account, &messages.RevokeAccount{Account: "sb_1", Epoch: 7, Reason: "moved"})
		if revoked := testkit.Expect[*messages.AccountRevoked](s.parent, nil); !revoked.GetClean() {
			t.Error("its profile was closed cleanly, and is not used again")
		}
	})
}

// Login succeeds at once.
func (f *fakeClient) Login(context.Context, <-chan platforms.Input, func(platforms.Step)) (*messages.Profile, error) {
	return &messages.Profile{PlatformUserId: "u1"}, nil
}

func closed(b *fakeBrowser) bool {
	select {
	case <-b.exited:
		return true
	default:
		return false
	}
}
