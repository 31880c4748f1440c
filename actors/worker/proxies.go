package worker

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
)

// onCheckUpstream checks a proxy that no account goes out through, from this node. Nothing of an account is sent.
func (w *worker) onCheckUpstream(c actor.Context, m *messages.CheckUpstream) {
	asker, node, system := c.Sender(), w.Node, c.ActorSystem().Root
	if asker == nil {
		return
	}
	actors.Job(c, func(ctx context.Context) any {
		checked, err := node.CheckProxy(ctx, m.GetUpstream(), m.GetTarget())
		if err != nil {
			system.Send(asker, &messages.Refused{Code: "invalid", Message: "the proxy's settings cannot be used: " + err.Error()})
			return nil
		}
		system.Send(asker, checked)
		return nil
	})
}
