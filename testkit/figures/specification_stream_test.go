package figures

import (
	"fmt"
	"slices"
	"time"

	"troupe/testkit/proc"
	"troupe/testkit/site"
)

// linkCut is one time in which a worker and the master do not hear each other, or one of them the other.
type linkCut struct {
	from, to   time.Duration // of the stream
	worker     int
	deaf, mute bool            // the worker does not hear the master, or is not heard by it
	made       bool            // it was cut
	healed     bool            // and joined again
	accounts   map[string]bool // that the worker had then
}

// specCuts are short enough for the leases to last, long enough for the gates to shut, and so long that the accounts go elsewhere.
func specCuts() []*linkCut {
	return []*linkCut{
		{from: 3 * time.Second, to: 6 * time.Second, worker: 0, deaf: true, mute: true},
		{from: 9 * time.Second, to: 22 * time.Second, worker: 1, deaf: true},
		{from: 12 * time.Second, to: 20 * time.Second, worker: 0, mute: true},
		{from: 25 * time.Second, to: 55 * time.Second, worker: 2, deaf: true, mute: true},
	}
}

// specItem is one comment or message that was written at the site.
type specItem struct {
	account string
	at      time.Time // just before it was written
	cutOff  bool      // its account's worker and the master did not hear each other then, or shortly before
}

// stream writes items at the site, at a steady pace, and cuts links meanwhile.
func (s *specification) stream() {
	s.Helper()
	cuts := specCuts()
	tick := time.NewTicker(specPause)
	defer tick.Stop()
	began := time.Now()
	for n := 0; time.Since(began) < specStream; n++ {
		for _, c := range cuts {
			s.cutOrHeal(c, time.Since(began))
		}
		account := s.accounts[n%specAccounts]
		cutOff := slices.ContainsFunc(cuts, func(c *linkCut) bool {
			return c.accounts[account] && time.Since(began) < c.to+specAfter
		})
		at := time.Now()
		s.items[s.write(account, n)] = specItem{account, at, cutOff}
		<-tick.C
	}
	for _, c := range cuts {
		s.cutOrHeal(c, c.to)
	}
}

// write has a visitor write something, a comment mostly, and returns its id.
func (s *specification) write(account string, n int) string {
	s.Helper()
	owner, visitor := s.owners[account].UID, fmt.Sprint("访客", n%20)
	if n%5 == 4 {
		m, err := s.web.AddMessage(site.NewMessage{Owner: owner, Author: visitor, Text: fmt.Sprint("第", n, "条私信")})
		if err != nil {
			s.Fatal(err)
		}
		return m.ID
	}
	works := s.web.Works(owner)
	c, err := s.web.AddComment(site.NewComment{Work: works[n%len(works)].ID, Author: visitor, Text: fmt.Sprint("第", n, "条评论")})
	if err != nil {
		s.Fatal(err)
	}
	return c.ID
}

// cutOrHeal does what is due of a cut.
func (s *specification) cutOrHeal(c *linkCut, now time.Duration) {
	s.Helper()
	worker := workerName(c.worker)
	switch {
	case !c.made && now >= c.from:
		c.made, c.accounts = true, map[string]bool{}
		for _, a := range s.all() {
			if a.Node == worker {
				c.accounts[a.ID] = true
			}
		}
		if c.deaf {
			s.net.CutOneWay(proc.MasterName, worker)
		}
		if c.mute {
			s.net.CutOneWay(worker, proc.MasterName)
		}
	case c.made && !c.healed && now >= c.to:
		c.healed = true
		s.net.Heal(proc.MasterName, worker)
	}
}

// awaitAll waits until every item came to every agent, or will not come any more.
func (s *specification) awaitAll() {
	for deadline := time.Now().Add(specPatience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if !slices.ContainsFunc(s.agents, func(a *agent) bool { return a.had() < len(s.items) }) {
			break
		}
	}
	time.Sleep(specCalm)
}
