package people

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"troupe/messages"
)

// seal completes an entry as the one after prev. The entry is not changed afterwards.
func seal(e *messages.AuditEntry, seq uint64, prev []byte) {
	e.Seq, e.Prev = seq, prev
	e.Hash = digest(e)
}

// digest is SHA-256 over every field before the hash, each with its length in front, so that no two entries are written the same.
func digest(e *messages.AuditEntry) []byte {
	h := sha256.New()
	number := func(n uint64) { h.Write(binary.BigEndian.AppendUint64(nil, n)) }
	text := func(s string) {
		number(uint64(len(s)))
		h.Write([]byte(s))
	}
	number(e.GetSeq())
	number(uint64(e.GetAt()))
	for _, s := range []string{e.GetWho(), e.GetFrom(), e.GetWhat()} {
		text(s)
	}
	number(uint64(len(e.GetTargets())))
	for _, s := range e.GetTargets() {
		text(s)
	}
	text(e.GetOutcome())
	text(string(e.GetPrev()))
	return h.Sum(nil)
}

// Fault is the first thing that is wrong with an audit log.
type Fault struct {
	Seq uint64 // of the entry, or of the one that is missing
	Why string
}

func (f *Fault) Error() string { return fmt.Sprintf("entry %d: %s", f.Seq, f.Why) }

// check walks along a chain, entry by entry.
type check struct {
	end  *messages.AuditEnd
	next uint64
	prev []byte
}

func newCheck(end *messages.AuditEnd) *check {
	return &check{end: end, next: max(end.GetFirst(), 1), prev: end.GetBefore()}
}

// add looks at the next entry. What came after the end was told is left for another look.
func (c *check) add(e *messages.AuditEntry) *Fault {
	switch {
	case e.GetSeq() > c.next:
		return &Fault{c.next, "is missing"}
	case e.GetSeq() < c.next:
		return &Fault{e.GetSeq(), "stands where another one belongs"}
	case !bytes.Equal(e.GetPrev(), c.prev):
		return &Fault{e.GetSeq(), "does not follow from the one before it"}
	case !bytes.Equal(e.GetHash(), digest(e)):
		return &Fault{e.GetSeq(), "was changed"}
	}
	c.next, c.prev = e.GetSeq()+1, e.GetHash()
	return nil
}

// finish says whether the chain ends where it should.
func (c *check) finish() *Fault {
	switch last := c.end.GetLast(); {
	case c.next <= last:
		return &Fault{c.next, fmt.Sprintf("is missing, and so is all up to %d", last)}
	case c.next > last+1:
		return &Fault{last + 1, "stands behind the end"}
	case !bytes.Equal(c.prev, c.end.GetHash()) && last > 0:
		return &Fault{last, "is not the one that was written last"}
	}
	return nil
}

// Verify checks a whole log, oldest entry first, against where it should begin and end. nil = nothing is wrong.
func Verify(end *messages.AuditEnd, entries []*messages.AuditEntry) *Fault {
	c := newCheck(end)
	for _, e := range entries {
		if f := c.add(e); f != nil {
			return f
		}
	}
	return c.finish()
}
