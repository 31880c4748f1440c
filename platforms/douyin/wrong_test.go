package douyin_test

import (
	"strconv"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit/rig"
	site "troupe/testkit/site/douyin"
)

// TestNoReplyReachesTheWrongPerson makes the page change under the hand between look and click, in every way the look-alike
// knows: namesakes, people without a name, renamed ones, lists that turn around, rows whose nodes are used for another, a header
// that suddenly bears another name.
func TestNoReplyReachesTheWrongPerson(t *testing.T) {
	t.Parallel()
	s := newStand(t, site.NewOwner{Nickname: "小厨"}, func(c *rig.Config) { c.Account = "dy_2" })
	s.logIn()
	work := s.site.Works(s.owner.UID)[0]
	var comments []site.Comment
	for range 6 { // alike in every word
		comments = append(comments, s.comment(site.NewComment{Work: work.ID, NewName: "小明", Text: "好看", Silent: true}))
	}
	comments = append(comments, s.comment(site.NewComment{Work: work.ID, NoName: true, Text: "好看", Silent: true}))
	var people []site.Message
	for range 6 {
		people = append(people, s.message(site.NewMessage{NewName: "小红", Text: "在吗", Silent: true}))
	}
	people = append(people, s.message(site.NewMessage{NoName: true, Text: "在吗", Silent: true}))
	mischief := []func(uid string){
		func(string) {},
		func(string) { s.site.Recycle(s.owner.UID) },
		func(string) { s.site.Reorder(s.owner.UID) },
		func(uid string) { s.must(s.site.Rename(uid, "小刚")) },
		func(string) { s.site.Retitle(s.owner.UID, "别人") },
	}
	tries := 10
	if full() {
		tries = 200
	}
	outcomes := map[string]int{}
	for i := range tries {
		var target *messages.ReplyTarget
		person := ""
		if i%2 == 0 {
			c := comments[i/2%len(comments)]
			target, person = toComment(c), c.AuthorID
		} else {
			m := people[i/2%len(people)]
			target, person = s.toPerson(m.SenderID, m.SenderName), m.SenderID
		}
		play := mischief[i/2%len(mischief)]
		stop := disturb(func() { play(person) })
		words := "第" + strconv.Itoa(i) + "次"
		o, _ := s.answer(target, words)
		stop()
		outcomes[o.State+" "+o.Reason]++
		for _, p := range s.posts(words) {
			if p.Target != targetOf(target, s.owner.UID) {
				t.Fatalf("try %d: %s went to %s instead of %s", i, words, p.Target, targetOf(target, s.owner.UID))
			}
		}
		if o.State != messages.ReplyConfirmedState && (o.Reason == "" || o.Err == nil) {
			t.Errorf("try %d: not sent, and no reason: %+v", i, o)
		}
		if n := len(s.posts(words)); n > 1 || n == 1 && o.State != messages.ReplyConfirmedState || n == 0 && o.State == messages.ReplyConfirmedState {
			t.Fatalf("try %d: %+v, posted %d times", i, o, n)
		}
	}
	t.Log(outcomes)
	if outcomes["confirmed "] == 0 {
		t.Error("nobody was answered at all")
	}
	s.play(
		part{"lines become one message", true, lineBreaks},
		part{"a connection that breaks after the post is unknown, and settled by reading", true, brokenConnection},
	)
}

// disturb does something again and again, at moments of its own, until the returned function is called.
func disturb(do func()) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(350 * time.Millisecond); ; {
			select {
			case <-ended:
				tick.Stop()
				return
			case <-tick.C:
				do()
			}
		}
	}()
	return func() { close(ended); <-done }
}
