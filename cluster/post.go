package cluster

import (
	"slices"
	"time"

	"troupe/messages"
)

// limits bound what one post holds and sends. Sizes are bytes of message bodies.
type limits struct {
	part         int           // of one letter on the wire, and of one Letters
	parts        int           // letters in one Letters
	window       int           // in flight: sent, and not yet acknowledged
	windowParts  int           // letters in flight
	queue        int           // waiting, those in flight included
	queueLetters int           // messages waiting
	whole        int           // of one message
	patience     time.Duration // without progress, after which the other side is asked where it is
	stale        time.Duration // without progress, after which it counts as out of reach
	despair      time.Duration // without progress, after which a master gives up what waits; longer than any lease
}

func defaultLimits() limits {
	return limits{
		part: 512 << 10, parts: 64, window: 4 << 20, windowParts: 256, queue: 64 << 20, queueLetters: 20_000, whole: 32 << 20,
		patience: time.Second, stale: 2 * time.Second, despair: 30 * time.Second,
	}
}

// letter is one message on its way to the other side, kept until it was delivered there.
type letter struct {
	target     string
	sender     string
	senderNode string
	kind       string // full name of the message's type
	body       []byte
	repeats    bool // its sender says it again by itself

	cut   int  // bytes of the body that have a number already
	begun bool // a part of it has a number
}

// part is a numbered piece of a letter.
type part struct {
	n        uint64
	of       *letter // nil: it only keeps its number
	from, to int
	last     bool
}

// post is one side of the exchange of letters with one peer. It is pure: the time is an argument, and what it returns is
// to be sent or delivered by the caller, in order.
//
//	put ─▶ waiting ─ fill ─▶ flight ─ take ─▶ (network) ─▶ receive ─▶ delivered
//	                            ◀──────────────── acked ───────┘
//
// Letters get their numbers when they enter the window. The receiver takes only the next number, so what a broken connection
// swallowed leaves a gap until it is sent again: after a while without progress the sender asks, and the answer says from where.
type post struct {
	limits
	own, peer string // incarnations; an empty peer is not known yet

	waiting  []*letter // not yet delivered, oldest first
	bytes    int       // of waiting
	numbered int       // how many of waiting are in flight completely
	flight   []part
	flying   int       // bytes of flight
	sent     int       // how many of flight were sent, since the last time that they all had to be sent again
	last     uint64    // newest number given
	moved    time.Time // when flight last got shorter, or began
	asked    uint64    // newest question
	asking   bool      // it is not answered yet
	askDue   bool
	askedAt  time.Time

	got     uint64 // newest number delivered
	growing []byte // of a letter in parts
	tooLong bool   // that letter is longer than anything we take
	ackDue  bool
	answer  uint64 // question to be answered; 0 = none
}

func newPost(own string, l limits) *post { return &post{limits: l, own: own} }

// fate is what became of a letter that was put.
type fate int

const (
	accepted fate = iota
	skipped       // its sender says it again; now it would only stand in line
	refused       // the queue is full
)

// put takes a letter in.
func (p *post) put(l *letter, now time.Time) fate {
	switch {
	case l.repeats && !p.lively(now):
		return skipped
	case len(p.waiting) >= p.queueLetters || p.bytes+len(l.body) > p.queue:
		return refused
	}
	p.waiting = append(p.waiting, l)
	p.bytes += len(l.body)
	return accepted
}

// lively says whether letters go through as they come. One is always let in, to find out.
func (p *post) lively(now time.Time) bool {
	switch {
	case len(p.waiting) == 0:
		return true
	case p.peer == "":
		return false
	case len(p.flight) == 0:
		return true
	default:
		return now.Sub(p.moved) < p.stale && p.room()
	}
}

func (p *post) room() bool { return len(p.flight) < p.windowParts && p.flying < p.window }

// take returns what is to be sent now. gone says of a letter that nobody waits for its answer any more: it is dropped.
func (p *post) take(now time.Time, gone func(*letter) bool) []*messages.Letters {
	if p.peer == "" {
		return nil
	}
	p.fill(now, gone)
	var pages []*messages.Letters
	for p.sent < len(p.flight) {
		pages = append(pages, p.page())
	}
	if len(pages) == 0 && (p.ackDue || p.askDue) {
		pages = append(pages, p.page())
	}
	if len(pages) == 0 {
		return nil
	}
	pages[0].Answer = p.answer
	if p.askDue {
		pages[len(pages)-1].Ask = p.asked
	}
	p.ackDue, p.askDue, p.answer = false, false, 0
	return pages
}

// fill numbers what waits, as far as the window has room.
func (p *post) fill(now time.Time, gone func(*letter) bool) {
	for p.room() && p.numbered < len(p.waiting) {
		l := p.waiting[p.numbered]
		if !l.begun && gone(l) {
			p.bytes -= len(l.body)
			p.waiting = slices.Delete(p.waiting, p.numbered, p.numbered+1)
			continue
		}
		if len(p.flight) == 0 {
			p.moved = now
		}
		to := min(l.cut+p.part, len(l.body))
		p.last++
		p.flight = append(p.flight, part{n: p.last, of: l, from: l.cut, to: to, last: to == len(l.body)})
		p.flying += to - l.cut
		l.cut, l.begun = to, true
		if to == len(l.body) {
			p.numbered++
		}
	}
}

// page is the next Letters: as many parts as fit, perhaps none.
func (p *post) page() *messages.Letters {
	m := &messages.Letters{FromIncarnation: p.own, ToIncarnation: p.peer, Acked: p.got}
	for size := 0; p.sent < len(p.flight) && len(m.Letters) < p.parts; p.sent++ {
		f := p.flight[p.sent]
		if size += f.to - f.from; size > p.part && len(m.Letters) > 0 {
			break
		}
		w := &messages.Letter{N: f.n}
		if l := f.of; l != nil {
			w.Target, w.Sender, w.SenderNode, w.Type = l.target, l.sender, l.senderNode, l.kind
			w.Body, w.More, w.Continues = l.body[f.from:f.to], !f.last, f.from > 0
		}
		m.Letters = append(m.Letters, w)
	}
	return m
}

// receive takes what the peer sent and returns the letters that it completed. What another life of either side sent, or was
// sent to, is ignored: ok is false.
func (p *post) receive(m *messages.Letters, now time.Time) (whole []*messages.Letter, ok bool) {
	if p.peer == "" || m.GetFromIncarnation() != p.peer || m.GetToIncarnation() != p.own {
		return nil, false
	}
	p.acknowledge(m.GetAcked(), now)
	if p.asking && m.GetAnswer() == p.asked {
		p.asking, p.sent = false, 0
	}
	for _, l := range m.GetLetters() {
		if l.GetN() != p.got+1 {
			continue // again, or after a gap
		}
		p.got++
		if w := p.grow(l); w != nil {
			whole = append(whole, w)
		}
	}
	p.ackDue = p.ackDue || len(m.GetLetters()) > 0
	if m.GetAsk() != 0 {
		p.answer, p.ackDue = m.GetAsk(), true
	}
	return whole, true
}

// grow puts a letter together from its parts; nil until it is whole.
func (p *post) grow(l *messages.Letter) *messages.Letter {
	if l.GetTarget() == "" {
		p.growing, p.tooLong = nil, false
		return nil
	}
	if l.GetContinues() && p.growing == nil && !p.tooLong {
		return nil // of a letter that was given up while copies of its parts were still under way
	}
	if p.growing == nil && !l.GetMore() && !p.tooLong {
		return l
	}
	if p.tooLong = p.tooLong || len(p.growing)+len(l.GetBody()) > p.whole; p.tooLong {
		p.growing, p.tooLong = nil, l.GetMore()
		return nil
	}
	p.growing = append(p.growing, l.GetBody()...)
	if l.GetMore() {
		return nil
	}
	l.Body, p.growing = p.growing, nil
	return l
}

// acknowledge forgets what the peer has delivered up to n.
func (p *post) acknowledge(n uint64, now time.Time) {
	if len(p.flight) == 0 || n < p.flight[0].n || n > p.last {
		return
	}
	k := int(n - p.flight[0].n + 1)
	for _, f := range p.flight[:k] {
		p.flying -= f.to - f.from
		if f.of != nil && f.last {
			p.bytes -= len(f.of.body)
			p.waiting[0] = nil
			p.waiting = p.waiting[1:]
			p.numbered--
		}
	}
	p.flight = slices.Delete(p.flight, 0, k)
	p.sent = max(0, p.sent-k)
	p.moved = now
}

// overdue asks the peer where it is when nothing moved for a while. While it keeps silent, the same question is asked again.
func (p *post) overdue(now time.Time) {
	if len(p.flight) > 0 && now.Sub(p.moved) >= p.patience && now.Sub(p.askedAt) >= p.patience {
		p.ask(now)
	}
}

// ask asks at once: the connection is new.
func (p *post) ask(now time.Time) {
	if len(p.flight) == 0 {
		return
	}
	if !p.asking {
		p.asked++
	}
	p.asking, p.askDue, p.askedAt = true, true, now
}

// begin starts the exchange with a new life of the peer. What waits is kept for it and gets new numbers, or is returned.
func (p *post) begin(incarnation string, keep bool) (dropped []*letter) {
	waiting := p.waiting
	*p = post{limits: p.limits, own: p.own, peer: incarnation}
	if !keep {
		return waiting
	}
	for _, l := range waiting {
		l.cut, l.begun = 0, false
		p.bytes += len(l.body)
	}
	p.waiting = waiting
	return nil
}

// abandon gives up everything that waits. What is in flight may have arrived; its numbers stay, without their letters.
func (p *post) abandon() (dropped []*letter) {
	dropped = p.waiting
	halfway := p.numbered < len(p.waiting) && p.waiting[p.numbered].begun
	for i, f := range p.flight {
		p.flight[i] = part{n: f.n}
	}
	if halfway {
		p.last++
		p.flight = append(p.flight, part{n: p.last})
	}
	p.waiting, p.bytes, p.numbered, p.flying = nil, 0, 0, 0
	return dropped
}
