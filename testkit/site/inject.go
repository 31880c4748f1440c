package site

import (
	"fmt"
	"slices"
	"time"
)

// CreateOwner makes an owner, by default with three works, some comments, conversations and notices.
func (s *Site) CreateOwner(n NewOwner) (Owner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.createOwner(n).row(), nil
}

// AddWork publishes a work of an owner.
func (s *Site) AddWork(n NewWork) (Work, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(n.Owner)
	if err != nil {
		return Work{}, err
	}
	k := s.world.addWork(o, n.Title, n.Desc, s.world.when(n.At))
	if !n.Silent {
		s.push(o, "work", map[string]any{"works": rowsOf[*work, Work]([]*work{k})})
	}
	return k.row(), nil
}

// AddComment writes a comment under a work, or a reply to a comment or reply.
func (s *Site) AddComment(n NewComment) (Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, parent := s.world.works[n.Work], s.world.comments[n.ReplyTo]
	switch {
	case n.ReplyTo != "" && parent == nil:
		return Comment{}, fmt.Errorf("comment %q: %w", n.ReplyTo, errGone)
	case parent != nil:
		k = parent.work
	case k == nil:
		return Comment{}, fmt.Errorf("work %q: %w", n.Work, errGone)
	}
	author, err := s.world.visitor(n.AuthorID, n.Author)
	if err != nil {
		return Comment{}, err
	}
	c := s.world.addComment(k, parent, author, n.Text, s.world.when(n.At))
	if !n.Silent {
		s.pushComment(c)
	}
	return c.row(), nil
}

// AddMessage writes a private message between an owner and a visitor.
func (s *Site) AddMessage(n NewMessage) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(n.Owner)
	if err != nil {
		return Message{}, err
	}
	peer, err := s.world.visitor(n.AuthorID, n.Author)
	if err != nil {
		return Message{}, err
	}
	m := s.world.addMessage(o, peer, n.FromOwner, n.Text, s.world.when(n.At))
	m.image = n.Image
	if !n.Silent {
		s.pushMessage(m)
	}
	return m.row(), nil
}

// AddNotification gives an owner a notice.
func (s *Site) AddNotification(n NewNotification) (Notification, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(n.Owner)
	if err != nil {
		return Notification{}, err
	}
	from, err := s.world.visitor("", n.Author)
	if err != nil {
		return Notification{}, err
	}
	it := s.world.addNotice(o, from, n.Type, n.Text, s.world.when(n.At))
	it.relatedID, it.relatedKind = n.RelatedID, n.RelatedKind
	if !n.Silent {
		s.push(o, "notification", map[string]any{"notifications": []Notification{it.row()}})
	}
	return it.row(), nil
}

// Delete removes a work with its comments, a comment with all below it, a message or a notice. Open pages
// are told.
func (s *Site) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	var kind string
	var o *owner
	switch {
	case w.works[id] != nil:
		kind, o = "work", w.works[id].owner
		w.deleteWork(w.works[id])
	case w.comments[id] != nil:
		kind, o = "comment", w.comments[id].work.owner
		w.deleteComment(w.comments[id])
	case w.messages[id] != nil:
		kind, o = "message", w.messages[id].conv.owner
		w.deleteMessage(w.messages[id])
	case w.notices[id] != nil:
		n := w.notices[id]
		kind, o = "notification", n.owner
		o.notices = remove(o.notices, n)
		delete(w.notices, id)
	default:
		return fmt.Errorf("item %q: %w", id, errGone)
	}
	s.push(o, "delete", map[string]any{"kind": kind, "id": id})
	return nil
}

// Rename gives an owner or visitor another nickname.
func (s *Site) Rename(uid, nickname string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.world.people[uid]
	if !ok {
		return fmt.Errorf("person %q: %w", uid, errGone)
	}
	p.nickname = nickname
	return nil
}

// Recall takes a private message back; its row stays, without its text.
func (s *Site) Recall(messageID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.world.messages[messageID]
	if !ok {
		return fmt.Errorf("message %q: %w", messageID, errGone)
	}
	m.recalled = true
	m.seq = s.world.change()
	m.conv.seq = m.seq
	s.pushMessage(m)
	return nil
}

// CloseComments closes or opens a work for comments.
func (s *Site) CloseComments(workID string, closed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.world.works[workID]
	if !ok {
		return fmt.Errorf("work %q: %w", workID, errGone)
	}
	k.closed = closed
	k.seq = s.world.change()
	return nil
}

// Fill gives an owner many made-up items at once, without pushes.
func (s *Site) Fill(f Fill) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.world.mustOwn(f.Owner)
	if err != nil {
		return err
	}
	s.world.fill(o, f)
	return nil
}

// Owners lists all owners, oldest first.
func (s *Site) Owners() []Owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rowsOf[*owner, Owner](s.world.owners)
}

// Works lists an owner's works, oldest first.
func (s *Site) Works(ownerID string) []Work {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(ownerID)
	if o == nil {
		return nil
	}
	return rowsOf[*work, Work](o.works)
}

// Comments lists everything written under a work, all levels, oldest first.
func (s *Site) Comments(workID string) []Comment {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.world.works[workID]
	if k == nil {
		return nil
	}
	return rowsOf[*comment, Comment](k.comments)
}

// Messages lists an owner's private messages with all visitors, oldest first in each conversation.
func (s *Site) Messages(ownerID string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(ownerID)
	if o == nil {
		return nil
	}
	var rows []Message
	for _, c := range o.convs {
		rows = append(rows, rowsOf[*message, Message](c.messages)...)
	}
	return rows
}

// Notifications lists an owner's notices, oldest first.
func (s *Site) Notifications(ownerID string) []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(ownerID)
	if o == nil {
		return nil
	}
	return rowsOf[*notice, Notification](o.notices)
}

func (w *world) createOwner(n NewOwner) *owner {
	name := n.Nickname
	if name == "" {
		name = fmt.Sprintf("沙盒创作者%d", len(w.owners)+1)
	}
	o := &owner{
		person: w.newPerson(name), signature: pick(w.rng, signatures),
		followers: 800 + w.rng.Int64N(9000), following: 20 + w.rng.Int64N(200),
	}
	w.owners = append(w.owners, o)
	if !n.Empty {
		w.fill(o, Fill{Works: 3, Comments: 14, Conversations: 4, Messages: 9, Notifications: 5})
	}
	return o
}

func (w *world) addWork(o *owner, title, desc string, at time.Time) *work {
	views := 500 + w.rng.Int64N(50_000)
	likes := views / (8 + w.rng.Int64N(30))
	k := &work{id: w.id(), title: title, desc: desc, at: at, seq: w.change(), owner: o, stats: Stats{
		Views: views, Likes: likes, Shares: likes / 9, Favorites: likes / 4, Danmaku: likes / 20, LikeRate: float64(likes) / float64(views),
		CompletionRate: 0.1 + 0.5*w.rng.Float64(), AvgViewSecond: 5 + 30*w.rng.Float64(),
	}}
	w.works[k.id] = k
	o.works = insert(o.works, k)
	return k
}

// addComment hangs a comment below parent, or below the work when parent is nil.
func (w *world) addComment(k *work, parent *comment, author *person, text string, at time.Time) *comment {
	c := &comment{id: w.id(), text: text, at: at, seq: w.change(), work: k, author: author, parent: parent}
	if parent != nil {
		c.root = parent
		if parent.root != nil {
			c.root = parent.root
		}
		c.root.seq, parent.seq = c.seq, c.seq // their reply_count changed
	}
	w.comments[c.id] = c
	k.comments = insert(k.comments, c)
	k.stats.Comments, k.seq = int64(len(k.comments)), c.seq
	return c
}

func (w *world) addMessage(o *owner, peer *person, fromOwner bool, text string, at time.Time) *message {
	conv := o.conversation(peer.uid)
	if conv == nil {
		conv = &conversation{owner: o, peer: peer, created: at}
		o.convs = append(o.convs, conv)
	}
	m := &message{id: w.id(), text: text, at: at, seq: w.change(), conv: conv, fromOwner: fromOwner}
	w.messages[m.id] = m
	conv.messages = insert(conv.messages, m)
	conv.seq = m.seq
	if !fromOwner {
		conv.unread++
	}
	return m
}

func (w *world) addNotice(o *owner, from *person, kind, text string, at time.Time) *notice {
	n := &notice{id: w.id(), kind: kind, text: text, at: at, seq: w.change(), owner: o, from: from}
	w.notices[n.id] = n
	o.notices = insert(o.notices, n)
	return n
}

func (w *world) deleteWork(k *work) {
	for _, c := range k.comments {
		delete(w.comments, c.id)
	}
	k.owner.works = remove(k.owner.works, k)
	delete(w.works, k.id)
}

func (w *world) deleteComment(c *comment) {
	below := func(o *comment) bool {
		for ; o != nil; o = o.parent {
			if o == c {
				return true
			}
		}
		return false
	}
	k := c.work
	k.comments = slices.DeleteFunc(k.comments, func(o *comment) bool {
		if below(o) {
			delete(w.comments, o.id)
			return true
		}
		return false
	})
	k.seq = w.change()
	k.stats.Comments = int64(len(k.comments))
	if c.root != nil {
		c.root.seq, c.parent.seq = k.seq, k.seq
	}
}

func (w *world) deleteMessage(m *message) {
	conv := m.conv
	conv.messages = remove(conv.messages, m)
	conv.seq = w.change()
	if len(conv.messages) == 0 {
		conv.owner.convs = remove(conv.owner.convs, conv)
	}
	delete(w.messages, m.id)
}
