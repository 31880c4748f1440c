package suite

import (
	"testing"
	"time"

	"troupe/actors/gateway/api"
)

func TestCommentTravelsFromThePageToTheStoreAndAReplyGoesBack(t *testing.T) {
	s := newStage(t)
	account, owner := s.loggedIn("小厨娘阿月")
	s.eventually("the first round is over", 30*time.Second, func() bool { return s.account(account).Rounds > 0 })

	c := s.comment(owner, "请问盐放多少？")
	s.eventually("the comment is stored", 5*time.Second, func() bool { return s.has(account, "comments", c.ID) })

	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: c.ID}, Content: "一小勺就够了"})
	if end := s.replyEnds(r.ID, 30*time.Second); end.State != "confirmed" {
		t.Fatalf("the reply ended as %s: %s", end.State, end.Reason)
	}
	if n := s.posts("一小勺就够了"); n != 1 {
		t.Fatalf("posted %d times", n)
	}
}
