package master

import (
	"fmt"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// A restored store knows nothing of what the lost master did after the backup: workers may run accounts under epochs that stand nowhere,
// replies may have been sent that wait here. So every epoch of before is over, none is given out that may have been before, nothing is
// placed while a promise of the lost master can still hold, and no open reply is sent without having been looked for.

const (
	keyGeneration = "generation" // the high half of new epochs
	keyRestored   = "restored"   // when, ms; while it stands, others may run what the records do not know of
)

// Restored makes the control records of a backup fit to be a master's: it returns those that are to be changed. Epochs go on in a
// generation above any that the lost master may have reached, also by restoring the same backup before: generations are
// seconds of the clock.
func Restored(records []*messages.Put, now time.Time) []*messages.Put {
	generation := uint64(0)
	for _, r := range records {
		if r.GetTable() == tableMeta && r.GetKey() == keyGeneration {
			generation, _ = strconv.ParseUint(string(r.GetValue()), 10, 32) // the master refuses what is no number
		}
	}
	var ch change
	ch.number(keyGeneration, max(generation+1, uint64(now.Unix())))
	ch.number(keyRestored, uint64(now.UnixMilli()))
	return ch.puts
}

// beginRestored ends what the records say is running, if they came from a backup.
func (m *master) beginRestored(ch *change) {
	if !m.restored {
		return
	}
	m.alone = m.Clock() + max(m.horizon, m.Leases.PartingHorizon())
	for _, a := range m.sortedAccounts() {
		if !a.record.GetEpochOver() {
			m.edit(ch, a, func(r *messages.Account) { r.EpochOver, r.ClosedCleanly = true, false })
		}
	}
	for _, r := range m.replies {
		if messages.ReplyOpen(r.GetState()) {
			m.doubt(ch, r)
		}
	}
	m.Log.Warn("the store was restored from a backup: accounts wait until no lease of before can hold", "dur", m.alone-m.Clock())
}

// doubt makes an open reply unknown, to be looked for from the time on when it was accepted.
func (m *master) doubt(ch *change, r *messages.Reply) {
	next := proto.CloneOf(r)
	next.State, next.Reason, next.EndedAt = messages.ReplyUnknownState, "the store was restored; it may have been sent meanwhile", m.now()
	next.NextRead = m.now() + m.FindPauses[0].Milliseconds()
	m.keep(ch, next)
}

// waitsForOthers says why nothing can be placed yet after a restore; empty = it can.
func (m *master) waitsForOthers() string {
	if !m.restored {
		return ""
	}
	wait := (m.alone - m.Clock()).Round(10 * time.Second)
	return fmt.Sprintf("the store was restored from a backup: it starts in about %s, when nobody can run it any more", max(wait, 10*time.Second))
}

// endRestored lets accounts be placed once no promise of the lost master can hold.
func (m *master) endRestored(c actor.Context) {
	if !m.restored || m.Clock() < m.alone {
		return
	}
	m.restored = false
	m.Log.Info("accounts are placed again after the restore")
	var ch change
	ch.remove(tableMeta, keyRestored)
	m.persist(c, ch, func() { m.placeAll(c) })
}
