package douyin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"troupe/testkit/site/stage"
)

// world is everything that stands on the site. It has no lock of its own: Site.mu guards it.
type world struct {
	clock func() time.Time
	rng   *rand.Rand
	ids   int64
	seq   int64 // grows with every message; cursors of the increment are its values

	people   map[string]*person
	owners   []*owner // oldest first, as are all slices here
	works    map[string]*work
	comments map[string]*comment
	convs    map[string]*conversation
	messages map[string]*message
	notices  map[string]*notice
}

type person struct{ uid, nickname, uniqueID string }

// sec is the opaque id of the same person; the others are those of works, comments and users in the older API.
func (p *person) sec() string  { return "MS4wLjABAAAA" + opaque("s", p.uid) }
func (p *person) open() string { return "@k/" + opaque("u", p.uid)[:32] + "==" }

type owner struct {
	*person
	signature       string
	fans, following int64
	works           []*work
	convs           []*conversation
	notices         []*notice
	captcha         string // "" overlay page text sms
	limits          map[string]bool
	card            bool // over: pages show the login card under their own address
}

type work struct {
	id, title, desc           string
	kind                      int // aweme_type
	at                        time.Time
	owner                     *owner
	private, closed, checking bool
	plays, likes, shares      int64
	collects                  int64
	comments                  []*comment
}

func (k *work) opaque() string { return "@i/" + opaque("i", k.id)[:36] + "==" }

type comment struct {
	id, text     string
	image        bool
	at           time.Time
	work         *work
	author       *person
	root, parent *comment // nil on level 1
	likes        int64
	hidden       bool
}

func (c *comment) opaque() string { return "@j/" + opaque("j", c.id)[:36] + "==" }

func (c *comment) level() int {
	switch {
	case c.root == nil:
		return 1
	case c.parent == c.root:
		return 2
	}
	return 3
}

func (c *comment) own() bool { return c.author == c.work.owner.person }

// replies counts what stands below it, at all levels.
func (c *comment) replies() (n int) {
	for _, other := range c.work.comments {
		if other.root == c {
			n++
		}
	}
	return n
}

type conversation struct {
	id, shortID string
	owner       *owner
	peer        *person // of a group: who wrote last
	group       bool
	stranger    bool
	readIndex   int64
	messages    []*message
}

func (c *conversation) last() *message { return c.messages[len(c.messages)-1] }

type message struct {
	id       string
	kind     int
	content  string // JSON
	at       time.Time
	index    int64
	seq      int64
	conv     *conversation
	sender   *person
	clientID string
	recalled bool
}

// The types of notices that are known.
const (
	noticeComment = 31
	noticeMention = 32
	noticeFollow  = 33
	noticeLike    = 41
)

type notice struct {
	id      string
	kind    int
	at      time.Time
	owner   *owner
	from    *person
	work    *work
	comment *comment
	text    string // of a general notice
}

func newWorld(clock func() time.Time, seed uint64) *world {
	return &world{
		clock: clock, rng: rand.New(rand.NewPCG(seed, 0xd09)), people: map[string]*person{}, works: map[string]*work{},
		comments: map[string]*comment{}, convs: map[string]*conversation{}, messages: map[string]*message{}, notices: map[string]*notice{},
	}
}

// opaque makes the part of an opaque id that nobody can read: 43 characters.
func opaque(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + id))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// id makes a 19-digit id, larger than every one before.
func (w *world) id() string {
	w.ids += 1 + w.rng.Int64N(1_000_000)
	return strconv.FormatInt(7_560_000_000_000_000_000+w.ids, 10)
}

// when is at, or now if at is zero.
func (w *world) when(at time.Time) time.Time {
	if at.IsZero() {
		return w.clock()
	}
	return at
}

func (w *world) newPerson(nickname string) *person {
	n := len(w.people)
	p := &person{uid: strconv.Itoa(3_900_000_000_001 + n*7919), nickname: nickname, uniqueID: strconv.Itoa(58_200_001 + n*31)}
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
	i := slices.IndexFunc(w.owners, func(o *owner) bool { return o.uid == uid })
	if i < 0 {
		return nil
	}
	return w.owners[i]
}

// work finds one of o's works by its numeric or its opaque id.
func (o *owner) work(id string) *work {
	i := slices.IndexFunc(o.works, func(k *work) bool { return k.id == id || k.opaque() == id })
	if i < 0 {
		return nil
	}
	return o.works[i]
}

// comment finds one of k's comments by its numeric or its opaque id.
func (k *work) comment(id string) *comment {
	i := slices.IndexFunc(k.comments, func(c *comment) bool { return c.id == id || c.opaque() == id })
	if i < 0 {
		return nil
	}
	return k.comments[i]
}

// conversation finds o's chat with a person.
func (o *owner) conversation(peer *person) *conversation {
	i := slices.IndexFunc(o.convs, func(c *conversation) bool { return c.peer == peer && !c.group })
	if i < 0 {
		return nil
	}
	return o.convs[i]
}

// conversationID is how a chat of two is named: the smaller uid first.
func conversationID(a, b string) string {
	if len(a) > len(b) || len(a) == len(b) && a > b {
		a, b = b, a
	}
	return strings.Join([]string{"0", "1", a, b}, ":")
}

// unread counts the peer's messages after the read index.
func (c *conversation) unread() (n int) {
	for _, m := range c.messages {
		if m.index > c.readIndex && m.sender != c.owner.person && m.kind < firstCommand {
			n++
		}
	}
	return n
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
