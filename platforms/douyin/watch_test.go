package douyin_test

import (
	"testing"

	"troupe/messages"
	"troupe/platforms"
	site "troupe/testkit/site/douyin"
)

func TestAccountIsWatched(t *testing.T) {
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Works: 30, Comments: 60, Conversations: 70, Messages: 100, Notices: 25}))
	p, err := s.Client.Login(s.Context(90e9), nil, func(step platforms.Step) {
		t.Log(step.Status, len(step.QR), step.ExpiresAt)
		if step.Status == "qrcode_ready" {
			s.must(s.site.Confirm("", s.owner.UID))
		}
	})
	t.Log(p, err)
	items := s.rounds(messages.Collections...)
	t.Log(held(items))
	comments, works := 0, s.site.Works(s.owner.UID)
	for _, w := range works {
		comments += len(s.site.Comments(w.ID))
	}
	t.Log(len(works), comments, len(s.site.Conversations(s.owner.UID)), len(s.site.Messages(s.owner.UID)), len(s.site.Notices(s.owner.UID)))
	b := s.round()
	t.Log(held(b.Items), b.Complete)
	for _, st := range b.Steps {
		t.Log(st)
	}
}
