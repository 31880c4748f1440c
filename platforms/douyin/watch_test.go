package douyin_test

import (
	"testing"

	"troupe/messages"
	site "troupe/testkit/site/douyin"
)

func TestAccountIsWatched(t *testing.T) {
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	p := s.logIn()
	t.Log(p)
	items := s.rounds(messages.Collections...)
	t.Log(held(items))
	t.Log(s.site.Info())
}
