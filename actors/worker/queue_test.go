package worker

import (
	"strings"
	"testing"
	"time"

	"troupe/messages"
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
	q.acked("s", 2)
	if len(q.waiting) != 1 || q.waiting[0].GetN() != 3 || q.size != q.sizes[0] {
		t.Errorf("%d wait, the first is %d, size %d", len(q.waiting), q.waiting[0].GetN(), q.size)
	}
}

func TestFullQueueDropsTheOldestAndSaysSo(t *testing.T) {
	q := newQueue("dy_1", nil, "s")
	long := strings.Repeat("x", queueLimit/3)
	for _, id := range []string{"1", "2", "3", "4"} {
		q.add(observed(comment(id, long)), noon)
	}
	if q.size > queueLimit {
		t.Errorf("%d bytes wait, at most %d may", q.size, queueLimit)
	}
	q.add(observed(comment("5", "y")), noon)
	if last := q.waiting[len(q.waiting)-1]; !last.GetCompleteRereadDue() {
		t.Error("the drop was not told")
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
