package suite

import (
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/proc"
	"troupe/testkit/rig"
	"troupe/testkit/site"
)

// TestWorkersAccountLogsInCollectsAndReplies lets an account live on a node that has no store, no master and no gateway. After the worker
// was killed and started again it needs no new QR code, and when it is stopped the other worker has the account.
func TestWorkersAccountLogsInCollectsAndReplies(t *testing.T) {
	t.Parallel()
	s := openStage(t, site.Options{Seed: 1})
	nodes := proc.StartCluster(t, proc.ClusterOptions{Workers: 2, Options: proc.Options{
		Dial: s.site.Addr(), Pins: []string{s.site.SPKI()}, Args: []string{"--mode", string(rig.Mode())},
	}})
	s.node = nodes.Master
	t.Cleanup(s.judge)

	account := s.watched("甲")
	home := s.workerOf(nodes, account)
	if len(nodes.Master.Browsers("")) != 0 {
		t.Error("a browser runs on the master's node")
	}
	s.talks(account, "从工作节点来", "从工作节点答")

	home.Kill()
	home.Restart()
	s.awaitState(account, "watching", 60*time.Second)
	s.talks(account, "又来了", "又答了")

	home.Stop()
	if now := s.awaitState(account, "watching", 40*time.Second).Node; now == home.Name {
		t.Errorf("the account is still on %s", now)
	}
	s.talks(account, "搬家了", "搬好了")
}

// workerOf is the worker that runs an account.
func (s *stage) workerOf(nodes *proc.Cluster, account string) *proc.Node {
	s.t.Helper()
	name := s.account(account).Node
	for _, n := range nodes.Workers {
		if n.Name == name && len(n.Browsers(account)) > 0 {
			return n
		}
	}
	s.t.Fatalf("%s runs on %q, which is none of the workers", account, name)
	return nil
}

// talks has a visitor comment, and an agent answer.
func (s *stage) talks(account, said, answered string) {
	s.t.Helper()
	comment := s.comment(account, said)
	s.eventually("the comment is stored", 20*time.Second, func() bool { return s.has(account, messages.Comments, comment.ID) })
	r := s.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: comment.ID}, Content: answered})
	if end := s.replyEnds(r.ID, 40*time.Second); end.State != "confirmed" {
		s.t.Errorf("the reply ended as %s (%s)", end.State, end.Reason)
	}
	if n := s.posts(answered); n != 1 {
		s.t.Errorf("posted %d times", n)
	}
}
