package worker

import (
	"path/filepath"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/prometheus/procfs"

	"troupe/actors/account"
	"troupe/messages"
)

// measured is what the node's browsers take, by account.
type measured struct{ browsers map[messages.AccountID]weight }

// weight is the memory of one browser, in bytes.
type weight struct {
	private int64 // that would be free without it (USS)
	share   int64 // private, and its part of what it shares with others (PSS)
}

// weigh reads the memory of all processes that run out of the accounts' folders below root. It takes the kernel a while,
// so it is done off the mailbox.
func weigh(root string) measured {
	found := measured{browsers: map[messages.AccountID]weight{}}
	procs, err := procfs.AllProcs()
	if err != nil {
		return found
	}
	for _, p := range procs {
		words, err := p.CmdLine()
		if err != nil {
			continue
		}
		id, ok := accountOf(words, root)
		if !ok {
			continue
		}
		sum := found.browsers[id]
		if m, err := p.ProcSMapsRollup(); err == nil {
			sum.private += int64(m.PrivateClean + m.PrivateDirty)
			sum.share += int64(m.Pss)
		}
		found.browsers[id] = sum
	}
	return found
}

// accountOf says whose Chromium a command line belongs to: its profile lies in the account's folder.
func accountOf(words []string, root string) (messages.AccountID, bool) {
	for _, word := range words {
		if profile, ok := strings.CutPrefix(word, "--user-data-dir="+root+string(filepath.Separator)); ok {
			id := messages.AccountID(filepath.Dir(profile))
			return id, id.Valid()
		}
	}
	return "", false
}

// onMeasured tells each account what its browser takes.
func (w *worker) onMeasured(c actor.Context, m measured) {
	w.measured = m
	for id, a := range w.accounts {
		if b, ok := m.browsers[id]; ok {
			c.Send(w.pid(c, id, a), account.Weighed{Memory: b.share})
		}
	}
}

// sweep lets every account close a browser that it has no use for.
func (w *worker) sweep(c actor.Context) {
	for id, a := range w.accounts {
		c.Send(w.pid(c, id, a), account.Swept{})
	}
}

// pid is the address of an account's actor below us.
func (w *worker) pid(c actor.Context, id messages.AccountID, a *assigned) *actor.PID {
	return actor.NewPID(c.Self().GetAddress(), messages.AccountPath(a.platform, id, a.epoch))
}
