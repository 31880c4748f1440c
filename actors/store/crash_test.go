package store

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

// story is what a worker knows over many crashes of the store: what it sent, and what was acknowledged.
type story struct {
	t     *testing.T
	rng   *rand.Rand
	clock *clock
	sent  []*messages.Observed // in order; the n-th has the number n+1
	acked int                  // so many of them, from the first
	read  map[string]bool      // comments whose read mark was acknowledged
}

// TestACrashAtAnyPointLosesNothingThatWasAcknowledged crashes the store again and again, each time on what the crash
// before left of the disk: unsynced blocks are lost, kept, or partly kept. Every 20 crashes it begins anew.
func TestACrashAtAnyPointLosesNothingThatWasAcknowledged(t *testing.T) {
	points, chapter := testkit.Runs(t, 200, 1000), 20
	observations, unacked := 0, 0
	for seed := range points / chapter {
		s := &story{t: t, rng: rand.New(rand.NewPCG(20260301, uint64(seed))), clock: &clock{now: noon}, read: make(map[string]bool)}
		unacked += s.tell(chapter)
		observations += len(s.sent)
	}
	t.Logf("%d observations, %d crashes; %d times the disk held more than was acknowledged", observations, points, unacked)
}

// tell goes through some crashes and a good end. It returns how often the disk held more than was acknowledged.
func (s *story) tell(crashes int) (more int) {
	fs := vfs.NewCrashableMem()
	for range crashes {
		n := start(s.t, fs, s.clock)
		n.loaded()
		more += s.verify(n)
		fs = s.run(n, fs)
		n.stop()
	}
	n := start(s.t, fs, s.clock)
	defer n.stop()
	n.loaded()
	s.verify(n)
	for _, o := range s.sent[s.acked:] {
		ask[*messages.Acked](n, o)
	}
	s.acked = len(s.sent)
	s.verify(n)
	s.eachOnce(n)
	return more
}

// run resends what is not acknowledged, sends more, and takes the disk as a crash at some moment would leave it.
func (s *story) run(n *node, fs *vfs.MemFS) *vfs.MemFS {
	l := n.listen()
	for _, o := range s.sent[s.acked:] {
		n.send(l, o)
	}
	for range 1 + s.rng.IntN(12) {
		s.sent = append(s.sent, s.observation())
		n.send(l, s.sent[len(s.sent)-1])
	}
	for range s.rng.IntN(len(s.sent) - s.acked + 1) {
		s.acked = max(s.acked, int(next[*messages.Acked](s.t, l).GetN()))
	}
	if s.acked > 0 && s.rng.IntN(3) == 0 {
		o := s.sent[s.rng.IntN(s.acked)]
		id := o.GetItems()[0].GetComment().GetId()
		ask[*messages.MarkedRead](n, &messages.MarkRead{Account: string(acc), CommentIds: []string{id}})
		s.read[id] = true
	}
	lost := []int{0, 50, 100}[s.rng.IntN(3)]
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: lost, RNG: s.rng})
}

// observation is a batch of one to five comments.
func (s *story) observation() *messages.Observed {
	n := len(s.sent) + 1
	var items []*messages.Item
	for i := range 1 + s.rng.IntN(5) {
		items = append(items, comment(fmt.Sprintf("c%d.%d", n, i), fmt.Sprint("w", n%7), "一", noon))
	}
	o := observed(acc, uint64(n), items...)
	if n == 1 {
		o.Complete = messages.Collections
	}
	return o
}

// verify compares what the store came back with to what it acknowledged. It says by one whether there was more.
func (s *story) verify(n *node) (more int) {
	s.t.Helper()
	v := n.views.Get(acc)
	if v == nil {
		if s.acked > 0 {
			s.t.Errorf("the account is gone, with %d acknowledged observations", s.acked)
		}
		return 0
	}
	held := 0
	for i, o := range s.sent {
		have := 0
		for _, item := range o.GetItems() {
			if v.Comment(item.GetComment().GetId()) != nil {
				have++
			}
		}
		held += have
		switch whole := len(o.GetItems()); {
		case i < s.acked && have < whole:
			s.t.Errorf("observation %d was acknowledged, and %d of its %d items are lost", i+1, whole-have, whole)
		case have != 0 && have != whole:
			s.t.Errorf("observation %d is torn: %d of %d items", i+1, have, whole)
		case i >= s.acked && have == whole:
			more = 1
		}
	}
	for id := range s.read {
		if c := v.Comment(id); c != nil && !c.IsRead {
			s.t.Errorf("the read mark of %s is lost", id)
		}
	}
	if len(v.Items("", dataset.Filter{})) != held || int(v.Counts.GetComments()) != held {
		s.t.Errorf("%d items are held, %d were observed", len(v.Items("", dataset.Filter{})), held)
	}
	return more
}

// eachOnce reads the change log as a client would: every item is new once, and its Rev belongs to it alone.
func (s *story) eachOnce(n *node) {
	s.t.Helper()
	changes, more := n.views.Since(0, 0)
	if more {
		s.t.Fatal("the log is cut")
	}
	born, revs := make(map[string]int), make(map[messages.Rev]bool)
	for _, c := range changes {
		if revs[c.Rev] {
			s.t.Errorf("rev %d stands for two changes", c.Rev)
		}
		revs[c.Rev] = true
		if c.New {
			born[c.ID]++
		}
	}
	for _, o := range s.sent {
		for _, item := range o.GetItems() {
			if id := item.GetComment().GetId(); born[id] != 1 {
				s.t.Errorf("%s was new %d times", id, born[id])
			}
		}
	}
}
