package master

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// loggedOut makes an account and lets it say that it is logged out.
func (s *stage) loggedOut(name string) *testkit.Mailbox {
	s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: name})
	testkit.Expect[*messages.AccountDone](s.client, nil)
	m := s.takeUp()
	s.account.Send(s.master, &messages.AccountStatus{Account: m.GetAccount().GetId(), Epoch: m.GetEpoch(), State: string(messages.LoggedOut)})
	return s.account
}

func TestQueuedAccountsAreShownOneAfterTheOtherAndTheQueueOutlivesACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		first, second := s.loggedOut("一"), s.loggedOut("二")
		s.client.Send(s.master, &messages.QueueLogins{Accounts: []string{"sb_1", "sb_2"}})
		if q := testkit.Expect[*messages.LoginsQueued](s.client, nil); q.GetAtOnce() != 1 || len(q.GetQueue()) != 2 {
			t.Fatalf("%v", q)
		}
		shown := testkit.Expect[*messages.StartLogin](first, nil)
		first.Send(s.master, &messages.LoginEnded{Session: shown.GetSession(), Account: "sb_1", Status: "timeout", Reason: "nobody scanned"})
		shown = testkit.Expect[*messages.StartLogin](second, nil)
		second.Send(s.master, &messages.LoginEnded{Session: shown.GetSession(), Account: "sb_2", Status: "success"})
		testkit.Expect[*messages.StartLogin](first, nil)
		synctest.Wait()
		s.crash()
		time.Sleep(2 * time.Second)
		queue := s.board.Load().Queue
		if len(queue.Waiting) != 1 || queue.Waiting[0].GetAccount() != "sb_1" || queue.Waiting[0].GetTries() != 1 {
			t.Fatalf("after a crash: %v", queue.Waiting)
		}
	})
}

func TestLinkIsForItsFirstHolderAndForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		account := s.loggedOut("一")
		s.client.Send(s.master, &messages.MakeLoginLink{Account: "sb_1"})
		link := testkit.Expect[*messages.LoginLinkMade](s.client, nil)
		open := func(token []byte, holder byte) {
			s.client.Send(s.master, &messages.OpenLoginLink{Token: token, Holder: bytes.Repeat([]byte{holder}, 16)})
		}
		open(make([]byte, 32), 1)
		testkit.Expect(s.client, func(m *messages.Refused) bool { return m.GetCode() == "not_found" })
		open(link.GetToken(), 1)
		began := testkit.Expect[*messages.LoginLinkOpened](s.client, nil)
		testkit.Expect[*messages.StartLogin](account, nil)
		open(link.GetToken(), 2)
		testkit.Expect(s.client, func(m *messages.Refused) bool { return m.GetCode() == "conflict" })
		open(link.GetToken(), 1)
		if again := testkit.Expect[*messages.LoginLinkOpened](s.client, nil); again.GetSession() != began.GetSession() || again.GetFirst() || again.GetBegan() || !began.GetFirst() || !began.GetBegan() {
			t.Error("the holder got another login")
		}
		account.Send(s.master, &messages.LoginEnded{Session: began.GetSession(), Account: "sb_1", Status: "failed"})
		synctest.Wait()
		open(link.GetToken(), 1)
		if over := testkit.Expect[*messages.LoginLinkOpened](s.client, nil); over.GetSession() != began.GetSession() {
			t.Error("a login that failed was begun again without being asked for")
		}
		time.Sleep(11 * time.Minute)
		open(link.GetToken(), 1)
		testkit.Expect(s.client, func(m *messages.Refused) bool { return m.GetCode() == "not_found" })
	})
}
