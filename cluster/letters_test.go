package cluster

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// TestWorkersGiveNoOrdersAndReachNoOtherActor; what one may order is in TestWorkerOrdersOnlyItsOwnLeaving.
func TestWorkersGiveNoOrdersAndReachNoOtherActor(t *testing.T) {
	for _, c := range []struct {
		from   messages.NodeID
		target string
		m      proto.Message
		want   bool
	}{
		{"worker-7", "store", &messages.Observed{}, true},
		{"worker-7", "store", &messages.Append{}, false},
		{"worker-7", "store", &messages.LoadControl{}, false},
		{"worker-7", "master", &messages.NodeStatus{}, true},
		{"worker-7", "master", &messages.BeginCommit{}, true},
		{"worker-7", "master", &messages.ReadVault{}, false},
		{"worker-7", "master", &messages.RegisterForeign{}, false},
		{"worker-7", "future$1", &messages.RoundsListed{}, true},
		{"worker-7", "future$1", &actor.DeadLetterResponse{}, true},
		{"worker-7", "future$1", &actor.PoisonPill{}, false},
		{"worker-7", "people", &messages.NodeStatus{}, false},
		{"worker-7", mailroomName, &messages.Letters{}, false},
		{MasterNode, "worker", &messages.AssignAccount{}, true},
		{MasterNode, "worker/douyin/dy_1@7", &messages.StartLogin{}, true},
		{MasterNode, "worker", &actor.PoisonPill{}, false},
		{MasterNode, mailroomName, &messages.Letters{}, false},
		{MasterNode, "activator", &messages.Refused{}, false},
	} {
		l, err := seal(c.target, c.m, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got := admitted(c.from, &messages.Letter{Target: l.target, Type: l.kind, Body: l.body}); got != c.want {
			t.Errorf("%s to %s: %T is admitted: %t", c.from, c.target, c.m, got)
		}
	}
}
