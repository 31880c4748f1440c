package figures

import (
	"fmt"
	"time"

	"github.com/prometheus/procfs"
)

// Tree lists a living process and all that descend from it.
func Tree(root int) ([]procfs.Proc, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := make(map[int][]procfs.Proc)
	var tree []procfs.Proc
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil {
			continue // it ended meanwhile
		}
		if p.PID == root {
			tree = append(tree, p)
		}
		children[stat.PPID] = append(children[stat.PPID], p)
	}
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i].PID]...)
	}
	if len(tree) == 0 {
		return nil, fmt.Errorf("process %d is gone", root)
	}
	return tree, nil
}

// ticks are the kernel's, in which it counts processor time for programs; 100 a second on every Linux we run on.
const ticks = 100

// CPU is the processor time that a process and all its descendants have used so far. Those that ended are in it too,
// through the parent that waited for them, so that the difference of two calls is what was used between them.
func CPU(root int) (time.Duration, error) {
	tree, err := Tree(root)
	if err != nil {
		return 0, err
	}
	var sum int
	for _, p := range tree {
		stat, err := p.Stat()
		if err != nil {
			continue // it ended meanwhile; its parent counts it
		}
		sum += int(stat.UTime) + int(stat.STime) + stat.CUTime + stat.CSTime
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// Memory is what a process and its descendants take, in bytes. Private is the sum of their USS: what only one process of
// the machine maps. Share is the sum of their PSS: what several map is divided among them.
type Memory struct{ Private, Share uint64 }

// MemoryOf weighs a process and its descendants.
func MemoryOf(root int) (Memory, error) {
	tree, err := Tree(root)
	if err != nil {
		return Memory{}, err
	}
	var m Memory
	for _, p := range tree {
		maps, err := p.ProcSMapsRollup()
		if err != nil {
			return Memory{}, fmt.Errorf("memory of process %d: %w", p.PID, err)
		}
		m.Private += maps.PrivateClean + maps.PrivateDirty
		m.Share += maps.Pss
	}
	return m, nil
}
