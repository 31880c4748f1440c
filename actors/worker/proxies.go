package worker

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account"
	"troupe/actors/account/gate"
	"troupe/messages"
)

// onCheckUpstream checks a proxy that no account goes out through, from this node. Nothing of an account is sent.
func (w *worker) onCheckUpstream(c actor.Context, m *messages.CheckUpstream) {
	asker, node := c.Sender(), w.Node
	if asker == nil {
		return
	}
	upstream, err := account.OpenUpstream(node.Ring, m.GetUpstream())
	if err != nil || upstream == nil {
		c.Send(asker, &messages.Refused{Code: "invalid", Message: "the proxy's settings cannot be used: " + reasonOf(err)})
		return
	}
	system := c.ActorSystem().Root
	actors.Job(c, func(ctx context.Context) any {
		check := gate.CheckUpstream(ctx, upstream, nil, m.GetTarget(), node.ExitURL)
		system.Send(asker, &messages.ProxyChecked{
			Proxy: m.GetUpstream().GetProxy(), Worker: string(node.ID), Class: string(check.Class), Reason: check.Reason,
			ExitAddress: check.ExitAddress, LatencyMs: check.Latency.Milliseconds(), At: node.Now().UnixMilli(),
		})
		return nil
	})
}

func reasonOf(err error) string {
	if err == nil {
		return "there are none"
	}
	return err.Error()
}
