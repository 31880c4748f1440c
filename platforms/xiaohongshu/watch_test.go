package xiaohongshu_test

import (
	"testing"

	"troupe/messages"
	site "troupe/testkit/site/xiaohongshu"
)

func TestAccountIsWatched(t *testing.T) {
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Notes: 12, Comments: 60, Conversations: 20, Messages: 60, Mentions: 12}))
	t.Log(s.logIn())
	items := s.rounds(messages.Collections...)
	t.Log(held(items))
	comments, notes := 0, s.site.Notes(s.owner.UID)
	for _, n := range notes {
		comments += len(s.site.Comments(n.ID))
	}
	t.Log(len(notes), comments, len(s.site.Conversations(s.owner.UID)), len(s.site.Messages(s.owner.UID)), len(s.site.Mentions(s.owner.UID)), s.loads())
	b := s.round()
	t.Log(held(b.Items), b.Complete, s.loads())
	for _, st := range b.Steps {
		t.Log(st)
	}
}
