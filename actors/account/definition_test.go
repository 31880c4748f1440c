package account

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
)

func digestOf(want string) func(*messages.AccountStatus) bool {
	return func(m *messages.AccountStatus) bool { return m.GetDefinition() == want }
}

func TestVersionIsTakenUpBetweenTwoRoundsWithoutAnotherBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		testkit.Expect(s.queue, func(m *messages.Observed) bool { return m.GetRound() })
		s.state(messages.Watching)
		began, rounds, browsers := time.Now(), s.client.rounds.Load(), len(s.browsers)
		s.master.Send(s.account, TakeUp{&definition.Definition{Digest: "second", Version: 2}})
		status := testkit.Expect(s.master, digestOf("second"))
		if took := time.Since(began); took > time.Second || status.GetDefinitionVersion() != 2 {
			t.Errorf("after %s: %v", took, status)
		}
		time.Sleep(time.Second)
		if s.client.rounds.Load() == rounds || len(s.browsers) != browsers || !slices.Equal(s.client.versions(), []string{"second"}) {
			t.Errorf("%d rounds, %d browsers, versions %v", s.client.rounds.Load(), len(s.browsers), s.client.versions())
		}
		s.master.Send(s.account, &messages.ListRounds{})
		if listed := testkit.Expect[*messages.RoundsListed](s.master, nil); listed.GetRounds()[0].GetDefinition() != "second" {
			t.Errorf("newest round ran on %q", listed.GetRounds()[0].GetDefinition())
		}
		s.master.Send(s.account, TakeUp{&definition.Definition{Digest: "second", Version: 2}})
		time.Sleep(time.Second)
		if n := len(s.client.versions()); n != 1 {
			t.Errorf("the same version was taken up %d times", n)
		}
	})
}

func TestLookThatTakesLongIsPutOffForAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		s.state(messages.Watching)
		s.client.hang.Store(true)
		time.Sleep(30 * time.Second) // a round has begun and does not end
		began := time.Now()
		s.master.Send(s.account, TakeUp{&definition.Definition{Digest: "second"}})
		testkit.Expect(s.master, digestOf("second"))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("after %s", took)
		}
	})
}

func TestVersionReachesAnAccountBetweenTwoBrowsersAndThePageThatWasStrange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.begin()
		s.state(messages.Watching)
		strange := &platforms.Error{Op: "collect.desk", Kind: platforms.PageChanged}
		s.client.script(strange, strange)
		s.state(messages.PageChanged)
		s.client.script(nil, nil)
		s.master.Send(s.account, TakeUp{&definition.Definition{Digest: "second"}})
		began := time.Now()
		s.state(messages.Watching)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the mended version was tried after %s", took)
		}
		s.failures = 1
		if err := s.newest().Kill(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.master.Send(s.account, TakeUp{&definition.Definition{Digest: "third"}})
		testkit.Expect(s.master, digestOf("third"))
	})
}

func TestTriedVersionIsComparedAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := definition.Load(sandbox.FS)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := d.Pack()
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t)
		s.definition = &definition.Definition{Platform: "sandbox", Digest: "first", Version: 9}
		s.present, s.tried = &fakeClient{items: []string{"c1", "c2", "c3"}}, &fakeClient{items: []string{"c2", "c3", "c4"}}
		s.begin()
		testkit.Expect(s.queue, func(m *messages.Observed) bool { return m.GetRound() })
		s.state(messages.Watching)
		s.master.Send(s.account, &messages.TryDefinition{Account: "sb_1", Packed: packed})
		tried := testkit.Expect[*messages.DefinitionTried](s.master, nil)
		if tried.GetOutcome() != "ok" || tried.GetDigest() != d.Digest || tried.GetCurrentDigest() != "first" || len(tried.GetSteps()) != 1 || len(tried.GetCollections()) != 1 {
			t.Fatalf("%v", tried)
		}
		if c := tried.GetCollections()[0]; c.GetCollection() != messages.Comments || c.GetTried() != 3 || c.GetCurrent() != 3 ||
			!slices.Equal(c.GetMissing(), []string{"c1"}) || !slices.Equal(c.GetExtra(), []string{"c4"}) {
			t.Errorf("%v", c)
		}
		if ran := s.client.versions(); len(ran) == 0 || ran[len(ran)-1] != "first" {
			t.Errorf("the present version was not put back: %v", ran)
		}
		time.Sleep(time.Minute)
		for len(s.queue.Letters()) > 0 {
			if m, ok := (<-s.queue.Letters()).Message.(*messages.Observed); ok && len(m.GetItems()) > 0 && m.GetItems()[len(m.GetItems())-1].GetComment().GetId() == "c4" {
				t.Error("what was tried went to the store")
			}
		}
		s.master.Send(s.account, &messages.TryDefinition{Account: "sb_1", Packed: []byte("{}")})
		testkit.Expect(s.master, func(m *messages.Refused) bool { return m.GetCode() == "invalid" })
	})
}

func TestFailedTrialNamesItsStepAndTheAccountStaysAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := definition.Load(sandbox.FS)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := d.Pack()
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t)
		s.definition = &definition.Definition{Platform: "sandbox", Digest: "first"}
		s.present, s.tried = &fakeClient{}, &fakeClient{}
		s.tried.script(nil, &platforms.Error{Op: "collect.desk/await works", Kind: platforms.PageChanged})
		s.begin()
		s.state(messages.Watching)
		s.master.Send(s.account, &messages.TryDefinition{Account: "sb_1", Packed: packed})
		if tried := testkit.Expect[*messages.DefinitionTried](s.master, nil); tried.GetOutcome() != "page_changed" || tried.GetStep() != "collect.desk/await works" || tried.GetCurrentOutcome() != "ok" {
			t.Errorf("%v", tried)
		}
		for limit := time.After(time.Minute); limit != nil; {
			select {
			case l := <-s.master.Letters():
				if m, ok := l.Message.(*messages.AccountStatus); ok && m.GetState() != string(messages.Watching) {
					t.Fatalf("the account is %s", m.GetState())
				}
			case <-limit:
				limit = nil
			}
		}
	})
}
