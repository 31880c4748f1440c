package master

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// judgeDefinitions holds what a node runs against what it should: it is told what it missed, and one that cannot use a version is named in
// an alarm until it can. came says that it has just begun to speak: it may be of another version of the program.
func (m *master) judgeDefinitions(c actor.Context, ch *change, n *node, came bool) {
	if m.Definitions == nil {
		return
	}
	var missed []messages.PlatformName
	for _, d := range m.Definitions.All() {
		has, refused := n.status.GetDefinitions()[string(d.Platform)], n.status.GetRefused()[string(d.Platform)]
		key := nodeDefinitionKey(d.Platform, n.record.GetId())
		switch {
		case has == d.Digest:
			m.clearAlarm(ch, key)
		case refused != "":
			m.open(ch, key, &messages.Alarm{
				Name: definitionRefused, Platform: string(d.Platform), Worker: n.record.GetId(),
				Reason: fmt.Sprintf("node %s goes on with the version before: %s", n.record.GetId(), refused),
			})
		}
		if came || has != d.Digest && has != "" && refused == "" {
			missed = append(missed, d.Platform)
		}
	}
	m.tellNode(c, n.pid, missed)
}

// behind are the platforms whose present definition a node does not run, with the reason, if it gave one.
func (m *master) behind(n *node) map[messages.PlatformName]string {
	if m.Definitions == nil || n.pid == nil || len(n.status.GetDefinitions()) == 0 {
		return nil
	}
	late := map[messages.PlatformName]string{}
	for _, d := range m.Definitions.All() {
		if n.status.GetDefinitions()[string(d.Platform)] != d.Digest {
			late[d.Platform] = n.status.GetRefused()[string(d.Platform)]
		}
	}
	return late
}
