package douyin

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"troupe/testkit/site/stage"
)

// CreateOwner makes an owner, by default with some works, comments, notices, and conversations: among them two of the
// same name and one without a name.
func (s *Site) CreateOwner(n NewOwner) (Owner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.createOwner(n).row(), nil
}

// AddWork publishes a work of an owner.
func (s *Site) AddWork(n NewWork) (Work, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(n.Owner)
	if o == nil {
		return Work{}, fmt.Errorf("owner %q: %w", n.Owner, stage.ErrGone)
	}
	k := s.world.addWork(o, n.Title, s.world.when(n.At))
	if n.Desc != "" {
		k.desc = n.Desc
	}
	k.kind, k.private, k.closed, k.checking = n.Type, n.Private, n.Closed, n.Checking
	return k.row(), nil
}

// EditWork changes a work.
func (s *Site) EditWork(e EditWork) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.world.works[e.Work]
	if k == nil {
		return fmt.Errorf("work %q: %w", e.Work, stage.ErrGone)
	}
	if e.Title != nil {
		k.title, k.desc = *e.Title, *e.Title
	}
	for flag, to := range map[*bool]*bool{&k.private: e.Private, &k.closed: e.Closed, &k.checking: e.Checking} {
		if to != nil {
			*flag = *to
		}
	}
	return nil
}

// AddComment writes a comment under a work, or a reply to a comment or reply.
func (s *Site) AddComment(n NewComment) (Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, parent := s.world.works[n.Work], s.world.comments[n.ReplyTo]
	switch {
	case n.ReplyTo != "" && parent == nil:
		return Comment{}, fmt.Errorf("comment %q: %w", n.ReplyTo, stage.ErrGone)
	case parent != nil:
		k = parent.work
	case k == nil:
		return Comment{}, fmt.Errorf("work %q: %w", n.Work, stage.ErrGone)
	}
	author, err := s.world.who(n.AuthorID, n.Author, n.NewName, n.NoName)
	if err != nil {
		return Comment{}, err
	}
	c := s.world.addComment(k, parent, author, n.Text, s.world.when(n.At))
	c.image = n.Image
	if !n.Silent && !c.own() {
		s.pushNotice(s.world.addNotice(k.owner, noticeComment, author, k, c, c.at))
	}
	return c.row(), nil
}

// EditComment gives a comment another text.
func (s *Site) EditComment(id, text string) error {
	return s.withComment(id, func(c *comment) { c.text = text })
}

// HideComment takes a comment out of the lists, as the platform's review does, or puts it back.
func (s *Site) HideComment(id string, hidden bool) error {
	return s.withComment(id, func(c *comment) { c.hidden = hidden })
}

func (s *Site) withComment(id string, do func(*comment)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.world.comments[id]
	if c == nil {
		return fmt.Errorf("comment %q: %w", id, stage.ErrGone)
	}
	do(c)
	return nil
}

// AddMessage writes a private message.
func (s *Site) AddMessage(n NewMessage) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(n.Owner)
	if o == nil {
		return Message{}, fmt.Errorf("owner %q: %w", n.Owner, stage.ErrGone)
	}
	peer, err := s.world.who(n.AuthorID, n.Author, n.NewName, n.NoName)
	if err != nil {
		return Message{}, err
	}
	conv := s.world.converse(o, peer)
	if n.Group != "" {
		if conv = s.world.groupOf(o, n.Group); conv == nil {
			return Message{}, fmt.Errorf("group %q: %w", n.Group, stage.ErrGone)
		}
	}
	conv.stranger = n.Stranger
	sender := peer
	if n.FromOwner {
		sender = o.person
	}
	m := s.world.addMessage(conv, sender, n.Type, n.Text, n.Content, s.world.when(n.At), n.Followed)
	if !n.Silent {
		s.pushMessage(m)
	}
	return m.row(), nil
}

// AddNotice gives an owner a notice.
func (s *Site) AddNotice(n NewNotice) (Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(n.Owner)
	if o == nil {
		return Notice{}, fmt.Errorf("owner %q: %w", n.Owner, stage.ErrGone)
	}
	from, err := s.world.visitor("", n.Author)
	if err != nil {
		return Notice{}, err
	}
	it := s.world.addNotice(o, n.Type, from, o.work(n.Work), nil, s.world.when(n.At))
	it.text = n.Text
	if !n.Silent {
		s.pushNotice(it)
	}
	return it.row(), nil
}

// Delete removes a work with its comments, a comment with all below it, a message or a notice.
func (s *Site) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	switch {
	case w.works[id] != nil:
		k := w.works[id]
		for _, c := range k.comments {
			delete(w.comments, c.id)
		}
		k.owner.works = without(k.owner.works, k)
		delete(w.works, id)
	case w.comments[id] != nil:
		w.deleteComment(w.comments[id])
	case w.messages[id] != nil:
		m := w.messages[id]
		m.conv.messages = without(m.conv.messages, m)
		if len(m.conv.messages) == 0 {
			m.conv.owner.convs = without(m.conv.owner.convs, m.conv)
			delete(w.convs, m.conv.id)
		}
		delete(w.messages, id)
	case w.notices[id] != nil:
		n := w.notices[id]
		n.owner.notices = without(n.owner.notices, n)
		delete(w.notices, id)
	default:
		return fmt.Errorf("item %q: %w", id, stage.ErrGone)
	}
	return nil
}

// Rename gives a person another nickname; open pages of owners show it at once.
func (s *Site) Rename(uid, nickname string) error {
	s.mu.Lock()
	p := s.world.people[uid]
	if p != nil {
		p.nickname = nickname
	}
	s.mu.Unlock()
	if p == nil {
		return fmt.Errorf("person %q: %w", uid, stage.ErrGone)
	}
	s.act("", fields{"act": "renamed", "uid": uid, "sec": p.sec(), "open": p.open(), "nickname": nickname})
	return nil
}

// Recall takes a private message back: it comes again, marked.
func (s *Site) Recall(messageID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.messages[messageID]
	if m == nil {
		return fmt.Errorf("message %q: %w", messageID, stage.ErrGone)
	}
	m.recalled, m.seq = true, s.world.change()
	s.pushMessage(m)
	return nil
}

func (w *world) change() int64 {
	w.seq++
	return w.seq
}

// who finds or makes a person as NewComment and NewMessage name one.
func (w *world) who(uid, name, newName string, noName bool) (*person, error) {
	if noName || newName != "" {
		return w.newPerson(newName), nil
	}
	return w.visitor(uid, name)
}

func (w *world) addWork(o *owner, title string, at time.Time) *work {
	if title == "" {
		title = pick(w.rng, titles)
	}
	plays := 500 + w.rng.Int64N(90_000)
	k := &work{id: w.id(), title: title, desc: title, at: at, owner: o, plays: plays, likes: plays / 23, shares: plays / 310, collects: plays / 97}
	w.works[k.id] = k
	o.works = insertByTime(o.works, k, func(k *work) time.Time { return k.at })
	return k
}

// addComment hangs a comment below parent, or below the work when parent is nil.
func (w *world) addComment(k *work, parent *comment, author *person, text string, at time.Time) *comment {
	c := &comment{id: w.id(), text: text, at: at, work: k, author: author, parent: parent}
	if parent != nil {
		c.root = parent
		if parent.root != nil {
			c.root = parent.root
		}
	}
	w.comments[c.id] = c
	k.comments = insertByTime(k.comments, c, func(c *comment) time.Time { return c.at })
	return c
}

func (w *world) deleteComment(c *comment) {
	k := c.work
	k.comments = slices.DeleteFunc(k.comments, func(o *comment) bool {
		for above := o; above != nil; above = above.parent {
			if above == c {
				delete(w.comments, o.id)
				return true
			}
		}
		return false
	})
}

// converse finds or makes o's chat with peer.
func (w *world) converse(o *owner, peer *person) *conversation {
	if c := o.conversation(peer); c != nil {
		return c
	}
	return w.newConversation(o, &conversation{id: conversationID(o.uid, peer.uid), peer: peer})
}

// groupOf finds a group of o, or makes one.
func (w *world) groupOf(o *owner, id string) *conversation {
	if id == "new" {
		return w.newConversation(o, &conversation{id: w.id(), group: true, peer: w.newPerson("粉丝群")})
	}
	c := w.convs[id]
	if c == nil || !c.group || c.owner != o {
		return nil
	}
	return c
}

func (w *world) newConversation(o *owner, c *conversation) *conversation {
	c.owner, c.shortID = o, w.id()
	o.convs = append(o.convs, c)
	w.convs[c.id] = c
	return c
}

func (w *world) addMessage(c *conversation, sender *person, kind int, text, content string, at time.Time, followed bool) *message {
	if kind == 0 {
		kind = typeText
	}
	m := &message{id: w.id(), kind: kind, content: content, at: at, seq: w.change(), conv: c, sender: sender}
	if m.content == "" {
		m.content = contentOf(kind, text, m.id, followed)
	}
	m.index = at.UnixMicro()
	if n := len(c.messages); n > 0 && m.index <= c.messages[n-1].index {
		m.index = c.messages[n-1].index + 1
	}
	m.clientID = "c" + strconv.FormatInt(m.index, 36)
	w.messages[m.id] = m
	c.messages = append(c.messages, m)
	return m
}

func (w *world) addNotice(o *owner, kind int, from *person, k *work, c *comment, at time.Time) *notice {
	n := &notice{id: w.id(), kind: kind, at: at, owner: o, from: from, work: k, comment: c}
	w.notices[n.id] = n
	o.notices = insertByTime(o.notices, n, func(n *notice) time.Time { return n.at })
	return n
}

func without[T comparable](rows []T, row T) []T {
	return slices.DeleteFunc(rows, func(r T) bool { return r == row })
}
