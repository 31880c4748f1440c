package xiaohongshu_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit/rig"
	site "troupe/testkit/site/xiaohongshu"
)

// TestNoReplyReachesTheWrongPerson makes the page change under the hand between look and click, in every way the look-alike
// knows: namesakes, people without a name, renamed ones, lists that turn around, rows whose nodes are used for another, a header
// that suddenly bears another name.
func TestNoReplyReachesTheWrongPerson(t *testing.T) {
	t.Parallel()
	s := newStand(t, site.NewOwner{Nickname: "小厨"}, func(c *rig.Config) { c.Account = "xhs_2" })
	s.logIn()
	tries := 10
	if full() {
		tries = 200
	}
	outcomes := map[string]int{}
	all := mishaps()
	for n := range tries {
		m := all[n%len(all)]
		outcomes[s.meets(m, n)]++
		if s.t.Failed() {
			s.t.Fatalf("try %d: %s\n%s", n, m.name, s.Story())
		}
	}
	t.Log(outcomes)
	if outcomes["confirmed "] == 0 {
		t.Error("nobody was answered at all")
	}
	s.play(part{"lines become one message", true, lineBreaks})
}

// mishap is something that happens while a reply is on its way.
type mishap struct {
	name    string
	comment bool                             // else a message
	words   site.NewComment                  // of the target, of a comment
	chat    site.NewMessage                  // of the target, of a message
	before  func(s *stand, uid string)       // from the beginning, again and again until the commit; may be nil
	commit  func(s *stand, uid string) error // when the reply asks for permission; may be nil
	refused bool                             // nothing may be posted
}

func mishaps() []mishap {
	rename := func(s *stand, uid string) error { return s.site.Rename(uid, "换了名字") }
	reorder := func(s *stand, _ string) { s.site.Reorder(s.owner.UID) }
	recycle := func(s *stand, _ string) { s.site.Recycle(s.owner.UID) }
	return []mishap{
		{name: "a namesake", chat: site.NewMessage{NewName: "小明"}},
		{name: "no name", chat: site.NewMessage{NoName: true}},
		{name: "renamed", chat: site.NewMessage{NewName: "小明"}, commit: rename},
		{name: "another header", chat: site.NewMessage{NewName: "小明"}, refused: true, commit: func(s *stand, _ string) error {
			s.site.Retitle(s.owner.UID, "别人")
			time.Sleep(200 * time.Millisecond) // until the page heard of it, which nothing tells
			return nil
		}},
		{name: "conversations turn around", chat: site.NewMessage{NewName: "小明"}, before: reorder},
		{name: "rows are used again", chat: site.NewMessage{NewName: "小明"}, before: recycle},
		{name: "a namesake's comment", comment: true, words: site.NewComment{NewName: "小明"}},
		{name: "a comment of somebody without a name", comment: true, words: site.NewComment{NoName: true}},
		{name: "comments turn around", comment: true, words: site.NewComment{NewName: "小明"}, before: reorder},
		{name: "comments' rows are used again", comment: true, words: site.NewComment{NewName: "小明"}, before: recycle},
		{name: "a renamed author", comment: true, words: site.NewComment{NewName: "小明"}, commit: rename},
	}
}

// meets makes one reply that a mishap befalls: it reaches its person, or nobody. It returns what came of it.
func (s *stand) meets(m mishap, n int) (outcome string) {
	words := "给对的人" + strings.Repeat("呀", n/11) + m.name
	var target *messages.ReplyTarget
	uid := ""
	if m.comment {
		decoy, c := m.words, m.words
		decoy.Note, decoy.Text, c.Note, c.Text = s.note(), "好看", s.note(), "好看"
		s.comment(decoy)
		made := s.comment(c)
		s.comment(decoy)
		target, uid = toComment(made), made.AuthorID
	} else {
		decoy, c := m.chat, m.chat
		decoy.Text, c.Text = "你好", "你好"
		s.message(decoy)
		made := s.message(c)
		s.message(decoy)
		target, uid = s.toPerson(made.SenderID, made.SenderName), made.SenderID
	}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m.before != nil {
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Millisecond):
				m.before(s, uid)
			}
		}
	}()
	o := s.Client.Reply(s.Context(time.Minute), &messages.Reply{Id: "r", Target: target, Content: words, DispatchedAt: time.Now().UnixMilli()}, func(context.Context) error {
		if m.commit == nil {
			return nil
		}
		return m.commit(s, uid)
	})
	close(stop)
	<-done
	posts := s.posts(words)
	switch {
	case len(posts) > 1 || len(posts) == 1 && (posts[0].Target != targetOf(target) || m.refused):
		s.t.Errorf("%s: posted %+v, meant for %s", m.name, posts, targetOf(target))
	case o.State == messages.ReplyConfirmedState && len(posts) != 1:
		s.t.Errorf("%s: said to be sent, and nothing stands", m.name)
	case len(posts) == 0 && o.Reason == "":
		s.t.Errorf("%s: refused without a reason: %+v", m.name, o)
	}
	s.t.Logf("%s: %s %s %v", m.name, o.State, o.Reason, o.Err)
	return o.State + " " + o.Reason
}
