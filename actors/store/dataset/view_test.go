package dataset

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"troupe/messages"
)

func TestOneVisitorOfTwoAccountsIsTwoTopics(t *testing.T) {
	d, views := New(0, 0), &Views{}
	for _, id := range []string{"dy_1", "dy_2"} {
		o := observed(direct("m-"+id, id+":fan", "fan", at(0)))
		o.Account = id
		d.Merge(o, noon)
		views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(messages.AccountID(id))}})
	}
	seen := make(map[messages.TopicID]bool)
	for _, v := range views.All() {
		for _, topic := range v.Topics() {
			seen[messages.TopicOf(v.Account, topic.Kind, topic.ID())] = true
		}
		if len(v.Topics()) != 1 || v.Unread.Messages != 1 {
			t.Errorf("%s: %d topics, unread %+v", v.Account, len(v.Topics()), v.Unread)
		}
	}
	if len(seen) != 2 {
		t.Errorf("topics on the wire: %v", seen)
	}
}

func TestTopicsAreSortedByUnreadThenTime(t *testing.T) {
	d := past()
	d.Merge(observed( // at noon: a work without comments stands at the time when it was seen
		work("empty", "无评论"),
		work("w1", "一"), comment("c1", "w1", "甲", at(0)+1), comment("c2", "w1", "乙", at(0)+2),
		work("w2", "二"), comment("c3", "w2", "丙", at(0)+3),
		direct("m1", "me:a", "a", at(0)+4),
		direct("m2", "me:b", "me", at(0)+9),
	), noon)
	if got, want := order(d.View(acc)), []string{"w1", "me:a", "w2", "me:b", "empty"}; !slices.Equal(got, want) {
		t.Errorf("topics %v, want %v", got, want)
	}
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	if got, want := order(d.View(acc)), []string{"me:a", "w2", "me:b", "w1", "empty"}; !slices.Equal(got, want) {
		t.Errorf("after reading: topics %v, want %v", got, want)
	}
}

func order(v *View) []string {
	var out []string
	for _, topic := range v.Topics() {
		out = append(out, topic.ID())
	}
	return out
}

func TestAThreadHoldsDiscussionsOldestFirst(t *testing.T) {
	d := past()
	d.Merge(observed(
		discussion("d1", "c1", "w1", "x", at(0)+3), comment("c2", "w1", "乙", at(0)+2), comment("c1", "w1", "甲", at(0)+1),
		comment("other", "w10", "别处", at(0)+1),
	), noon)
	v := d.View(acc)
	var got []string
	for _, c := range v.Thread("w1") {
		got = append(got, c.ID)
	}
	if !slices.Equal(got, []string{"c1", "c2", "d1"}) {
		t.Errorf("thread: %v", got)
	}
	if below := v.Discussions("c1"); len(below) != 1 || below[0].ID != "d1" || !below[0].Discussion() {
		t.Errorf("below the comment: %+v", below)
	}
	if topic := v.Topic(messages.WorkTopic, "w1"); topic.Count != 3 || topic.Last.At != at(0)+3 || topic.Work.Title != "" {
		t.Errorf("topic of a work that was not observed yet: %+v", topic)
	}
}

func TestAConversationIsNamedByItsMessagesUntilItIsObserved(t *testing.T) {
	d := past()
	d.Merge(observed(direct("m1", "me:fan", "fan", at(0))), noon)
	if c := d.View(acc).Topic(messages.ConversationTopic, "me:fan").Conversation; c.PeerID != "fan" {
		t.Errorf("stands in as %+v", c)
	}
	d.Merge(observed(&messages.Item{Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
		Id: "me:fan", Participant: &messages.Person{UserId: "fan", UserName: "阿芳"},
	}}}), noon)
	if c := d.View(acc).Topic(messages.ConversationTopic, "me:fan").Conversation; c.PeerName != "阿芳" {
		t.Errorf("observed as %+v", c)
	}
}

func TestAPublishedViewNeverChanges(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "w1", "旧", at(0))), noon)
	v := d.View(acc)
	for i := range 200 {
		d.Merge(observed(comment(fmt.Sprint("x", i), "w1", "多", at(0)+1), comment("c1", "w1", fmt.Sprint(i), at(0))), noon)
	}
	d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, noon)
	d.Erase(acc)
	if v.Comment("c1").Text != "旧" || v.Comment("c1").IsRead || len(v.Thread("w1")) != 1 || v.Unread.Comments != 1 || v.Topics()[0].Count != 1 {
		t.Errorf("it did: %+v, thread of %d", v.Comment("c1"), len(v.Thread("w1")))
	}
}

func TestItemsAreListedByTheirLatestChange(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "w1", "一", at(0)+5), direct("m1", "me:fan", "fan", at(0)), comment("c2", "w1", "二", at(0)+1)), noon)
	d.MarkRead(&messages.MarkRead{Account: string(acc), CommentIds: []string{"c1"}}, noon)
	v := d.View(acc)
	ids := func(collection string, f Filter) []string {
		var out []string
		for _, e := range v.Items(collection, f) {
			out = append(out, e.ID)
		}
		return out
	}
	for name, tc := range map[string]struct{ got, want []string }{
		"all":      {ids("", Filter{}), []string{"c1", "c2", "m1"}},
		"comments": {ids(messages.Comments, Filter{}), []string{"c1", "c2"}},
		"unread":   {ids("", Filter{Unread: true}), []string{"c2", "m1"}},
		"after":    {ids("", Filter{After: 3}), []string{"c1"}},
		"page":     {ids("", Filter{Before: 4, Limit: 1}), []string{"c2"}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
		}
	}
	if e, ok := v.Entry(messages.Comments, "c2"); !ok || e.CreateTime() != at(0)+1 || e.Own() || e.Item().GetComment().GetContent() != "二" {
		t.Errorf("entry: %+v", e)
	}
	if v.Item(messages.Comments, "nobody") != nil {
		t.Error("an item that is not held")
	}
}

func TestKnownIsWhatThePageWillShowAgain(t *testing.T) {
	d := past()
	item := work("w1", "作品")
	d.Merge(observed(item, comment("c1", "w1", "一", at(0))), noon)
	known := d.View(acc).Known(0)
	if known["contents/w1"] == 0 || known["comments/c1"] != comment("c1", "w1", "一", at(0)).Hash() {
		t.Errorf("known: %v", known)
	}
	if len(d.View(acc).Known(1)) != 1 {
		t.Error("no limit")
	}
}

func TestSinceResumesExactly(t *testing.T) {
	d, views := New(0, 0), &Views{}
	var want []Change
	for i := range 40 {
		o := observed(comment(fmt.Sprint("c", i), "w1", "一", at(0)))
		o.Account = fmt.Sprint("a", i%3)
		delta := d.Merge(o, noon)
		want = append(want, delta.Changes...)
		views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(delta.Account)}, Changes: delta.Changes})
	}
	var got []Change
	for more, rev := true, messages.Rev(0); more; {
		var step []Change
		step, more = views.Since(rev, 7)
		got = append(got, step...)
		rev = step[len(step)-1].Rev
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if rest, more := views.Since(views.Rev(), 7); len(rest) != 0 || more {
		t.Error("something after the end")
	}
}

func TestSinceReachesBehindTheLog(t *testing.T) {
	d, views := New(0, 0), &Views{}
	publish := func(delta *Delta) {
		views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(delta.Account)}, Changes: delta.Changes})
	}
	publish(d.Merge(observed(comment("first", "w1", "一", at(0))), noon))
	for i := range logLength + logPiece {
		publish(d.Merge(observed(comment("c", "w1", fmt.Sprint(i), at(0))), noon))
	}
	got, more := views.Since(0, 1)
	if len(got) != 1 || got[0].ID != "first" || !more {
		t.Fatalf("first page: %v %v", got, more)
	}
	got, more = views.Since(got[0].Rev, 1)
	if len(got) != 1 || got[0].ID != "c" || got[0].Rev != d.Rev() || more {
		t.Errorf("second page: %v %v", got, more)
	}
	if n := views.load().log.Len(); n > logLength+logPiece {
		t.Errorf("the log holds %d changes", n)
	}
	waiting := Summarized("later", &messages.StoredSummary{Rev: uint64(d.Rev()) + 1})
	views.Publish(Publication{Views: []*View{waiting}})
	if got, more = views.Since(0, 1); got != nil || !more || views.Loaded() {
		t.Errorf("while items are being loaded: %v %v", got, more)
	}
}

func TestAnErasedAccountLeavesNothing(t *testing.T) {
	d, views := New(0, 0), &Views{}
	delta := d.Merge(observed(comment("c1", "w1", "一", at(0))), noon)
	views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(acc)}, Changes: delta.Changes})
	delta = d.Erase(acc)
	logged := views.Logged(acc)
	views.Publish(Publication{Rev: d.Rev(), Gone: []messages.AccountID{acc}})
	if !delta.Durable() || len(logged) != 1 || views.Get(acc) != nil || d.View(acc) != nil || views.Stats().Accounts != 0 {
		t.Errorf("left: %+v %+v", delta, logged)
	}
	if changes, _ := views.Since(0, 0); len(changes) != 0 {
		t.Errorf("left in the log: %v", changes)
	}
}

func TestStatsAddUpAllAccounts(t *testing.T) {
	d, views := New(0, 0), &Views{}
	for _, id := range []string{"a", "b"} {
		o := observed(work("w1", "作品"), comment("c1", "w1", "一", at(0)), discussion("d1", "c1", "w1", "x", at(0)), direct("m1", "me:x", "x", at(0)))
		o.Account, o.Round = id, true
		d.Merge(o, noon.Add(time.Minute))
		views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(messages.AccountID(id))}})
	}
	s := views.Stats()
	if s.Accounts != 2 || s.Counts.Contents != 2 || s.Counts.Comments != 2 || s.Counts.Discussions != 2 || s.Counts.Messages != 2 ||
		s.Unread != (Unread{Comments: 4, Messages: 2}) || s.LastUpdate != at(time.Minute) {
		t.Errorf("%+v", s)
	}
	m := views.Get("a").Metadata
	if m.GetLastCrawlTime() != at(time.Minute) || m.GetCrawlCounts().GetComments() != 1 {
		t.Errorf("metadata: %v", m)
	}
}
