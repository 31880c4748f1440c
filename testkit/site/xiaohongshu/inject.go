package xiaohongshu

import (
	"fmt"
	"slices"
	"time"

	"troupe/testkit/site/stage"
)

// CreateOwner makes an owner, by default with some notes, comments, mentions, and conversations: among them two of the
// same name and one without a name.
func (s *Site) CreateOwner(n NewOwner) (Owner, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.createOwner(n).row(), nil
}

// AddNote publishes a note of an owner.
func (s *Site) AddNote(n NewNote) (Note, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(n.Owner)
	if o == nil {
		return Note{}, fmt.Errorf("owner %q: %w", n.Owner, stage.ErrGone)
	}
	if _, ok := noteStates[n.State]; !ok {
		return Note{}, fmt.Errorf("state %q: %w", n.State, stage.ErrBadParameter)
	}
	made := s.world.addNote(o, n.Title, s.world.when(n.At))
	if n.Desc != "" {
		made.desc = n.Desc
	}
	made.video, made.state = n.Video, n.State
	return made.row(), nil
}

// EditNote changes a note.
func (s *Site) EditNote(e EditNote) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.world.notes[e.Note]
	if n == nil {
		return fmt.Errorf("note %q: %w", e.Note, stage.ErrGone)
	}
	if e.State != nil {
		if _, ok := noteStates[*e.State]; !ok {
			return fmt.Errorf("state %q: %w", *e.State, stage.ErrBadParameter)
		}
		n.state = *e.State
	}
	if e.Title != nil {
		n.title = *e.Title
	}
	return nil
}

// AddComment writes a comment under a note, or a reply to a comment or reply.
func (s *Site) AddComment(n NewComment) (Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	under, parent := s.world.notes[n.Note], s.world.comments[n.ReplyTo]
	switch {
	case n.ReplyTo != "" && parent == nil:
		return Comment{}, fmt.Errorf("comment %q: %w", n.ReplyTo, stage.ErrGone)
	case parent != nil:
		under = parent.note
	case under == nil:
		return Comment{}, fmt.Errorf("note %q: %w", n.Note, stage.ErrGone)
	}
	author, err := s.world.who(n.AuthorID, n.Author, n.NewName, n.NoName)
	if err != nil {
		return Comment{}, err
	}
	c := s.world.addComment(under, parent, author, n.Text, s.world.when(n.At))
	c.picture = n.Picture
	if !n.Silent && !c.own() {
		s.world.addMention(under.owner, mentionOf(c), author, under, c, c.at)
	}
	return c.row(), nil
}

// mentionOf is what the owner is told of a comment.
func mentionOf(c *comment) string {
	if c.parent != nil && c.parent.own() {
		return mentionReply
	}
	return mentionComment
}

// EditComment gives a comment another text.
func (s *Site) EditComment(id, text string) error {
	return s.withComment(id, func(c *comment) { c.text = text })
}

// HideComment gives a comment an illegal_status other than NORMAL: DELETED, or any word that nobody knows. Lists leave it
// out, mentions say so. "" puts it back.
func (s *Site) HideComment(id, status string) error {
	return s.withComment(id, func(c *comment) { c.status = status })
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
	if !slices.Contains([]string{"", kindUser, kindGroup, kindOfficial}, n.Kind) {
		return Message{}, fmt.Errorf("kind %q: %w", n.Kind, stage.ErrBadParameter)
	}
	peer, err := s.world.who(n.AuthorID, n.Author, n.NewName, n.NoName)
	if err != nil {
		return Message{}, err
	}
	conv := s.world.converse(o, peer, n.Kind)
	if !n.FromOwner && conv.exhausted(s.world.clock()) {
		conv.stranger = false // an answer ends it
	}
	if n.Stranger != nil {
		conv.stranger = *n.Stranger
	}
	sender, kind := peer, typeText
	if n.FromOwner {
		sender = o.person
	}
	if n.Type != nil {
		kind = *n.Type
	}
	m := s.world.addMessage(conv, sender, kind, n.Text, n.Content, s.world.when(n.At))
	m.ref = s.world.messages[n.Ref]
	if !n.Silent {
		s.pushMessage(m)
	}
	return m.row(), nil
}

// AddMention tells an owner of a like or a follower.
func (s *Site) AddMention(n NewMention) (Mention, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.world.owner(n.Owner)
	switch {
	case o == nil:
		return Mention{}, fmt.Errorf("owner %q: %w", n.Owner, stage.ErrGone)
	case !slices.Contains([]string{mentionLike, mentionFaved, mentionFollow}, n.Type):
		return Mention{}, fmt.Errorf("type %q: %w", n.Type, stage.ErrBadParameter)
	}
	from, err := s.world.visitor("", n.Author)
	if err != nil {
		return Mention{}, err
	}
	return s.world.addMention(o, n.Type, from, s.world.notes[n.Note], nil, s.world.when(n.At)).row(), nil
}

// Delete removes a note with its comments, a comment with all below it, a message or a mention. Mentions of a removed
// comment stay, as DELETED.
func (s *Site) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	switch {
	case w.notes[id] != nil:
		n := w.notes[id]
		for _, c := range n.comments {
			c.status = statusDeleted
			delete(w.comments, c.id)
		}
		n.owner.notes = without(n.owner.notes, n)
		delete(w.notes, id)
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
	case w.mentions[id] != nil:
		m := w.mentions[id]
		m.owner.mentions = without(m.owner.mentions, m)
		delete(w.mentions, id)
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
	s.act("", fields{"act": "renamed", "uid": uid, "nickname": nickname})
	return nil
}

// Revoke takes a private message back: its row stays, marked.
func (s *Site) Revoke(messageID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.world.messages[messageID]
	if m == nil {
		return fmt.Errorf("message %q: %w", messageID, stage.ErrGone)
	}
	m.revoked = true
	s.pushMessage(m)
	return nil
}

// who finds or makes a person as NewComment and NewMessage name one.
func (w *world) who(uid, name, newName string, noName bool) (*person, error) {
	if noName || newName != "" {
		return w.newPerson(newName), nil
	}
	return w.visitor(uid, name)
}

func (w *world) addNote(o *owner, title string, at time.Time) *note {
	if title == "" {
		title = pick(w.rng, titles)
	}
	views := 500 + w.rng.Int64N(90_000)
	n := &note{
		id: w.hex(), title: title, desc: title + "。慢慢写。", at: at, owner: o, views: views, likes: views / 6, collects: views / 37, shares: views / 310,
	}
	w.notes[n.id] = n
	o.notes = insertByTime(o.notes, n, func(n *note) time.Time { return n.at })
	return n
}

// addComment hangs a comment below parent, or below the note when parent is nil.
func (w *world) addComment(n *note, parent *comment, author *person, text string, at time.Time) *comment {
	c := &comment{id: w.hex(), text: text, at: at, note: n, author: author, parent: parent}
	if parent != nil {
		c.root = parent
		if parent.root != nil {
			c.root = parent.root
		}
	}
	w.comments[c.id] = c
	n.comments = insertByTime(n.comments, c, func(c *comment) time.Time { return c.at })
	return c
}

// statusDeleted is the illegal_status of what is no longer there.
const statusDeleted = "DELETED"

func (w *world) deleteComment(c *comment) {
	n := c.note
	n.comments = slices.DeleteFunc(n.comments, func(o *comment) bool {
		for above := o; above != nil; above = above.parent {
			if above == c {
				o.status = statusDeleted
				delete(w.comments, o.id)
				return true
			}
		}
		return false
	})
}

// converse finds or makes o's chat with peer; a kind other than user may be "".
func (w *world) converse(o *owner, peer *person, kind string) *conversation {
	if c := o.conversation(peer); c != nil {
		return c
	}
	if kind == "" {
		kind = kindUser
	}
	c := &conversation{id: w.hex(), kind: kind, owner: o, peer: peer}
	o.convs = append(o.convs, c)
	w.convs[c.id] = c
	return c
}

func (w *world) addMessage(c *conversation, sender *person, kind int, text, content string, at time.Time) *message {
	m := &message{id: w.long(), kind: kind, content: content, at: at, store: 1, conv: c, sender: sender}
	if m.content == "" {
		m.content = contentOf(kind, text, m.id)
	}
	if len(c.messages) > 0 {
		m.store = c.last().store + 1
	}
	w.messages[m.id] = m
	c.messages = append(c.messages, m)
	return m
}

func (w *world) addMention(o *owner, kind string, from *person, n *note, c *comment, at time.Time) *mention {
	m := &mention{id: w.long(), kind: kind, at: at, owner: o, from: from, note: n, comment: c}
	w.mentions[m.id] = m
	o.mentions = insertByTime(o.mentions, m, func(m *mention) time.Time { return m.at })
	return m
}

func without[T comparable](rows []T, row T) []T {
	return slices.DeleteFunc(rows, func(r T) bool { return r == row })
}
