package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// memory is the dataset alone: what the store would hold if there were no disk, no batches and no restarts.
type memory struct {
	data  *dataset.Dataset
	views *dataset.Views
}

func (m *memory) publish(d *dataset.Delta) {
	p := dataset.Publication{Rev: m.data.Rev(), Changes: d.Changes}
	if d.Erased {
		p.Gone = []messages.AccountID{d.Account}
	} else if v := m.data.View(d.Account); v != nil {
		p.Views = []*dataset.View{v}
	}
	m.views.Publish(p)
}

// do carries out a command.
func (m *memory) do(command any, now time.Time) {
	switch c := command.(type) {
	case *messages.Observed:
		m.publish(m.data.Merge(c, now))
	case *messages.MarkRead:
		if m.data.Has(messages.AccountID(c.GetAccount())) {
			d, _ := m.data.MarkRead(c, now)
			m.publish(d)
		}
	case *messages.EraseAccount:
		m.publish(m.data.Erase(messages.AccountID(c.GetAccount())))
	case *messages.Append:
		m.data.Next()
		m.views.Publish(dataset.Publication{Rev: m.data.Rev()})
	case sweep:
		for _, v := range m.views.All() {
			m.publish(m.data.Sweep(v.Account, now))
		}
	}
}

// anyCommand draws commands about two accounts and few items, so that they meet each other often.
func anyCommand(t *rapid.T, n uint64, now time.Time) any {
	id := messages.AccountID(rapid.SampledFrom([]string{"dy_1", "dy_2"}).Draw(t, "account"))
	switch rapid.SampledFrom([]string{"observe", "observe", "observe", "read", "sweep", "append", "erase"}).Draw(t, "command") {
	case "observe":
		return anyObservation(t, id, n, now)
	case "read":
		return &messages.MarkRead{Account: string(id), WorkId: "w1", MessageIds: []string{"m1"}}
	case "sweep":
		return sweep{}
	case "append":
		return &messages.Append{Puts: []*messages.Put{{Table: "meta", Key: "k", Value: []byte(fmt.Sprint(n))}}}
	default:
		if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
			return anyObservation(t, id, n, now)
		}
		return &messages.EraseAccount{Account: string(id)}
	}
}

func anyObservation(t *rapid.T, id messages.AccountID, n uint64, now time.Time) *messages.Observed {
	o := observed(id, n)
	for range rapid.IntRange(0, 4).Draw(t, "items") {
		i := rapid.IntRange(0, 4).Draw(t, "id")
		created := now.Add(-time.Duration(rapid.IntRange(0, 200).Draw(t, "age")) * time.Hour)
		text := rapid.SampledFrom([]string{"", "甲", "乙"}).Draw(t, "text")
		item := comment(fmt.Sprint("c", i), fmt.Sprint("w", i%2), text, created)
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			item.Entity = &messages.Item_Content{Content: &messages.Content{Id: fmt.Sprint("w", i%2), Title: text}}
		case 1:
			item.Entity = &messages.Item_Message{Message: &messages.DirectMessage{
				Id: fmt.Sprint("m", i), ConversationId: "me:fan", Sender: &messages.Person{UserId: "fan"}, Content: text, CreateTime: created.UnixMilli(),
			}}
		}
		o.Items = append(o.Items, item)
	}
	o.Stream = rapid.SampledFrom([]string{"s", "t"}).Draw(t, "stream")
	o.N = uint64(rapid.IntRange(1, 9).Draw(t, "number"))
	o.TraceId, o.PageAt = fmt.Sprint("trace", n), now.UnixMilli()
	o.Round = rapid.Bool().Draw(t, "round")
	if rapid.Bool().Draw(t, "whole") {
		o.Complete = []string{messages.Comments}
	}
	return o
}

// TestMemoryAndDiskAndRestartsGiveTheSameAnswers does the same to the dataset alone, to a store, and to a store that is
// restarted again and again, and compares everything that can be asked.
func TestMemoryAndDiskAndRestartsGiveTheSameAnswers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := &clock{now: noon}
		alone := &memory{dataset.New(0, 0), &dataset.Views{}}
		steady := start(t, vfs.NewMem(), c)
		defer func() { steady.stop() }()
		fs := vfs.NewMem()
		restarted := start(t, fs, c)
		defer func() { restarted.stop() }()
		for n := range uint64(rapid.IntRange(1, 25).Draw(r, "commands")) {
			command := anyCommand(r, n+1, c.Now())
			alone.do(command, c.Now())
			for _, node := range []*node{steady, restarted} {
				node.do(command)
			}
			if rapid.IntRange(0, 5).Draw(r, "restart") == 0 {
				restarted.stop()
				restarted = start(t, fs, c)
				restarted.loaded()
			}
			c.move(time.Duration(rapid.IntRange(0, 60).Draw(r, "hours")) * time.Hour)
		}
		want := state(alone.views)
		for name, node := range map[string]*node{"on disk": steady, "with restarts": restarted} {
			if got := state(node.views); got != want {
				r.Fatalf("%s:\n%s", name, cmp.Diff(want, got))
			}
		}
	})
}

// do carries out a command and waits until it is done.
func (n *node) do(command any) {
	n.t.Helper()
	if c, ok := command.(sweep); ok {
		n.loaded()
		sys.Root.Send(n.pid, c)
		n.loaded() // what the sweep sent to the store itself is there by now
		n.loaded()
		return
	}
	ask[any](n, command)
}
