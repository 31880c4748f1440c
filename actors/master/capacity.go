package master

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/master/board"
	"troupe/cluster/placement"
	"troupe/messages"
)

// noSpareNode is the alarm of a cluster in which no node may fail any more.
const noSpareNode = "no_spare_node"

// bareFor is how long that lasts before a person is told: nodes restart.
const bareFor = time.Minute

// measureCapacity counts the room that there is, and tells a person when no node may fail any more. A cluster of one node is not one.
func (m *master) measureCapacity(c actor.Context) {
	now := board.Capacity{Unplaced: map[string]int{}}
	wanted := map[messages.PlatformName]int{}
	for _, a := range m.accounts {
		if a.record.GetForeign() != "" || a.isAbroad() {
			continue
		}
		if a.running {
			now.Placed++
		} else if a.mayRun() {
			now.Unplaced[a.status.GetReason()]++
		}
		if a.wanted() {
			wanted[messages.PlatformName(a.record.GetPlatform())]++
		}
	}
	nodes := m.survey().nodes
	now.Free, now.Spare = placement.Free(nodes), placement.Spare(nodes, wanted)
	if now.Placed != m.capacity.Placed || now.Free != m.capacity.Free || now.Spare != m.capacity.Spare || !maps.Equal(now.Unplaced, m.capacity.Unplaced) {
		m.capacity, m.news.nodes = now, true
	}
	m.warnOfCapacity(c, nodes, len(wanted) > 0)
}

func (m *master) warnOfCapacity(c actor.Context, nodes []placement.Node, any bool) {
	cluster := len(nodes) > 1 && slices.ContainsFunc(nodes, func(n placement.Node) bool { return n.Online })
	key, bare := alarmKey("", noSpareNode), any && cluster && m.capacity.Spare <= 0
	var ch change
	switch now := m.Now(); {
	case !bare:
		m.bare = time.Time{}
		m.clearAlarm(&ch, key)
	case m.bare.IsZero():
		m.bare = now
	case now.Sub(m.bare) >= bareFor:
		m.open(&ch, key, &messages.Alarm{Name: noSpareNode, Reason: fmt.Sprintf(
			"if the largest node fails, not every account has a place: %d accounts are placed, %d further ones fit", m.capacity.Placed, m.capacity.Free)})
	}
	if len(ch.puts) > 0 {
		m.persist(c, ch, nil)
	}
}
