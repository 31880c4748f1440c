package dataset

import (
	"fmt"
	"testing"
	"time"

	"troupe/messages"
)

const days = 24 * time.Hour

func TestAnEightDayOldCommentIsNeitherStoredNorAnnounced(t *testing.T) {
	d := past()
	old := observed(comment("c1", "w1", "很久以前", at(-8*days)))
	for range 3 { // it stays on the page
		if delta := d.Merge(old, noon); delta.Durable() || len(delta.Announce) != 0 {
			t.Fatalf("%+v", delta)
		}
	}
	if v := d.View(acc); v.Comment("c1") != nil || v.Counts.Comments != 0 {
		t.Error("it is held")
	}
}

func TestOldWorksAndConversationsAreStored(t *testing.T) {
	d := past()
	talk := &messages.Item{Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{Id: "me:fan", CreateTime: at(-99 * days)}}}
	if delta := d.Merge(observed(work("w1", "旧作"), talk), noon); len(delta.Changes) != 2 {
		t.Errorf("%+v", delta.Changes)
	}
}

func TestWhatExpiredDoesNotComeBack(t *testing.T) {
	d := past()
	o := observed(comment("c1", "w1", "一", at(0)))
	d.Merge(o, noon)
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	if delta := d.Sweep(acc, noon.Add(7*days)); delta.Durable() {
		t.Fatal("expired too early")
	}
	delta := d.Sweep(acc, noon.Add(9*days))
	if len(delta.Changes) != 1 || !delta.Changes[0].Deleted || len(delta.Expired) != 1 {
		t.Fatalf("%+v", delta)
	}
	v := d.View(acc)
	if v.Comment("c1") != nil || len(v.Topics()) != 0 || v.Last.At != 0 {
		t.Errorf("still there: %d topics, last %+v", len(v.Topics()), v.Last)
	}
	again := observed(comment("c1", "w1", "一", 0)) // even when the page does not say how old it is
	if delta := d.Merge(again, noon.Add(10*days)); delta.Durable() || len(delta.Announce) != 0 {
		t.Errorf("it came back: %+v", delta)
	}
	if delta := d.Sweep(acc, noon.Add(40*days)); len(delta.Expired) != 1 || !delta.Expired[0].Forgotten {
		t.Errorf("its name is kept for ever: %+v", delta.Expired)
	}
}

func TestUnreadNeverExpires(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "w1", "一", at(0)), direct("m1", "me:fan", "fan", at(0))), noon)
	if delta := d.Sweep(acc, noon.Add(365*days)); delta.Durable() {
		t.Errorf("%+v", delta.Changes)
	}
}

func TestWhatIsSeenAgainStays(t *testing.T) {
	d := past()
	o := observed(comment("c1", "w1", "一", at(0)))
	d.Merge(o, noon)
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	for i := range 30 {
		now := noon.Add(time.Duration(i) * days)
		d.Merge(o, now)
		if delta := d.Sweep(acc, now); len(delta.Changes) != 0 {
			t.Fatalf("expired on day %d although it was seen that day", i)
		}
	}
}

func TestOneRunExpiresAtMostAFifth(t *testing.T) {
	d := past()
	for i := range 100 {
		d.Merge(observed(comment(fmt.Sprint("c", i), "w1", "一", at(time.Duration(i)*time.Second))), noon.Add(time.Duration(i)*time.Second))
	}
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	later := noon.Add(1000 * days)
	delta := d.Sweep(acc, later)
	if len(delta.Changes) != 20 || delta.Changes[0].ID != "c0" {
		t.Fatalf("expired %d, the first %+v", len(delta.Changes), delta.Changes[0])
	}
	for range 100 {
		d.Sweep(acc, later)
	}
	if n := d.View(acc).Counts.Comments; n != 0 {
		t.Errorf("%d never expire", n)
	}
}

func TestAWorkStaysWhileItHoldsComments(t *testing.T) {
	d := past()
	d.Merge(observed(work("w1", "作品"), comment("c1", "w1", "一", at(0))), noon)
	d.Sweep(acc, noon.Add(20*days))
	if d.View(acc).Work("w1") == nil {
		t.Fatal("gone although an unread comment hangs on it")
	}
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon.Add(20*days))
	d.Sweep(acc, noon.Add(40*days))
	d.Sweep(acc, noon.Add(40*days))
	if d.View(acc).Work("w1") != nil {
		t.Fatal("an empty work that nobody saw for weeks stays")
	}
	delta := d.Merge(observed(work("w1", "作品")), noon.Add(41*days))
	if len(delta.Changes) != 1 || d.View(acc).Work("w1").IsNew {
		t.Error("a work may come back, but not as new")
	}
}

func TestSharedWordsGoWithTheirItems(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "w1", "一", at(0))), noon)
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	d.Sweep(acc, noon.Add(20*days))
	if n := len(d.accounts[acc].words); n != 0 {
		t.Errorf("%d words are left of nothing", n)
	}
}
