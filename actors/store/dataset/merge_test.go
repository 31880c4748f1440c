package dataset

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"troupe/messages"
)

const acc = messages.AccountID("dy_1")

// noon is when the tests begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a time so long after noon, in ms.
func at(d time.Duration) int64 { return noon.Add(d).UnixMilli() }

func comment(id, work, text string, created int64) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Comment{Comment: &messages.Comment{
		Id: id, WorkId: work, Content: text, AuthorId: "fan", AuthorName: "阿芳", CreateTime: created,
	}}}
}

func discussion(id, root, work, author string, created int64) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
		Id: id, CommentId: root, WorkId: work, Content: "回复", AuthorId: author, CreateTime: created,
	}}}
}

func direct(id, conversation, sender string, created int64) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Message{Message: &messages.DirectMessage{
		Id: id, ConversationId: conversation, Content: "你好", Sender: &messages.Person{UserId: sender, UserName: sender}, CreateTime: created,
	}}}
}

func work(id, title string) *messages.Item {
	return &messages.Item{Source: messages.Source_SOURCE_LIST, Entity: &messages.Item_Content{Content: &messages.Content{
		Id: id, Title: title, PublishTime: at(-100 * 24 * time.Hour),
	}}}
}

func observed(items ...*messages.Item) *messages.Observed {
	return &messages.Observed{Account: string(acc), Epoch: 1, Items: items, Owner: "me"}
}

// past returns a dataset whose account is past its baseline.
func past() *Dataset {
	d := New(0, 0)
	d.Merge(&messages.Observed{Account: string(acc), Epoch: 1, Complete: messages.Collections}, noon)
	return d
}

func TestAnItemIsNewAndAnnouncedOnce(t *testing.T) {
	d := past()
	o := observed(comment("c1", "w1", "好看", at(0)))
	o.TraceId, o.PageAt = "trace", 7
	first := d.Merge(o, noon)
	if len(first.Changes) != 1 || len(first.Announce) != 1 || !first.Changes[0].New || first.Trace != "trace" || first.PageAt != 7 {
		t.Fatalf("first sight: %+v", first)
	}
	again := d.Merge(o, noon.Add(time.Hour))
	if again.Durable() || len(again.Changes) != 0 || len(again.Announce) != 0 {
		t.Fatalf("merging the same again changed something: %+v", again)
	}
	c := d.View(acc).Comment("c1")
	if !c.IsNew || c.IsRead || c.DetectedAt != at(0) || c.Trace != "trace" {
		t.Errorf("held as %+v", c)
	}
}

func TestBaselineIsStoredAndNotAnnounced(t *testing.T) {
	d := New(0, 0)
	o := observed(comment("c1", "w1", "一", at(-time.Minute)), comment("c2", "w1", "二", at(-time.Minute)))
	o.Complete = []string{messages.Comments}
	delta := d.Merge(o, noon)
	if len(delta.Changes) != 2 || len(delta.Announce) != 0 {
		t.Fatalf("baseline: %d changes, %d announced", len(delta.Changes), len(delta.Announce))
	}
	v := d.View(acc)
	if v.Unread.Comments != 2 || v.Comment("c1").IsNew {
		t.Errorf("baseline items: unread %d, new %v", v.Unread.Comments, v.Comment("c1").IsNew)
	}
	delta = d.Merge(observed(comment("c3", "w1", "三", at(0)), direct("m1", "me:fan", "fan", at(0))), noon)
	if len(delta.Announce) != 1 || delta.Announce[0].ID != "c3" {
		t.Errorf("only the collection whose baseline is over is announced, got %+v", delta.Announce)
	}
}

func TestOwnItemsAreReadAndNeverNew(t *testing.T) {
	d := past()
	delta := d.Merge(observed(
		comment("c1", "w1", "问", at(0)),
		discussion("d1", "c1", "w1", "me", at(0)+1),
		direct("m1", "me:fan", "me", at(0)),
	), noon)
	if len(delta.Announce) != 1 || delta.Announce[0].ID != "c1" {
		t.Errorf("announced: %+v", delta.Announce)
	}
	v := d.View(acc)
	if v.Unread != (Unread{Comments: 1}) {
		t.Errorf("unread: %+v", v.Unread)
	}
	if own := v.Comment("d1"); !own.Own || !own.IsRead || own.IsNew {
		t.Errorf("own discussion: %+v", own)
	}
	if m := v.Message("m1"); !m.Outbound || !m.IsRead {
		t.Errorf("own message: %+v", m)
	}
}

func TestAnOwnDiscussionMarksItsCommentReplied(t *testing.T) {
	root, own := comment("c1", "w1", "问", at(0)), discussion("d1", "c1", "w1", "me", at(0)+1)
	for name, order := range map[string][]*messages.Item{"comment first": {root, own}, "answer first": {own, root}} {
		t.Run(name, func(t *testing.T) {
			d := past()
			for _, item := range order {
				d.Merge(observed(item), noon)
			}
			if !d.View(acc).Comment("c1").Replied {
				t.Error("not marked as replied")
			}
		})
	}
}

func TestAbsentNeverOverwrites(t *testing.T) {
	d := past()
	rich := comment("c1", "w1", "好看", at(0))
	rich.GetComment().LikeCount = proto.Int64(12)
	d.Merge(observed(rich), noon)
	poor := comment("c1", "", "", 0)
	poor.GetComment().AuthorName = ""
	if delta := d.Merge(observed(poor), noon); len(delta.Changes) != 0 {
		t.Fatalf("an empty observation changed %+v", delta.Changes)
	}
	c := d.View(acc).Comment("c1")
	if c.Text != "好看" || c.WorkID != "w1" || c.Likes != (Count{12, true}) || c.CreateTime != at(0) {
		t.Errorf("held as %+v", c)
	}
}

func TestWeakerObservationsFillAndNeverOverwrite(t *testing.T) {
	list, dom := messages.Source_SOURCE_LIST, messages.Source_SOURCE_DOM
	cases := map[string]struct {
		source messages.Source
		epoch  uint64
		want   string
	}{
		"same rank replaces":        {list, 5, "new"},
		"newer epoch replaces":      {list, 6, "new"},
		"older epoch only fills":    {list, 4, "old"},
		"weaker source only fills":  {dom, 5, "old"},
		"newer but weaker fills":    {dom, 6, "old"},
		"older and weaker fills":    {dom, 4, "old"},
		"epoch of a later restore":  {list, 1 << 32, "new"},
		"an unknown source is weak": {messages.Source_SOURCE_UNKNOWN, 6, "old"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := past()
			o := observed(comment("c1", "w1", "old", at(0)))
			o.Epoch = 5
			d.Merge(o, noon)
			in := comment("c1", "w1", "new", at(0))
			in.Source = tc.source
			in.GetComment().AuthorAvatar = "https://a/1.png"
			o = observed(in)
			o.Epoch = tc.epoch
			d.Merge(o, noon)
			c := d.View(acc).Comment("c1")
			if c.Text != tc.want || c.AuthorAvatar == "" {
				t.Errorf("text %q (want %q), gap filled: %v", c.Text, tc.want, c.AuthorAvatar != "")
			}
		})
	}
}

func TestALateObservationOfItsStreamOverwritesNothing(t *testing.T) {
	d := past()
	send := func(n uint64, text string, more ...*messages.Item) {
		o := observed(append(more, comment("c1", "w1", text, at(0)))...)
		o.Stream, o.N = "s", n
		d.Merge(o, noon)
	}
	send(1, "一")
	send(3, "三")
	send(2, "二", comment("c2", "w1", "也来", at(0)))
	v := d.View(acc)
	if v.Comment("c1").Text != "三" {
		t.Errorf("an earlier observation overwrote a later one: %q", v.Comment("c1").Text)
	}
	if v.Comment("c2") == nil {
		t.Error("what the late observation brought is missing")
	}
}

func TestReadMarksSurviveEveryObservation(t *testing.T) {
	d := past()
	o := observed(comment("c1", "w1", "一", at(0)), direct("m1", "me:fan", "fan", at(0)))
	d.Merge(o, noon)
	delta, n := d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1", MessageIds: []string{"m1"}}, noon)
	if n != 2 || len(delta.Changes) != 2 {
		t.Fatalf("marked %d", n)
	}
	if delta, n = d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1", MessageIds: []string{"m1"}}, noon); n != 0 || delta.Durable() {
		t.Error("marking again changed something")
	}
	o.Epoch = 9
	o.GetItems()[0].GetComment().Content = "改了"
	d.Merge(o, noon)
	v := d.View(acc)
	if !v.Comment("c1").IsRead || v.Comment("c1").Text != "改了" || v.Unread.Total() != 0 {
		t.Errorf("after a new observation: %+v, unread %+v", v.Comment("c1"), v.Unread)
	}
	d.Merge(observed(comment("c2", "w1", "又一", at(0)+1)), noon)
	if d.View(acc).Unread.Comments != 1 {
		t.Error("what comes after a mark is unread")
	}
}

func TestMarkingAnItemNamedTwiceCountsOnce(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "w1", "一", at(0)), discussion("d1", "c1", "w1", "fan", at(0))), noon)
	_, n := d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1", CommentIds: []string{"c1", "d1", "c1", "nobody"}}, noon)
	if n != 2 {
		t.Errorf("counted %d", n)
	}
}

func TestRecallIsFlaggedAndStays(t *testing.T) {
	d := past()
	d.Merge(observed(direct("m1", "me:fan", "fan", at(0))), noon)
	gone := direct("m1", "me:fan", "fan", at(0))
	gone.GetMessage().IsRecalled = true
	d.Merge(observed(gone), noon)
	d.Merge(observed(direct("m1", "me:fan", "fan", at(0))), noon)
	if m := d.View(acc).Message("m1"); !m.Recalled || m.Text == "" {
		t.Errorf("held as %+v", m)
	}
}

func TestSystemNoticesAreStoredAndNotAnnounced(t *testing.T) {
	d := past()
	notice := &messages.Item{Entity: &messages.Item_Notification{Notification: &messages.Notification{Id: "n1", Type: "system", CreatedAt: at(0)}}}
	if delta := d.Merge(observed(notice), noon); len(delta.Changes) != 1 || len(delta.Announce) != 0 {
		t.Errorf("%+v", delta)
	}
}

func TestStatisticsMergeFieldByField(t *testing.T) {
	d := past()
	w := work("w1", "作品")
	w.GetContent().Statistics = &messages.Statistics{ViewCount: proto.Int64(5), LikeRate: proto.Float64(0.5)}
	d.Merge(observed(w), noon)
	before := d.View(acc)
	w = work("w1", "作品")
	w.GetContent().Statistics = &messages.Statistics{ViewCount: proto.Int64(6)}
	d.Merge(observed(w), noon)
	want := &messages.Statistics{ViewCount: proto.Int64(6), LikeRate: proto.Float64(0.5)}
	if diff := cmp.Diff(want, d.View(acc).Work("w1").Statistics, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if before.Work("w1").Statistics.GetViewCount() != 5 {
		t.Error("a published view changed")
	}
}

func TestItemsThatCannotBePlacedAreLeftOut(t *testing.T) {
	d := past()
	delta := d.Merge(observed(comment("", "w1", "无", at(0)), discussion("d1", "", "w1", "fan", at(0)), &messages.Item{}, nil), noon)
	if len(delta.Changes) != 0 {
		t.Errorf("%+v", delta.Changes)
	}
}

func TestACommentWithoutItsWorkIsHeldAndCountedOnceItIsKnown(t *testing.T) {
	d := past()
	d.Merge(observed(comment("c1", "", "哪里", at(0))), noon)
	if v := d.View(acc); v.Comment("c1") == nil || v.Unread.Total() != 0 || len(v.Topics()) != 0 {
		t.Errorf("unplaced: unread %+v, %d topics", v.Unread, len(v.Topics()))
	}
	d.Merge(observed(comment("c1", "w1", "哪里", at(0))), noon)
	if v := d.View(acc); v.Unread.Comments != 1 || v.Topic(messages.WorkTopic, "w1").Count != 1 {
		t.Errorf("placed: unread %+v", v.Unread)
	}
}

func TestTextThatIsNotUTF8IsStorable(t *testing.T) {
	d := past()
	delta := d.Merge(observed(comment("c\xff", "w1", "a\xffb", at(0))), noon)
	for _, w := range delta.Writes {
		if _, err := w.Encode(); err != nil {
			t.Error(err)
		}
	}
	if len(delta.Writes) != 1 {
		t.Errorf("%d writes", len(delta.Writes))
	}
}

func TestATimelessItemGetsTheTimeOfItsDetection(t *testing.T) {
	d := past()
	o := observed(comment("c1", "w1", "何时", 0))
	d.Merge(o, noon)
	d.Merge(o, noon.Add(time.Hour))
	if c := d.View(acc).Comment("c1"); c.CreateTime != at(0) {
		t.Errorf("created %d, want %d", c.CreateTime, at(0))
	}
}
