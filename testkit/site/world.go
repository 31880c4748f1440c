package site

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"troupe/testkit/site/stage"
)

// errGone is the site's answer to an id that does not exist, or no longer.
var errGone = stage.ErrGone

// world is everything that stands on the site. It has no lock of its own: Site.mu guards it.
type world struct {
	clock func() time.Time
	rng   *rand.Rand
	seq   uint64 // grows with every change; a list's since is one of its values
	ids   int64

	people   map[string]*person
	owners   []*owner // oldest first
	works    map[string]*work
	comments map[string]*comment
	messages map[string]*message
	notices  map[string]*notice
}

type person struct {
	uid, nickname string
}

type owner struct {
	*person
	signature            string
	followers, following int64

	works   []*work // oldest first, as are all slices here
	convs   []*conversation
	notices []*notice

	captcha, postsLimited, listsLimited, changed bool // faults
	uploadsEnded                                 bool // its pages are told to upload no more
	mischief                                     string
}

type work struct {
	id, title, desc string
	at              time.Time
	seq             uint64
	owner           *owner
	closed          bool
	stats           Stats
	comments        []*comment // of all levels
}

type comment struct {
	id, text     string
	at           time.Time
	seq          uint64
	work         *work
	author       *person
	root, parent *comment // nil on level 1
	likes        int64
}

type conversation struct {
	owner    *owner
	peer     *person
	created  time.Time
	seq      uint64
	unread   int64
	messages []*message
}

type message struct {
	id, text        string
	at              time.Time
	seq             uint64
	conv            *conversation
	fromOwner       bool
	image, recalled bool
}

type notice struct {
	id, kind, text         string
	relatedID, relatedKind string
	at                     time.Time
	seq                    uint64
	owner                  *owner
	from                   *person
}

func newWorld(clock func() time.Time, seed uint64) *world {
	return &world{
		clock: clock, rng: rand.New(rand.NewPCG(seed, 0x5a4d)), people: map[string]*person{}, works: map[string]*work{},
		comments: map[string]*comment{}, messages: map[string]*message{}, notices: map[string]*notice{},
	}
}

// id makes a 19-digit item id, larger than every one before.
func (w *world) id() string {
	w.ids += 1 + w.rng.Int64N(1_000_000)
	return strconv.FormatInt(7_300_000_000_000_000_000+w.ids, 10)
}

// change counts one change and returns its number.
func (w *world) change() uint64 {
	w.seq++
	return w.seq
}

// when is at, or now if at is zero.
func (w *world) when(at time.Time) time.Time {
	if at.IsZero() {
		return w.clock()
	}
	return at
}

func (w *world) newPerson(nickname string) *person {
	p := &person{uid: strconv.Itoa(200_000_000_001 + len(w.people)), nickname: nickname}
	w.people[p.uid] = p
	return p
}

// visitor finds a person by uid, or a visitor by name, or makes one of that name.
func (w *world) visitor(uid, name string) (*person, error) {
	if uid != "" {
		p, ok := w.people[uid]
		if !ok {
			if name == "" {
				return nil, fmt.Errorf("person %s: %w", uid, errGone)
			}
			p = &person{uid: uid, nickname: name}
			w.people[uid] = p
		}
		return p, nil
	}
	if name == "" {
		return w.anyVisitor(), nil
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
	for _, o := range w.owners {
		if o.uid == uid {
			return o
		}
	}
	return nil
}

func (w *world) mustOwn(uid string) (*owner, error) {
	if o := w.owner(uid); o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("owner %q: %w", uid, errGone)
}

func (o *owner) conversation(peer string) *conversation {
	for _, c := range o.convs {
		if c.peer.uid == peer {
			return c
		}
	}
	return nil
}

func (o *owner) work(id string) *work {
	for _, k := range o.works {
		if k.id == id {
			return k
		}
	}
	return nil
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

func (c *conversation) last() *message { return c.messages[len(c.messages)-1] }

// insert keeps rows ordered by time, oldest first; equal times by arrival.
func insert[T item](rows []T, row T) []T {
	i := len(rows)
	for i > 0 && rows[i-1].order().After(row.order()) {
		i--
	}
	return slices.Insert(rows, i, row)
}

func remove[T comparable](rows []T, row T) []T {
	return slices.DeleteFunc(rows, func(r T) bool { return r == row })
}

func (p *person) row() User {
	return User{UID: p.uid, Nickname: p.nickname, Avatar: "https://" + hostImages + "/avatar/" + p.uid + ".svg"}
}

func (o *owner) row() Owner {
	return Owner{User: o.person.row(), Signature: o.signature, Followers: o.followers, Following: o.following, Works: int64(len(o.works))}
}

func (k *work) row() Work {
	return Work{
		ID: k.id, Title: k.title, Desc: k.desc, Cover: "https://" + hostImages + "/cover/" + k.id + ".svg",
		Video: "https://" + hostImages + "/video/" + k.id + ".mp4", URL: "https://" + hostPublic + "/work/" + k.id,
		CreateTime: k.at.Unix(), CommentClosed: k.closed, Author: k.owner.person.row(), Stats: k.stats,
	}
}

func (c *comment) row() Comment {
	r := Comment{
		ID: c.id, WorkID: c.work.id, Level: c.level(), Text: c.text, CreateTime: c.at.Unix(), Likes: c.likes,
		User: c.author.row(), IsAuthor: c.author == c.work.owner.person,
	}
	for _, other := range c.work.comments {
		if other.parent == c || other.root == c {
			r.Replies++
		}
	}
	if c.root != nil {
		r.RootID, r.ParentID = c.root.id, c.parent.id
	}
	if r.Level == 3 {
		r.ReplyTo = &ReplyTo{ID: c.parent.id, UID: c.parent.author.uid, Nickname: c.parent.author.nickname}
	}
	return r
}

func (c *conversation) row() Conversation {
	m := c.last().row()
	return Conversation{
		Peer:   c.peer.row(),
		Last:   LastMessage{ID: m.ID, Type: m.Type, Text: m.Text, CreateTime: m.CreateTime, FromMe: m.FromMe, Recalled: m.Recalled},
		Unread: c.unread, CreateTime: c.created.UnixMilli(), UpdateTime: m.CreateTime,
	}
}

func (m *message) row() Message {
	r := Message{
		ID: m.id, Peer: m.conv.peer.uid, From: m.conv.peer.row(), To: m.conv.owner.person.row(), FromMe: m.fromOwner,
		Type: "text", Text: m.text, CreateTime: m.at.UnixMilli(), Recalled: m.recalled,
	}
	if m.fromOwner {
		r.From, r.To = r.To, r.From
	}
	if m.image {
		r.Type, r.ImageURL = "image", "https://"+hostImages+"/photo/"+m.id+".png"
	}
	if m.recalled {
		r.Text, r.ImageURL = "", ""
	}
	return r
}

func (n *notice) row() Notification {
	return Notification{
		ID: n.id, Type: n.kind, Title: noticeTitle(n.kind), Text: n.text, CreateTime: n.at.Unix(),
		RelatedID: n.relatedID, RelatedKind: n.relatedKind, User: n.from.row(),
	}
}

func noticeTitle(kind string) string {
	switch kind {
	case "like":
		return "收到赞"
	case "follow":
		return "新增粉丝"
	case "comment":
		return "收到评论"
	case "mention":
		return "提到了你"
	}
	return "系统通知"
}
