package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/messages"
)

// OK is the outcome of what was carried out.
const OK = "ok"

// block is how many entries are read at a time.
const block = 2000

// ReadAudit asks for entries of the log.
type ReadAudit struct {
	After  uint64 // entries after this one, oldest first; 0 = the newest ones, newest first
	Before uint64 // with After 0: only entries before this one; 0 = all
	Who    string // of this user alone; empty = all
	Since  int64  // ms; only entries from then on
	Limit  int
}

// AuditRead answers ReadAudit.
type AuditRead struct {
	Entries []*messages.AuditEntry
	Last    uint64 // the newest entry that there is
}

// VerifyAudit walks through the whole log, as it is on disk.
type VerifyAudit struct{}

// Verified answers VerifyAudit.
type Verified struct {
	Entries     uint64
	First, Last uint64
	Hash        []byte // of the last entry
	Fault       *Fault // the first thing that is wrong; nil = nothing
}

// audited carries a read answer back to who asked.
type audited struct {
	to     *actor.PID
	answer any
}

// pruned are the oldest entries, which are too old to be kept.
type pruned struct{ entries []*messages.AuditEntry }

// record adds an entry to the log, as part of a change.
func (p *people) record(puts []*messages.Put, e *messages.AuditEntry) []*messages.Put {
	e = proto.CloneOf(e)
	seal(e, p.end.GetLast()+1, p.end.GetHash())
	end := proto.CloneOf(p.end)
	end.Last, end.Hash = e.GetSeq(), e.GetHash()
	p.end = end
	return append(puts, put(tableAudit, auditKey(e.GetSeq()), e), put(tableOwn, keyEnd, end))
}

// auditKey sorts as the numbers do.
func auditKey(seq uint64) string { return fmt.Sprintf("%020d", seq) }

func (p *people) onReadAudit(c actor.Context, m ReadAudit, sender *actor.PID) {
	r := p.reader(c)
	actors.Job(c, func(ctx context.Context) any {
		entries, err := r.find(ctx, m)
		if err != nil {
			return audited{sender, &messages.Refused{Code: "unavailable", Message: err.Error()}}
		}
		return audited{sender, AuditRead{entries, r.end.GetLast()}}
	})
}

// verified is a walk through the log that began at that entry.
type verified struct {
	to    *actor.PID
	first uint64
	found Verified
}

// onVerify walks through the log once all of it is on disk: the end of the chain is written again, behind everything that is on its way.
func (p *people) onVerify(c actor.Context, sender *actor.PID) {
	r := p.reader(c)
	p.persist(c, []*messages.Put{put(tableOwn, keyEnd, r.end)}, func() {
		actors.Job(c, func(ctx context.Context) any {
			v, err := r.verify(ctx)
			if err != nil {
				return audited{sender, &messages.Refused{Code: "unavailable", Message: err.Error()}}
			}
			return verified{sender, r.end.GetFirst(), v}
		})
	})
}

func (p *people) onVerified(c actor.Context, m verified) {
	if m.found.Fault != nil && m.first != p.end.GetFirst() { // old entries left the log meanwhile
		p.onVerify(c, m.to)
		return
	}
	c.Send(m.to, m.found)
}

// prune drops what is older than keepAudit, a block at a time. The chain then begins later, and says so.
func (p *people) prune(c actor.Context) {
	if p.pruning || p.end.GetLast() < p.end.GetFirst() {
		return
	}
	p.pruning = true
	r, limit := p.reader(c), p.Now().Add(-keepAudit).UnixMilli()
	actors.Job(c, func(ctx context.Context) any {
		entries, err := r.read(ctx, r.end.GetFirst()-1, 1)
		if err == nil && len(entries) > 0 && entries[0].GetAt() < limit {
			entries, err = r.read(ctx, r.end.GetFirst()-1, block)
		}
		if err != nil {
			return pruned{}
		}
		young := slices.IndexFunc(entries, func(e *messages.AuditEntry) bool { return e.GetAt() >= limit })
		if young >= 0 {
			entries = entries[:young]
		}
		return pruned{entries}
	})
}

func (p *people) onPruned(c actor.Context, m pruned) {
	p.pruning = false
	if len(m.entries) == 0 {
		return
	}
	var puts []*messages.Put
	for _, e := range m.entries {
		puts = append(puts, put(tableAudit, auditKey(e.GetSeq()), nil))
	}
	last := m.entries[len(m.entries)-1]
	end := proto.CloneOf(p.end)
	end.First, end.Before = last.GetSeq()+1, last.GetHash()
	p.end = end
	p.persist(c, append(puts, put(tableOwn, keyEnd, end)), nil)
}

// reader reads the log from the store, off the mailbox.
type reader struct {
	root  *actor.RootContext
	store *actor.PID
	end   *messages.AuditEnd
}

func (p *people) reader(c actor.Context) reader {
	return reader{c.ActorSystem().Root, p.Store, p.end}
}

// read returns up to limit entries after seq, oldest first.
func (r reader) read(ctx context.Context, after uint64, limit int) ([]*messages.AuditEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	loaded, err := actors.Ask[*messages.ControlLoaded](ctx, r.root, r.store, &messages.LoadControl{Table: tableAudit, After: auditKey(after), Limit: int64(limit)})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	entries := make([]*messages.AuditEntry, 0, len(loaded.GetRecords()))
	for _, record := range loaded.GetRecords() {
		e := &messages.AuditEntry{}
		if err := proto.Unmarshal(record.GetValue(), e); err != nil || auditKey(e.GetSeq()) != record.GetKey() {
			e = &messages.AuditEntry{Seq: seqOf(record.GetKey()), Outcome: "unreadable"} // its hash does not fit: Verify names it
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func seqOf(key string) (seq uint64) {
	_, _ = fmt.Sscanf(key, "%d", &seq) // a key that is no number is entry 0
	return seq
}

// find goes through the log in the direction that was asked for until there are enough entries.
func (r reader) find(ctx context.Context, m ReadAudit) ([]*messages.AuditEntry, error) {
	if m.After > 0 {
		entries, err := r.read(ctx, m.After, m.Limit)
		return slices.DeleteFunc(entries, func(e *messages.AuditEntry) bool { return !m.wants(e) }), err
	}
	before := r.end.GetLast() + 1
	if m.Before > 0 {
		before = min(before, m.Before)
	}
	var found []*messages.AuditEntry
	for before > r.end.GetFirst() && len(found) < m.Limit {
		after := uint64(0)
		if before > block+1 {
			after = before - block - 1
		}
		entries, err := r.read(ctx, after, int(before-after-1))
		if err != nil {
			return nil, err
		}
		slices.Reverse(entries)
		for _, e := range entries {
			if e.GetAt() < m.Since {
				return found, nil
			}
			if m.wants(e) && len(found) < m.Limit {
				found = append(found, e)
			}
		}
		before = after + 1
	}
	return found, nil
}

func (m ReadAudit) wants(e *messages.AuditEntry) bool {
	return (m.Who == "" || m.Who == e.GetWho()) && e.GetAt() >= m.Since
}

// verify checks the log up to the last entry that was written when it began.
func (r reader) verify(ctx context.Context) (Verified, error) {
	c := newCheck(r.end)
	v := Verified{First: max(r.end.GetFirst(), 1), Last: r.end.GetLast(), Hash: r.end.GetHash()}
	for after := uint64(0); ; {
		entries, err := r.read(ctx, after, block)
		if err != nil {
			return v, err
		}
		for _, e := range entries {
			if e.GetSeq() > r.end.GetLast() {
				entries = nil // written since
				break
			}
			if v.Fault = c.add(e); v.Fault != nil {
				return v, nil
			}
			v.Entries++
			after = e.GetSeq()
		}
		if len(entries) == 0 {
			v.Fault = c.finish()
			return v, nil
		}
	}
}
