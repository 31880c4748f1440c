package suite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

// gapLimit is the longest that an account may go without a look, whatever the pages of others do.
const gapLimit = 45 * time.Second

// TestPageThatMisbehavesEndsInANamedStateAndDisturbsNobody has the page of one account loop for ever, and that of another open windows and
// download files, while a third account of the node looks on. (In full: dialogs without end and answers of 100 MB, too.)
func TestPageThatMisbehavesEndsInANamedStateAndDisturbsNobody(t *testing.T) {
	s := newStage(t)
	looping, busy, quiet := s.watched("甲"), s.watched("乙"), s.watched("丙")
	since := time.Now()
	s.misbehaves(looping, "loop")
	for _, harmless := range []string{"popups", "downloads"} {
		s.misbehaves(busy, harmless)
		s.round(busy)
	}
	s.namesItsTrouble(looping)
	if testkit.Full {
		s.misbehaves(busy, "flood")
		s.recovers(looping)
		s.misbehaves(looping, "alerts")
		s.namesItsTrouble(looping)
		s.namesItsTrouble(busy)
		s.recovers(busy)
	}
	s.noGap(quiet, since, gapLimit)
	s.recovers(looping)
	s.noGap(quiet, since, gapLimit)
}

// misbehaves has an account's pages do mischief, and the account look at them.
func (s *stage) misbehaves(account, mischief string) {
	s.t.Helper()
	if err := s.site.Misbehave(s.owners[account], mischief); err != nil {
		s.t.Fatal(err)
	}
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
}

// recovers ends an account's mischief and a person's word brings it back.
func (s *stage) recovers(account string) {
	s.t.Helper()
	if err := s.site.Misbehave(s.owners[account], ""); err != nil {
		s.t.Fatal(err)
	}
	s.must("POST", "/accounts/"+account+"/resume", nil, nil)
	s.awaitState(account, "watching", 60*time.Second)
	c := s.comment(account, "又好了")
	s.eventually("the next comment is stored", 60*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
}

// namesItsTrouble waits until an account says what is wrong with it, and has a person told.
func (s *stage) namesItsTrouble(account string) {
	s.t.Helper()
	named := []string{string(messages.PageChanged), string(messages.Parked)}
	s.eventually("the trouble is named", 60*time.Second, func() bool {
		a := s.account(account)
		return slices.Contains(named, a.State) && a.Reason != "" && len(a.Alarms) > 0
	})
	a := s.account(account)
	s.t.Logf("%s: %s", a.State, strings.TrimSpace(a.Reason))
}
