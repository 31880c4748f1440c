package dataset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"troupe/messages"
)

// anyItem draws one of few items, so that they meet each other often.
func anyItem(t *rapid.T) *messages.Item {
	n := rapid.IntRange(0, 5).Draw(t, "n")
	text := rapid.SampledFrom([]string{"", "甲", "乙", "丙"}).Draw(t, "text")
	author := rapid.SampledFrom([]string{"", "me", "fan", "x"}).Draw(t, "author")
	created := at(-time.Duration(rapid.IntRange(0, 72).Draw(t, "age")) * time.Hour)
	w := fmt.Sprint("w", rapid.IntRange(0, 2).Draw(t, "work"))
	var item *messages.Item
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		item = work(w, text)
	case 1:
		item = comment(fmt.Sprint("c", n), w, text, created)
		item.GetComment().AuthorId = author
	case 2:
		item = discussion(fmt.Sprint("d", n), fmt.Sprint("c", n), w, author, created)
	case 3:
		item = direct(fmt.Sprint("m", n), "me:"+cmp.Or(author, "y"), author, created)
		item.GetMessage().IsRecalled = n == 0
	default:
		item = &messages.Item{Entity: &messages.Item_Notification{Notification: &messages.Notification{Id: fmt.Sprint("n", n), Title: text, CreatedAt: created}}}
	}
	item.Source = messages.Source(rapid.IntRange(0, 4).Draw(t, "source"))
	return item
}

func anyObservation(t *rapid.T) *messages.Observed {
	o := observed(rapid.SliceOfN(rapid.Custom(anyItem), 0, 6).Draw(t, "items")...)
	o.Epoch = uint64(rapid.IntRange(1, 3).Draw(t, "epoch"))
	o.Complete = rapid.SliceOfNDistinct(rapid.SampledFrom(messages.Collections), 0, 2, rapid.ID[string]).Draw(t, "complete")
	return o
}

// TestFiguresAreWhatCountingGives compares the incremental figures with the naive algorithm, after every step.
func TestFiguresAreWhatCountingGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, now := New(0, 0), noon
		t.Repeat(map[string]func(*rapid.T){
			"observe": func(t *rapid.T) { d.Merge(anyObservation(t), now) },
			"read": func(t *rapid.T) {
				d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: fmt.Sprint("w", rapid.IntRange(0, 2).Draw(t, "work"))}, now)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
				d.Sweep(acc, now)
			},
			"": func(t *rapid.T) {
				if v := d.View(acc); v != nil {
					check(t, v)
				}
			},
		})
	})
}

// check counts everything anew.
func check(t *rapid.T, v *View) {
	var unread Unread
	var last Last
	topics := make(map[string]*Topic)
	topic := func(kind messages.TopicKind, id string) *Topic {
		key := topicKey(kind, id)
		if topics[key] == nil {
			topics[key] = &Topic{Kind: kind}
		}
		return topics[key]
	}
	seen := func(topic *Topic, l Last, unread bool) {
		topic.Count++
		if unread {
			topic.Unread++
		}
		topic.Last.At = max(topic.Last.At, l.At)
		last.At = max(last.At, l.At)
	}
	for e := range v.data.all("") {
		switch e := e.(type) {
		case *Work:
			topic(messages.WorkTopic, e.ID)
		case *Conversation:
			topic(messages.ConversationTopic, e.ID)
		case *Comment:
			if e.Unread() {
				unread.Comments++
			}
			seen(topic(messages.WorkTopic, e.WorkID), Last{At: e.CreateTime}, e.Unread())
		case *DirectMessage:
			if e.Unread() {
				unread.Messages++
			}
			seen(topic(messages.ConversationTopic, e.ConversationID), Last{At: e.CreateTime}, e.Unread())
		}
	}
	if unread != v.Unread || last.At != v.Last.At {
		t.Fatalf("unread %+v, counted %+v; last %d, found %d", v.Unread, unread, v.Last.At, last.At)
	}
	got := v.Topics()
	if len(got) != len(topics) || !slices.IsSortedFunc(got, byUrgency) {
		t.Fatalf("%d topics, counted %d", len(got), len(topics))
	}
	for _, g := range got {
		want := topics[topicKey(g.Kind, g.ID())]
		if want == nil || g.Count != want.Count || g.Unread != want.Unread || g.Last.At != want.Last.At {
			t.Fatalf("topic %s: %+v, counted %+v", g.ID(), g, want)
		}
	}
}

// TestMergingAgainChangesNothing holds for any observation, right after it and after others of its rank.
func TestMergingAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := New(0, 0)
		all := rapid.SliceOfN(rapid.Custom(anyObservation), 1, 5).Draw(t, "observations")
		for i, o := range all {
			o.Stream, o.N = "s", uint64(i+1)
			d.Merge(o, noon)
		}
		for _, o := range all {
			if delta := d.Merge(o, noon); len(delta.Changes) != 0 {
				t.Fatalf("resending changed %+v", delta.Changes)
			}
		}
	})
}

// TestOrderDoesNotMatterForWhatIsPromised shuffles observations and compares what must not depend on it.
func TestOrderDoesNotMatterForWhatIsPromised(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(anyObservation), 1, 6).Draw(t, "observations")
		want := marks(t, all)
		if diff := gocmp.Diff(want, marks(t, rapid.Permutation(all).Draw(t, "order"))); diff != "" {
			t.Fatalf("another order gives another answer:\n%s", diff)
		}
	})
}

// marks is what is held, whose it is, and whether it is read, replied and recalled.
func marks(t *rapid.T, all []*messages.Observed) map[string]string {
	d := New(0, 0)
	for _, o := range all {
		d.Merge(o, noon)
	}
	out := make(map[string]string)
	for e := range d.View(acc).data.all("") {
		said := fmt.Sprint(e.own(), e.head().IsRead)
		switch e := e.(type) {
		case *Comment:
			said += fmt.Sprint(e.Replied)
		case *DirectMessage:
			said += fmt.Sprint(e.Recalled)
		}
		out[e.collection()+"/"+e.head().ID] = said
	}
	return out
}

// TestLoadingGivesBackWhatWasWritten takes every account through its form on disk.
func TestLoadingGivesBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, now := New(0, 0), noon
		rest := make(map[string][]byte)
		var expired []Expiry
		keep := func(delta *Delta) {
			expired = append(expired, delta.Expired...)
			for _, w := range delta.Writes {
				value, err := w.Encode()
				if err != nil {
					t.Fatal(err)
				}
				rest[w.Collection+"/"+w.ID] = value
			}
		}
		for _, o := range rapid.SliceOfN(rapid.Custom(anyObservation), 1, 6).Draw(t, "observations") {
			keep(d.Merge(o, now))
			delta, _ := d.MarkRead(&messages.MarkRead{Account: string(acc), WorkId: "w1"}, now)
			keep(delta)
			now = now.Add(days)
			keep(d.Sweep(acc, now))
		}
		want := d.View(acc)
		l := NewLoading(acc, want.Stored())
		for key, value := range rest {
			collection, id, _ := strings.Cut(key, "/")
			if value == nil {
				continue
			}
			if err := l.Item(collection, id, value); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range expired {
			l.Expired(e.Hash, e.At)
		}
		if diff := Diff(want, l.View()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Diff says how two views differ in anything that can be asked of them.
func Diff(a, b *View) string {
	entries := func(v *View) (out []any) {
		for e := range v.data.all("") {
			out = append(out, e)
		}
		return out
	}
	return gocmp.Diff(entries(a), entries(b), protocmp.Transform()) + gocmp.Diff(a.Topics(), b.Topics(), protocmp.Transform()) +
		gocmp.Diff(a.Stored(), b.Stored(), protocmp.Transform())
}

func FuzzLoadingRefusesWhatIsNoItem(f *testing.F) {
	d := past()
	for _, w := range d.Merge(observed(comment("c1", "w1", "一", at(0)), work("w1", "作品"), direct("m1", "me:x", "x", at(0))), noon).Writes {
		value, err := w.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(w.Collection, w.ID, value)
	}
	f.Fuzz(func(t *testing.T, collection, id string, value []byte) {
		l := NewLoading(acc, nil)
		if err := l.Item(collection, id, value); err != nil {
			return
		}
		v := l.View()
		if v.Item(collection, id) == nil {
			t.Error("taken, and not there")
		}
		v.Topics()
	})
}

func FuzzMergingNeverPanicsAndStaysStorable(f *testing.F) {
	for _, o := range []*messages.Observed{
		observed(comment("c1", "w1", "一", at(0)), work("w1", "作品"), direct("m1", "me:x", "x", at(0))),
		observed(discussion("d1", "c1", "", "me", -5), &messages.Item{}, comment("c1", "", "", 1<<62)),
	} {
		raw, err := proto.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, raw)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := New(0, 0)
		for _, raw := range [][]byte{first, second, first} {
			var o messages.Observed
			if proto.Unmarshal(raw, &o) != nil {
				return
			}
			o.Account = string(acc)
			for _, w := range d.Merge(&o, noon).Writes {
				value, err := w.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if err := NewLoading(acc, nil).Item(w.Collection, w.ID, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		v := d.View(acc)
		for _, topic := range v.Topics() {
			if topic.Count != len(v.Thread(topic.ID())) && topic.Count != len(v.Messages(topic.ID())) {
				t.Errorf("topic %q counts %d", topic.ID(), topic.Count)
			}
		}
		d.Sweep(acc, noon.Add(100*days))
	})
}
