package master

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"troupe/messages"
)

// diskFull is the alarm of a node whose data folder has next to no room. A master whose disk is full ends, and cannot start again: it
// acknowledges nothing that it cannot keep. So the alarm comes before.
const diskFull = "disk_full"

// nodeDiskKey is the key of the alarm of a node's disk; no other begins like it.
func nodeDiskKey(worker string) string { return "///" + worker }

// scarce is how little room is worth an alarm: a twentieth of the disk, a gigabyte at most.
func scarce(size int64) int64 { return min(1<<30, size/20) }

// judgeDisk raises the alarm of a node's disk, and clears it when there is half as much again.
func (m *master) judgeDisk(ch *change, n *node) {
	free, size, worker := n.status.GetDiskFree(), n.status.GetDiskSize(), n.record.GetId()
	switch {
	case size == 0:
	case free < scarce(size):
		m.open(ch, nodeDiskKey(worker), &messages.Alarm{Name: diskFull, Worker: worker, Reason: fmt.Sprintf(
			"%s of %s are left for the data folder of node %s", humanize.IBytes(uint64(free)), humanize.IBytes(uint64(size)), worker)})
	case free >= scarce(size)*3/2:
		m.clearAlarm(ch, nodeDiskKey(worker))
	}
}
