package cluster

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"troupe/messages"
)

// story is two posts and the network between them. The left side is a worker, which keeps what waits for its master's next life;
// the right one is the master, which does not.
type story struct {
	now   time.Time
	sides [2]*side
	lives int
}

type side struct {
	*post
	name      string
	keep      bool
	inbox     []*messages.Letters // on the network, towards this side
	said      []uint64            // accepted, in order; not given up since
	heard     []uint64            // delivered in this life of the side, and of the other
	heardEver map[uint64]int      // how often delivered, to any life
	next      uint64
}

var small = limits{
	part: 16, parts: 3, window: 64, windowParts: 5, queue: 1 << 20, queueLetters: 1000, whole: 1 << 10,
	patience: time.Second, stale: 2 * time.Second,
}

func newStory() *story {
	s := &story{now: time.Unix(1_000_000, 0)}
	for i := range s.sides {
		s.sides[i] = &side{name: []string{"worker", "master"}[i], keep: i == 0, heardEver: map[uint64]int{}}
	}
	for i := range s.sides {
		s.sides[i].post = newPost(s.newLife(), small)
	}
	s.meet()
	return s
}

func (s *story) newLife() string { s.lives++; return fmt.Sprintf("life-%d", s.lives) }

// meet is a registration: each side learns which life of the other there is.
func (s *story) meet() {
	for i, me := range s.sides {
		if other := s.sides[1-i]; me.peer != other.own {
			me.begin(other.own, me.keep)
			me.heard = nil
			if !me.keep {
				me.said = nil
			}
		}
	}
}

// restart begins a new life of a side. What it had is lost; what is on the network is not.
func (s *story) restart(i int) {
	me := s.sides[i]
	me.post = newPost(s.newLife(), small)
	me.said, me.heard = nil, nil
	s.meet()
}

func body(id uint64, size int) []byte {
	b := binary.BigEndian.AppendUint64(nil, id)
	for i := range size {
		b = append(b, byte(id)+byte(i))
	}
	return b
}

func (s *story) say(i, size int) {
	me := s.sides[i]
	me.next++
	l := &letter{target: "t", kind: "k", body: body(me.next, size)}
	if me.put(l, s.now) == accepted {
		me.said = append(me.said, me.next)
	}
}

func (s *story) flush(i int) {
	s.sides[1-i].inbox = append(s.sides[1-i].inbox, s.sides[i].take(s.now, func(*letter) bool { return false })...)
}

// arrive delivers the k-th message of a side's inbox, leaving a copy there if it is doubled.
func (s *story) arrive(t *rapid.T, i, k int, doubled bool) {
	me, other := s.sides[i], s.sides[1-i]
	m := proto.Clone(me.inbox[k]).(*messages.Letters)
	if !doubled {
		me.inbox = slices.Delete(me.inbox, k, k+1)
	}
	whole, _ := me.receive(m, s.now)
	for _, l := range whole {
		id := binary.BigEndian.Uint64(l.GetBody())
		if want := body(id, len(l.GetBody())-8); !slices.Equal(want, l.GetBody()) {
			t.Fatalf("%s got letter %d changed", me.name, id)
		}
		if n := len(me.heard); n > 0 && id <= me.heard[n-1] {
			t.Fatalf("%s heard %d after %d in one life", me.name, id, me.heard[n-1])
		}
		me.heard = append(me.heard, id)
		me.heardEver[id]++
		if !other.keep && me.heardEver[id] > 1 {
			t.Fatalf("%s heard %d twice", me.name, id)
		}
	}
}

func (s *story) tick(d time.Duration) {
	s.now = s.now.Add(d)
	for i := range s.sides {
		s.sides[i].overdue(s.now)
	}
}

// heal lets everything through, in order, until nobody has anything to send.
func (s *story) heal(t *rapid.T) {
	for range 1000 {
		s.tick(1100 * time.Millisecond)
		for i := range s.sides {
			s.flush(i)
		}
		for i := range s.sides {
			for len(s.sides[i].inbox) > 0 {
				s.arrive(t, i, 0, false)
			}
		}
		if len(s.sides[0].flight)+len(s.sides[1].flight) == 0 && len(s.sides[0].waiting)+len(s.sides[1].waiting) == 0 {
			return
		}
	}
	t.Fatalf("the sides are still not done: %d and %d letters wait", len(s.sides[0].waiting), len(s.sides[1].waiting))
}

// TestPartsOfALetterThatWasGivenUpMakeNoLetter: its number may arrive without it, and copies of its other parts from before.
func TestPartsOfALetterThatWasGivenUpMakeNoLetter(t *testing.T) {
	me := newPost("me", small)
	me.begin("peer", true)
	whole, ok := me.receive(&messages.Letters{FromIncarnation: "peer", ToIncarnation: "me", Letters: []*messages.Letter{
		{N: 1, Target: "t", Body: []byte("beginning"), More: true},
		{N: 2},
		{N: 3, Target: "t", Body: []byte("middle"), More: true, Continues: true},
		{N: 4, Target: "t", Body: []byte("end"), Continues: true},
		{N: 5, Target: "t", Body: []byte("another")},
	}}, time.Time{})
	if !ok || len(whole) != 1 || string(whole[0].GetBody()) != "another" {
		t.Errorf("%v %v", whole, ok)
	}
}

// TestEveryLetterArrivesOnceAndInOrder over random histories: messages that are lost, doubled and late, both sides restarting,
// and letters given up.
func TestEveryLetterArrivesOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStory()
		which := rapid.IntRange(0, 1)
		t.Repeat(map[string]func(*rapid.T){
			"say":   func(t *rapid.T) { s.say(which.Draw(t, "side"), rapid.IntRange(0, 100).Draw(t, "size")) },
			"flush": func(t *rapid.T) { s.flush(which.Draw(t, "side")) },
			"arrive": func(t *rapid.T) {
				i := which.Draw(t, "side")
				if n := len(s.sides[i].inbox); n > 0 {
					k := rapid.SampledFrom([]int{0, 0, 0, n / 2, n - 1}).Draw(t, "k")
					s.arrive(t, i, k, rapid.IntRange(0, 9).Draw(t, "doubled") == 0)
				}
			},
			"lose": func(t *rapid.T) {
				i := which.Draw(t, "side")
				if n := len(s.sides[i].inbox); n > 0 {
					s.sides[i].inbox = slices.Delete(s.sides[i].inbox, n/2, n/2+1)
				}
			},
			"tick": func(t *rapid.T) { s.tick(time.Duration(rapid.IntRange(1, 1500).Draw(t, "ms")) * time.Millisecond) },
			"restart": func(t *rapid.T) {
				if i := which.Draw(t, "side"); rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					s.restart(i)
				}
			},
			"connect": func(t *rapid.T) { s.sides[which.Draw(t, "side")].ask(s.now) },
			"give up": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					s.sides[1].abandon()
					s.sides[1].said = nil
				}
			},
		})
		s.heal(t)
		for i, me := range s.sides {
			for _, id := range me.said {
				if s.sides[1-i].heardEver[id] == 0 {
					t.Fatalf("letter %d of the %s never arrived", id, me.name)
				}
			}
			if me.bytes != 0 || me.flying != 0 || me.numbered != 0 {
				t.Fatalf("the %s still counts %d bytes, %d in flight, %d numbered", me.name, me.bytes, me.flying, me.numbered)
			}
		}
	})
}

func TestWindowIsBounded(t *testing.T) {
	s := newStory()
	for range 100 {
		s.say(0, 30)
	}
	s.flush(0)
	me := s.sides[0]
	if len(me.flight) > small.windowParts || me.flying > small.window+small.part {
		t.Errorf("%d letters and %d bytes are in flight", len(me.flight), me.flying)
	}
	for _, m := range s.sides[1].inbox {
		size := 0
		for _, l := range m.GetLetters() {
			size += len(l.GetBody())
		}
		if size > small.part || len(m.GetLetters()) > small.parts {
			t.Errorf("one page has %d letters of %d bytes", len(m.GetLetters()), size)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	p := newPost("a", limits{part: 16, queue: 100, queueLetters: 3, stale: time.Second})
	put := func(size int) fate { return p.put(&letter{body: make([]byte, size)}, time.Time{}) }
	for i, c := range []struct {
		size int
		want fate
	}{{60, accepted}, {60, refused}, {20, accepted}, {0, accepted}, {0, refused}} {
		if got := put(c.size); got != c.want {
			t.Errorf("letter %d of %d bytes: %v, want %v", i, c.size, got, c.want)
		}
	}
}

// TestOutageDoesNotFillTheQueue with what its senders repeat: one of them waits, to find out when the peer is back.
func TestOutageDoesNotFillTheQueue(t *testing.T) {
	s := newStory()
	me := s.sides[0]
	taken := 0
	for range 600 { // ten minutes
		s.tick(time.Second)
		if me.put(&letter{body: body(1, 30), repeats: true}, s.now) == accepted {
			taken++
		}
		s.flush(0)
		s.sides[1].inbox = nil
	}
	if taken > 3 {
		t.Errorf("%d letters were taken in while nothing went through", taken)
	}
	if me.put(&letter{body: body(2, 1)}, s.now) != accepted {
		t.Error("a letter that nobody repeats was not kept")
	}
}

// TestRequestsThatNobodyWaitsForAreNotSentLate, as long as they had not begun to travel.
func TestRequestsThatNobodyWaitsForAreNotSentLate(t *testing.T) {
	p := newPost("a", small)
	for _, sender := range []string{"future1", "actor", "future2"} {
		p.put(&letter{target: "t", sender: sender, body: []byte(sender)}, time.Time{})
	}
	p.begin("b", true)
	pages := p.take(time.Time{}, func(l *letter) bool { return l.sender == "future1" })
	var got []string
	for _, m := range pages {
		for _, l := range m.GetLetters() {
			got = append(got, l.GetSender())
		}
	}
	if !slices.Equal(got, []string{"actor", "future2"}) {
		t.Errorf("sent %v", got)
	}
}

// TestLetterGivenUpHalfwayLeavesNothingBehind in the letter after it.
func TestLetterGivenUpHalfwayLeavesNothingBehind(t *testing.T) {
	s := newStory()
	from, to := s.sides[1], s.sides[0]
	s.say(1, 100)
	exchange := func() (whole []*messages.Letter) {
		s.flush(1)
		for _, m := range to.inbox {
			w, _ := to.receive(m, s.now)
			whole = append(whole, w...)
		}
		to.inbox = nil
		for _, m := range to.take(s.now, nil) {
			from.receive(m, s.now)
		}
		return whole
	}
	if got := exchange(); len(got) > 0 || len(from.flight) > 0 {
		t.Fatalf("%d letters are whole, %d parts in flight", len(got), len(from.flight))
	}
	from.abandon()
	from.put(&letter{target: "t", body: []byte("next")}, s.now)
	if got := exchange(); len(got) != 1 || string(got[0].GetBody()) != "next" {
		t.Errorf("got %v", got)
	}
}

func TestTooLongLetterIsSkippedWhole(t *testing.T) {
	p := newPost("b", small)
	p.begin("a", false)
	m := &messages.Letters{FromIncarnation: "a", ToIncarnation: "b"}
	for n := range uint64(100) {
		m.Letters = append(m.Letters, &messages.Letter{N: n + 1, Target: "t", Body: make([]byte, 16), More: n < 99})
	}
	m.Letters = append(m.Letters, &messages.Letter{N: 101, Target: "t", Body: []byte("next")})
	whole, ok := p.receive(m, time.Time{})
	if !ok || len(whole) != 1 || string(whole[0].GetBody()) != "next" {
		t.Errorf("got %v, %t", whole, ok)
	}
}
