package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

func TestAnAnswerComesAfterTheSync(t *testing.T) {
	fs, c := vfs.NewCrashableMem(), &clock{now: noon}
	n := start(t, fs, c)
	defer n.stop()
	ask[*messages.Acked](n, baseline(acc))
	ack := ask[*messages.Acked](n, observed(acc, 1, comment("c1", "w1", "好看", noon)))
	if ack.GetAccount() != string(acc) || ack.GetStream() != "s" || ack.GetN() != 1 || ack.GetRev() == 0 {
		t.Errorf("acknowledged %v", ack)
	}
	if n.views.Get(acc).Comment("c1") == nil || n.views.Rev() != messages.Rev(ack.GetRev()) {
		t.Error("acknowledged before it was published")
	}
	read := ask[*messages.MarkedRead](n, &messages.MarkRead{Account: string(acc), WorkId: "w1"})
	appended := ask[*messages.Appended](n, &messages.Append{Puts: []*messages.Put{{Table: "replies", Key: "r1", Value: []byte("x")}}})
	if read.GetCount() != 1 || appended.GetRev() <= read.GetRev() {
		t.Errorf("read %v, appended %v", read, appended)
	}

	after := start(t, fs.CrashClone(vfs.CrashCloneCfg{}), c) // only what was synced is left
	defer after.stop()
	after.loaded()
	held := after.views.Get(acc)
	if e := held.Comment("c1"); e == nil || !e.IsRead || !e.IsNew || held.Unread.Total() != 0 {
		t.Errorf("after a crash: %+v", e)
	}
	records := ask[*messages.ControlLoaded](after, &messages.LoadControl{}).GetRecords()
	want := []*messages.Put{{Table: "replies", Key: "r1", Value: []byte("x")}}
	if diff := cmp.Diff(want, records, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	again := ask[*messages.Acked](after, observed(acc, 1, comment("c1", "w1", "好看", noon)))
	if again.GetRev() != uint64(after.views.Rev()) || !after.views.Get(acc).Comment("c1").IsRead {
		t.Error("resending after a crash changed something")
	}
	if next := ask[*messages.Appended](after, &messages.Append{}); next.GetRev() <= appended.GetRev() {
		t.Errorf("rev %d was given twice", next.GetRev())
	}
}

func TestSubscribersHearEveryChangeInOrder(t *testing.T) {
	n := start(t, vfs.NewMem(), &clock{now: noon})
	defer n.stop()
	ask[*messages.Acked](n, baseline(acc))
	l := n.listen()
	n.send(l, board.Subscribe{})
	if now := next[*dataset.Published](t, l); now.View.Account != acc || len(now.Changes) != 0 {
		t.Errorf("the present state: %+v", now)
	}
	const observations = 300
	for i := range observations {
		o := observed(acc, uint64(i+1), comment(fmt.Sprint("c", i), "w1", "一", noon))
		o.TraceId, o.PageAt = fmt.Sprint("t", i), int64(i)
		n.send(l, o)
	}
	var last messages.Rev
	for i := range observations {
		p := next[*dataset.Published](t, l)
		if len(p.Changes) != 1 || p.Changes[0].Rev <= last || len(p.Announce) != 1 || p.Trace != messages.TraceID(fmt.Sprint("t", i)) || p.PageAt != int64(i) {
			t.Fatalf("news %d: %+v", i, p)
		}
		if last = p.Changes[0].Rev; p.View.Rev < last || p.View.Comment(p.Changes[0].ID) == nil {
			t.Fatalf("news %d is ahead of its view", i)
		}
	}
	n.send(l, observed(acc, 1, comment("c1", "w1", "一", noon)))
	n.send(l, observed(acc, observations+1, comment("end", "w1", "一", noon)))
	if p := next[*dataset.Published](t, l); p.Changes[0].ID != "end" {
		t.Errorf("an observation that changed nothing was told: %+v", p)
	}
}

func TestAcksComeInOrder(t *testing.T) {
	n := start(t, vfs.NewMem(), &clock{now: noon})
	defer n.stop()
	l := n.listen()
	for i := range uint64(200) { // also before the folder is open
		n.send(l, observed(acc, i+1, comment(fmt.Sprint("c", i), "w1", "一", noon)))
	}
	for i := range uint64(200) {
		if ack := next[*messages.Acked](t, l); ack.GetN() != i+1 {
			t.Fatalf("ack %d is of %d", i+1, ack.GetN())
		}
	}
	if got := n.views.Get(acc).Counts.GetComments(); got != 200 {
		t.Errorf("%d comments are held", got)
	}
}

func TestACommandWaitsForItsAccountAndKeepsItsPlace(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	first := start(t, fs, c)
	for i := range 50 {
		ask[*messages.Acked](first, observed(messages.AccountID(fmt.Sprint("a", i)), 1, comment("c1", "w1", "一", noon)))
	}
	first.stop()

	n := start(t, fs, c)
	defer n.stop()
	l := n.listen()
	n.send(l, board.Subscribe{})
	n.send(l, Load{"a49"})
	for i := range 50 { // at once, before anything is loaded
		id := messages.AccountID(fmt.Sprint("a", i))
		n.send(l, &messages.MarkRead{Account: string(id), WorkId: "w1"})
		n.send(l, observed(id, 2, comment("c2", "w1", "二", noon)))
	}
	for range 50 {
		if m := next[*messages.MarkedRead](t, l); m.GetCount() != 1 {
			t.Fatalf("marked %d: an account was not loaded, or commands changed places", m.GetCount())
		}
	}
	until(t, "the last comment is published", func() bool {
		s := n.views.Stats()
		return s.Counts.GetComments() == 100 && s.Unread.Comments == 50
	})
}

func TestSummariesAreThereBeforeItems(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	first := start(t, fs, c)
	ask[*messages.Acked](first, observed(acc, 1, comment("c1", "w1", "好看", noon)))
	first.stop()
	n := start(t, fs, c)
	defer n.stop()
	l := n.listen()
	n.send(l, board.Subscribe{})
	p := next[*dataset.Published](t, l)
	if v := p.View; v.Unread.Comments != 1 || v.Counts.GetComments() != 1 || v.Last.Text != "好看" {
		t.Errorf("first view: %+v", v.Summary.Last)
	}
	if !p.View.Loaded { // the items may have been quicker than the subscription
		if len(p.View.Topics()) != 0 {
			t.Error("a view without its items lists topics")
		}
		p = next[*dataset.Published](t, l)
	}
	if !p.View.Loaded || p.View.Comment("c1") == nil {
		t.Error("the view has no items in the end")
	}
}

func TestErasingLeavesNothingAndTakesNothingLate(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	n := start(t, fs, c)
	late := observed(acc, 2, comment("c2", "w1", "迟到", noon))
	late.SeenAt = noon.UnixMilli()
	ask[*messages.Acked](n, observed(acc, 1, comment("c1", "w1", "一", noon)))
	ask[*messages.Acked](n, observed("dy_2", 1, comment("c1", "w1", "一", noon)))
	c.move(time.Second)
	if m := ask[*messages.AccountErased](n, &messages.EraseAccount{Account: string(acc)}); m.GetAccount() != string(acc) {
		t.Errorf("erased %v", m)
	}
	ask[*messages.Acked](n, late)
	check := func(n *node) {
		t.Helper()
		if n.views.Get(acc) != nil || n.views.Get("dy_2").Comment("c1") == nil {
			t.Error("the wrong things are left")
		}
		changes, _ := n.views.Since(0, 0)
		for _, ch := range changes {
			if ch.Account == acc {
				t.Errorf("left in the log: %+v", ch)
			}
		}
	}
	check(n)
	n.stop()
	n = start(t, fs, c)
	defer n.stop()
	n.loaded()
	check(n)
	again := observed(acc, 1, comment("c1", "w1", "一", noon)) // made anew under the same id
	again.SeenAt = noon.Add(time.Minute).UnixMilli()
	ask[*messages.Acked](n, again)
	if n.views.Get(acc).Comment("c1") == nil {
		t.Error("an account with the id of an erased one stays empty")
	}
}

func TestWhatExpiredStaysAwayAfterARestart(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	n := start(t, fs, c)
	o := observed(acc, 1, comment("c1", "w1", "一", noon))
	ask[*messages.Acked](n, baseline(acc))
	ask[*messages.Acked](n, o)
	ask[*messages.MarkedRead](n, &messages.MarkRead{Account: string(acc), WorkId: "w1"})
	c.move(9 * 24 * time.Hour)
	sys.Root.Send(n.pid, sweep{})
	until(t, "the comment expired", func() bool { return n.views.Get(acc).Comment("c1") == nil })
	n.stop()

	n = start(t, fs, c)
	defer n.stop()
	n.loaded()
	l := n.listen()
	n.send(l, board.Subscribe{})
	next[*dataset.Published](t, l)
	o.Stream = "another"
	o.GetItems()[0].GetComment().CreateTime = 0
	n.send(l, o)
	n.send(l, observed(acc, 9, comment("c2", "w1", "二", c.Now())))
	if p := next[*dataset.Published](t, l); len(p.Announce) != 1 || p.Announce[0].ID != "c2" {
		t.Errorf("what expired was announced again: %+v", p.Announce)
	}
	if n.views.Get(acc).Comment("c1") != nil {
		t.Error("what expired came back")
	}
}

func TestKnownItemsAreThoseOnDisk(t *testing.T) {
	n := start(t, vfs.NewMem(), &clock{now: noon})
	defer n.stop()
	item := comment("c1", "w1", "一", noon)
	ask[*messages.Acked](n, observed(acc, 1, item, comment("c2", "w1", "二", noon)))
	known := ask[*messages.ItemsKnown](n, &messages.KnownItems{Account: string(acc), Limit: 4000}).GetKnown()
	if len(known) != 2 || known["comments/c1"] != item.Hash() {
		t.Errorf("known: %v", known)
	}
	if none := ask[*messages.ItemsKnown](n, &messages.KnownItems{Account: "nobody"}); len(none.GetKnown()) != 0 {
		t.Errorf("known of nobody: %v", none)
	}
}

func TestAnObservationOfNobodyIsRefused(t *testing.T) {
	n := start(t, vfs.NewMem(), &clock{now: noon})
	defer n.stop()
	if r := ask[*messages.Refused](n, observed("../etc", 1)); r.GetCode() != "invalid" {
		t.Errorf("%v", r)
	}
	if m := ask[*messages.MarkedRead](n, &messages.MarkRead{Account: "nobody", WorkId: "w1"}); m.GetCount() != 0 || len(n.views.All()) != 0 {
		t.Error("marking made an account")
	}
}

func TestRoundTimesOutliveACleanStop(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	n := start(t, fs, c)
	o := observed(acc, 1)
	o.Round = true
	ask[*messages.Acked](n, o)
	n.stop()
	n = start(t, fs, c)
	defer n.stop()
	n.loaded()
	if m := n.views.Get(acc).Metadata; m.GetLastCrawlTime() != noon.UnixMilli() {
		t.Errorf("metadata: %v", m)
	}
}

func TestAFolderThatCannotBeOpenedEndsTheStore(t *testing.T) {
	fs, c := vfs.NewMem(), &clock{now: noon}
	n := start(t, fs, c)
	n.loaded()
	second := start(t, fs, c)
	select {
	case reason := <-second.died:
		if err, ok := reason.(error); !ok || err.Error() == "" {
			t.Errorf("died of %v", reason)
		}
	case <-time.After(patience):
		t.Error("two stores have one folder open")
	}
	second.stop()
	n.stop()
}
