package suite

import (
	"testing"
	"time"

	"troupe/actors/gateway/api"
)

// watched is an account whose first complete pass is over, so that what comes from now on is news.
func (s *stage) watched(name string) string {
	s.t.Helper()
	account, _ := s.loggedIn(name)
	s.round(account)
	return account
}

// round waits until another round of looking is over.
func (s *stage) round(account string) {
	s.t.Helper()
	before := s.account(account).Rounds
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
	s.eventually("a round of "+account+" is over", 60*time.Second, func() bool { return s.account(account).Rounds > before })
}

func TestCommentReachesTheStoreAndItsReplyTheSite(t *testing.T) {
	s := newStage(t)
	account := s.watched("小厨娘阿月")
	c := s.comment(account, "请问盐放多少？")
	s.eventually("the comment is stored", 5*time.Second, func() bool { return s.has(account, "comments", c.ID) })
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "一小勺就够了"})
	if end := s.replyEnds(r.ID, 30*time.Second); end.State != "confirmed" {
		t.Fatalf("the reply ended as %s: %s", end.State, end.Reason)
	}
	if n := s.posts("一小勺就够了"); n != 1 {
		t.Fatalf("posted %d times", n)
	}
}
