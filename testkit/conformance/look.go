package conformance

import (
	"slices"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/testkit/site/stage"
)

// rounds is how many rounds a first pass may take: long lists are read in pieces.
const rounds = 60

func loggedOut(r *run) {
	if _, err := r.Client.Probe(r.Context(time.Minute)); platforms.KindOf(err) != platforms.LoggedOut {
		r.t.Errorf("a probe says %v", err)
	}
}

func refusedLogin(r *run) {
	if _, err := r.enter(false); platforms.KindOf(err) != platforms.LoginRefused {
		r.t.Errorf("the login says %v", err)
	}
}

func login(r *run) {
	p, err := r.enter(true)
	r.must(err)
	if p.GetPlatformUserId() != r.site.OwnerID() || p.GetNickname() == "" {
		r.t.Errorf("the profile is %v", p)
	}
	if p, err = r.Client.Probe(r.Context(time.Minute)); err != nil || p.GetPlatformUserId() != r.site.OwnerID() {
		r.t.Errorf("a probe says %v %v", p, err)
	}
}

// enter logs in, as the owner or not.
func (r *run) enter(owner bool) (*messages.Profile, error) {
	in := make(chan platforms.Input, 10)
	return r.Client.Login(r.Context(90*time.Second), in, func(s platforms.Step) {
		for _, i := range r.site.Enter(s, owner) {
			in <- i
		}
	})
}

// round makes one round that must be well, and returns what was never seen before.
func (r *run) round() (platforms.Batch, []*messages.Item) {
	r.t.Helper()
	b, err := r.Client.Collect(r.Context(2 * time.Minute))
	r.must(err)
	return b, r.fresh(b.Items)
}

// fresh are the items that no batch held before. Their later states are not news.
func (r *run) fresh(items []*messages.Item) (list []*messages.Item) {
	for _, i := range items {
		if key, _ := i.KnownKey(); !r.seen[key] {
			r.seen[key] = true
			list = append(list, i)
		}
	}
	return list
}

// count says how many items there are of each collection.
func count(items []*messages.Item) map[string]int {
	n := make(map[string]int)
	for _, i := range items {
		collection, _, _ := i.Key()
		n[collection]++
	}
	return n
}

func firstRound(r *run) {
	reads := r.audited(stage.KindRead)
	var whole []string
	for _, l := range r.def.Collect.Looks {
		whole = append(whole, l.Whole...)
	}
	var items []*messages.Item
	for n := 0; len(whole) > 0; n++ {
		if n == rounds {
			r.t.Fatalf("%v were not seen whole in %d rounds", whole, n)
		}
		b, fresh := r.round()
		items = append(items, fresh...)
		whole = slices.DeleteFunc(whole, func(c string) bool { return slices.Contains(b.Complete, c) })
	}
	got := count(items)
	for collection, n := range r.site.Standing() {
		if got[collection] != n {
			r.t.Errorf("%d %s of %d", got[collection], collection, n)
		}
	}
	r.marked(reads, r.site.Standing()[messages.Conversations])
	r.settle()
}

// settle makes rounds until one loads no page: what the first pass saw beside its lists may ask for another look.
func (r *run) settle() {
	r.t.Helper()
	for range 3 {
		loads := r.audited(stage.KindNavigation)
		r.round()
		if r.audited(stage.KindNavigation) == loads {
			return
		}
	}
}

// marked fails the part if looking marked something as read since then: more than what is new, if the definition's looks open
// what they read, and anything at all if not.
func (r *run) marked(since, fresh int) {
	r.t.Helper()
	opens := slices.ContainsFunc(r.def.Collect.Looks, func(l definition.Look) bool {
		return slices.ContainsFunc(l.Steps, func(s definition.Step) bool { return s.Each != nil && s.Each.Reads })
	})
	if !opens {
		fresh = 0
	}
	if n := r.audited(stage.KindRead) - since; n > fresh {
		r.t.Errorf("looking marked %d things as read, %d are new", n, fresh)
	}
}

func quietRound(r *run) {
	loads, reads := r.audited(stage.KindNavigation), r.audited(stage.KindRead)
	b, fresh := r.round()
	if len(fresh) != 0 || len(b.Complete) != 0 {
		r.t.Errorf("new: %v, complete: %v", count(fresh), b.Complete)
	}
	perMinute := float64(r.audited(stage.KindNavigation)-loads) * time.Minute.Seconds() / r.def.Collect.Round.Min.Seconds()
	if perMinute > 1 {
		r.t.Errorf("%.1f pages would be loaded in a quiet minute", perMinute)
	}
	r.marked(reads, 0)
}

// news lets somebody say something of each kind. A platform with a socket hears of it at once, any other in the round after
// its page has asked.
func news(r *run) {
	reads, chats := r.audited(stage.KindRead), 0
	for _, kind := range kinds {
		if !r.Client.CanReply(kind) || kind == messages.ReplyKind_REPLY_WORK {
			continue
		}
		target := r.say(kind, "路人甲", "好看👍 "+kind.String())
		if kind == messages.ReplyKind_REPLY_MESSAGE {
			chats++
		}
		if pushed(r) {
			began := time.Now()
			if !r.Drained(5*time.Second, func(i *messages.Item) bool { r.fresh([]*messages.Item{i}); return said(i, target) }) {
				r.t.Errorf("%s was not heard of", kind)
			}
			r.t.Log(kind, "heard after", time.Since(began).Round(time.Millisecond))
			continue
		}
		if !r.found(target) {
			r.t.Errorf("%s was not found", kind)
		}
	}
	if _, fresh := r.round(); len(fresh) != 0 {
		r.t.Errorf("announced again: %v", count(fresh))
	}
	r.marked(reads, chats)
}

// found says whether a round brings what the target answers.
func (r *run) found(target *messages.ReplyTarget) bool {
	r.t.Helper()
	for range 5 {
		if _, fresh := r.round(); slices.ContainsFunc(fresh, func(i *messages.Item) bool { return said(i, target) }) {
			return true
		}
		r.pause()
	}
	return false
}

// pushed says whether the definition listens to a socket.
func pushed(r *run) bool {
	for _, l := range r.def.Listen {
		if !l.Frames.IsZero() && !l.Sent {
			return true
		}
	}
	return false
}

// said says whether an item is what the target answers, by another than the owner.
func said(i *messages.Item, target *messages.ReplyTarget) bool {
	switch target.GetKind() {
	case messages.ReplyKind_REPLY_COMMENT:
		c := i.GetComment()
		return c != nil && !c.GetIsOwn() && c.GetId() == target.GetCommentId() && c.GetWorkId() == target.GetWorkId() && c.GetContent() == target.GetText()
	case messages.ReplyKind_REPLY_DISCUSSION:
		d := i.GetDiscussion()
		return d != nil && !d.GetIsOwn() && d.GetId() == target.GetDiscussionId() && d.GetCommentId() == target.GetCommentId()
	}
	m := i.GetMessage()
	return m != nil && !m.GetIsOutbound() && m.GetConversationId() == target.GetConversationId() && m.GetContent() == target.GetText()
}

// empty is the last part: what was there is gone, and a new client looks at everything again.
func empty(r *run) {
	r.must(r.site.Clear())
	r.Renew(engine.Config{Memory: r.memory})
	_, err := r.Client.Probe(r.Context(time.Minute))
	r.must(err)
	if b, err := r.Client.Collect(r.Context(2 * time.Minute)); platforms.KindOf(err) != platforms.PageChanged {
		r.t.Errorf("a round says %v, %v", count(b.Items), err)
	}
}
