package worker

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
	"troupe/testkit"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func comment(id, text string) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Comment{Comment: &messages.Comment{Id: id, Content: text}}}
}

func observed(items ...*messages.Item) *messages.Observed {
	return &messages.Observed{Account: "dy_1", Epoch: 1, Items: items}
}

func TestOnlyWhatIsNewOrChangedIsSent(t *testing.T) {
	q := newQueue("dy_1", nil, "s")
	if !q.add(observed(comment("1", "a"), comment("2", "b")), noon) {
		t.Fatal("new items were not queued")
	}
	if q.add(observed(comment("1", "a")), noon.Add(time.Minute)) {
		t.Error("an unchanged item was queued again")
	}
	if !q.add(observed(comment("1", "A"), comment("2", "b")), noon) {
		t.Fatal("a changed item was not queued")
	}
	if last := q.waiting[len(q.waiting)-1]; len(last.GetItems()) != 1 || last.GetN() != 2 {
		t.Errorf("queued %d items as n %d, want 1 as 2", len(last.GetItems()), last.GetN())
	}
	if !q.add(observed(comment("2", "b")), noon.Add(24*time.Hour)) {
		t.Error("an item that is still shown the next day was not said again: the store would expire it")
	}
}

func TestUnacknowledgedObservationsStayInOrder(t *testing.T) {
	q := newQueue("dy_1", nil, "s")
	for _, id := range []string{"1", "2", "3"} {
		q.add(observed(comment(id, "x")), noon)
	}
	q.acked("another stream", 3)
	if len(q.waiting) != 3 {
		t.Fatal("another stream's acknowledgement was taken for ours")
	}
	if q.acked("s", 2) || len(q.waiting) != 3 {
		t.Error("the acknowledgement of one took an earlier one along, which may never have arrived")
	}
	if !q.acked("s", 1) || len(q.waiting) != 2 || q.waiting[0].GetN() != 2 || q.size != q.sizes[0]+q.sizes[1] {
		t.Errorf("%d wait, the first is %d, size %d", len(q.waiting), q.waiting[0].GetN(), q.size)
	}
}

// TestObservationWaitsForThoseBeforeIt: the way to the store may lose one and let the next through, as a link does when it is healed.
func TestObservationWaitsForThoseBeforeIt(t *testing.T) {
	h := host(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, h, 1, Room{Memory: 8 << 30, Cores: 8})
		if reason := s.assign("sb_1"); reason != "" {
			t.Fatal(reason)
		}
		for _, id := range []string{"1", "2", "3"} {
			s.master.Send(s.worker, &messages.Observed{Account: "sb_1", Epoch: 1, Items: []*messages.Item{comment(id, "x")}})
		}
		any := func(*messages.Observed) bool { return true }
		testkit.Expect(s.master, any) // and is lost
		for _, want := range []string{"1", "2", "3"} {
			m := testkit.Expect(s.master, any)
			if got := m.GetItems()[0].GetComment().GetId(); got != want {
				t.Fatalf("the store was told of %s, want %s", got, want)
			}
			s.master.Send(s.worker, &messages.Acked{Account: "sb_1", Stream: m.GetStream(), N: m.GetN()})
		}
	})
}

func TestFullQueueDropsTheOldestAndHasEverythingReadAgain(t *testing.T) {
	q := newQueue("dy_1", nil, "s")
	long := strings.Repeat("x", queueLimit/3)
	for _, id := range []string{"1", "2", "3", "4"} {
		q.add(observed(comment(id, long)), noon)
	}
	if q.size > queueLimit {
		t.Errorf("%d bytes wait, at most %d may", q.size, queueLimit)
	}
	if q.rereadDue() {
		t.Error("everything is read again while there is no room for it")
	}
	for n := uint64(1); n <= 4; n++ {
		q.acked("s", n)
	}
	if !q.rereadDue() || q.rereadDue() {
		t.Error("everything is to be read again, once")
	}
	if !q.add(observed(comment("1", long)), noon) {
		t.Error("what was dropped is not sent again when it is seen again")
	}
}

func TestQuietRoundIsToldOnceAMinute(t *testing.T) {
	q := newQueue("dy_1", nil, "s")
	quiet := &messages.Observed{Account: "dy_1", Round: true}
	if !q.add(quiet, noon) || q.add(quiet, noon.Add(30*time.Second)) || !q.add(quiet, noon.Add(61*time.Second)) {
		t.Error("a quiet round is told at once, and then once a minute")
	}
}
