package xiaohongshu

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"troupe/testkit/site/stage"
)

// world is everything that stands on the site. It has no lock of its own: Site.mu guards it.
type world struct {
	clock func() time.Time
	rng   *rand.Rand
	ids   int64

	people   map[string]*person
	owners   []*owner // oldest first, as are all slices here
	notes    map[string]*note
	comments map[string]*comment
	convs    map[string]*conversation
	messages map[string]*message
	mentions map[string]*mention
}

type person struct{ uid, nickname, redID string }

type owner struct {
	*person
	desc          string
	fans, follows int64
	liked         int64
	notes         []*note
	convs         []*conversation
	mentions      []*mention
	risk          string // see risks
	limits        map[string]bool
}

type note struct {
	id, title, desc string
	video           bool
	at              time.Time
	owner           *owner
	state           string // see noteStates
	views, likes    int64
	collects        int64
	shares          int64
	comments        []*comment
}

// token is what a note's address must carry.
func (n *note) token() string { return "AB" + opaque("note", n.id) + "=" }

type comment struct {
	id, text     string
	picture      bool
	at           time.Time
	note         *note
	author       *person
	root, parent *comment // nil on level 1
	likes        int64
	status       string // "" = NORMAL; else it is shown nowhere but in mentions
}

func (c *comment) level() int {
	switch {
	case c.root == nil:
		return 1
	case c.parent == c.root:
		return 2
	}
	return 3
}

func (c *comment) own() bool { return c.author == c.note.owner.person }

// below lists what stands under a comment of level 1, oldest first.
func (c *comment) below() []*comment {
	return slices.DeleteFunc(slices.Clone(c.note.comments), func(o *comment) bool { return o.root != c || o.status != "" })
}

// The kinds of conversations, as data-conv-kind has them.
const (
	kindUser     = "user"
	kindGroup    = "group"
	kindOfficial = "official"
)

type conversation struct {
	id, kind  string
	owner     *owner
	peer      *person // of a group: the group itself
	stranger  bool    // the peer does not follow: one text until an answer
	readStore int64
	messages  []*message
}

func (c *conversation) last() *message { return c.messages[len(c.messages)-1] }

// unread counts the others' messages after the read mark.
func (c *conversation) unread() (n int) {
	for _, m := range c.messages {
		if m.store > c.readStore && m.sender != c.owner.person && m.kind != typeHint {
			n++
		}
	}
	return n
}

// exhausted says whether a stranger's conversation takes no more text from the owner: one in 24 hours, until an answer.
func (c *conversation) exhausted(now time.Time) bool {
	if !c.stranger {
		return false
	}
	for i := len(c.messages) - 1; i >= 0; i-- {
		switch m := c.messages[i]; {
		case m.kind == typeHint:
		case m.sender != c.owner.person:
			return false
		case m.kind == typeText:
			return now.Sub(m.at) < 24*time.Hour
		}
	}
	return false
}

type message struct {
	id      string
	kind    int
	content string // what the row's content has in it: text, or nested JSON
	at      time.Time
	store   int64
	conv    *conversation
	sender  *person
	revoked bool
	ref     *message
}

// The types of mentions.
const (
	mentionComment = "comment/item"    // of my note
	mentionReply   = "comment/comment" // to my comment
	mentionLike    = "like/item"
	mentionFaved   = "faved/item"
	mentionFollow  = "follow/you"
)

type mention struct {
	id, kind string
	at       time.Time
	owner    *owner
	from     *person
	note     *note
	comment  *comment
	seen     bool
}

func newWorld(clock func() time.Time, seed uint64) *world {
	return &world{
		clock: clock, rng: rand.New(rand.NewPCG(seed, 0x2ed)), people: map[string]*person{}, notes: map[string]*note{},
		comments: map[string]*comment{}, convs: map[string]*conversation{}, messages: map[string]*message{}, mentions: map[string]*mention{},
	}
}

// opaque makes what nobody can read: 43 characters.
func opaque(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + id))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// hex makes an id of 24 hexadecimal digits, larger than every one before.
func (w *world) hex() string {
	w.ids += 1 + w.rng.Int64N(1000)
	return fmt.Sprintf("%08x%016x", 0x68a00000+w.ids, w.rng.Uint64())
}

// long makes a 19-digit id, larger than every one before.
func (w *world) long() string {
	w.ids += 1 + w.rng.Int64N(1000)
	return strconv.FormatInt(7_560_000_000_000_000_000+w.ids*997, 10)
}

// when is at, or now if at is zero.
func (w *world) when(at time.Time) time.Time {
	if at.IsZero() {
		return w.clock()
	}
	return at
}

func (w *world) newPerson(nickname string) *person {
	p := &person{uid: w.hex(), nickname: nickname, redID: strconv.Itoa(940_000_001 + len(w.people)*31)}
	w.people[p.uid] = p
	return p
}

// visitor finds a person by uid, or a visitor by name, or makes one of that name.
func (w *world) visitor(uid, name string) (*person, error) {
	if uid != "" {
		if p := w.people[uid]; p != nil {
			return p, nil
		}
		return nil, fmt.Errorf("person %q: %w", uid, stage.ErrGone)
	}
	if name == "" {
		name = pick(w.rng, names)
	}
	var found *person
	for _, p := range w.people {
		if p.nickname == name && w.owner(p.uid) == nil && (found == nil || p.uid < found.uid) {
			found = p
		}
	}
	if found == nil {
		found = w.newPerson(name)
	}
	return found, nil
}

func (w *world) owner(uid string) *owner {
	return find(w.owners, func(o *owner) bool { return o.uid == uid })
}

func (o *owner) conversation(peer *person) *conversation {
	return find(o.convs, func(c *conversation) bool { return c.peer == peer })
}

// find is the first row that is asked for, or nil.
func find[T any](rows []*T, is func(*T) bool) *T {
	i := slices.IndexFunc(rows, is)
	if i < 0 {
		return nil
	}
	return rows[i]
}

// insertByTime keeps rows ordered by time, oldest first; equal times by arrival.
func insertByTime[T any](rows []T, row T, at func(T) time.Time) []T {
	i := len(rows)
	for i > 0 && at(rows[i-1]).After(at(row)) {
		i--
	}
	return slices.Insert(rows, i, row)
}

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }
