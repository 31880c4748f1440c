package xiaohongshu

import "time"

// The rows are what the control API answers and takes: what stands on the site, as a test sees it.

// Owner is a creator who may log in.
type Owner struct {
	UID      string `json:"uid"`
	RedID    string `json:"red_id"` // 小红书号
	Nickname string `json:"nickname"`
	Desc     string `json:"desc"`
	Fans     int64  `json:"fans"`
	Follows  int64  `json:"follows"`
	Notes    int    `json:"notes"`
}

// Note is one note.
type Note struct {
	ID       string `json:"id"`
	Token    string `json:"xsec_token"`
	Title    string `json:"title"`
	Video    bool   `json:"video"`
	At       int64  `json:"at"` // milliseconds
	Comments int    `json:"comments"`
	State    string `json:"state"` // see NewNote
}

// Comment is a comment (level 1) or a reply below one (levels 2 and 3).
type Comment struct {
	ID         string `json:"id"`
	Note       string `json:"note"`
	Level      int    `json:"level"`
	Root       string `json:"root"`   // "" on level 1
	Parent     string `json:"parent"` // "" on level 1
	Text       string `json:"text"`
	At         int64  `json:"at"` // milliseconds
	AuthorID   string `json:"author_id"`
	AuthorName string `json:"author_name"`
	Own        bool   `json:"own"`    // by the note's owner
	Status     string `json:"status"` // illegal_status; "" = NORMAL
}

// Conversation is a private chat.
type Conversation struct {
	ID        string `json:"id"` // chat_id
	Kind      string `json:"kind"`
	PeerID    string `json:"peer_id"` // chat_user_id
	PeerName  string `json:"peer_name"`
	Unread    int    `json:"unread"`
	ReadStore int64  `json:"read_store"`
	MaxStore  int64  `json:"max_store"`
	Messages  int    `json:"messages"`
	Stranger  bool   `json:"stranger"`
}

// Message is one private message.
type Message struct {
	ID         string `json:"id"`
	PeerID     string `json:"peer_id"`
	SenderID   string `json:"sender_id"`
	SenderName string `json:"sender_name"`
	FromOwner  bool   `json:"from_owner"`
	Type       int    `json:"type"` // content_type
	Content    string `json:"content"`
	At         int64  `json:"at"` // milliseconds
	Store      int64  `json:"store"`
	Revoked    bool   `json:"revoked"`
}

// Mention is one row of the notifications.
type Mention struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	At      int64  `json:"at"` // seconds
	FromID  string `json:"from_id"`
	Note    string `json:"note"`
	Comment string `json:"comment"`
}

// NewOwner describes an owner to create.
type NewOwner struct {
	Nickname string `json:"nickname"` // "" = made up
	Empty    bool   `json:"empty"`    // without notes, comments, conversations and mentions
}

// NewNote describes a note to publish. State says why it cannot be looked at: "", unavailable, violation, deleted, missing,
// gone, lapsed, private, mine, settings, banned.
type NewNote struct {
	Owner string    `json:"owner"`
	Title string    `json:"title"`
	Desc  string    `json:"desc"`
	Video bool      `json:"video"`
	State string    `json:"state"`
	At    time.Time `json:"at,omitzero"`
}

// EditNote changes a note; a nil field stays.
type EditNote struct {
	Note  string  `json:"note"`
	Title *string `json:"title"`
	State *string `json:"state"`
}

// NewComment describes a comment or reply to write. Author finds or makes a visitor of that name; AuthorID, if set,
// names the person exactly (the owner, too).
type NewComment struct {
	Note     string    `json:"note"`     // may be "" when ReplyTo is set
	ReplyTo  string    `json:"reply_to"` // a comment or reply; "" = level 1
	Author   string    `json:"author"`
	AuthorID string    `json:"author_id"`
	NewName  string    `json:"new_name"` // makes a new visitor of that name: a namesake
	NoName   bool      `json:"no_name"`  // makes a new visitor whose name is empty
	Text     string    `json:"text"`
	Picture  bool      `json:"picture"` // with a picture; the text may be empty
	At       time.Time `json:"at,omitzero"`
	Silent   bool      `json:"silent"` // no mention
}

// NewMessage describes a private message to write: from a visitor, or from the owner's own phone.
type NewMessage struct {
	Owner     string    `json:"owner"`
	Author    string    `json:"author"` // the visitor, as in NewComment
	AuthorID  string    `json:"author_id"`
	NewName   string    `json:"new_name"`
	NoName    bool      `json:"no_name"`
	Kind      string    `json:"kind"` // user ("" too), group, official: of a conversation that is new
	Stranger  *bool     `json:"stranger"`
	Type      *int      `json:"type"` // content_type; nil = 1, text; 0 = a body that the web does not get
	Text      string    `json:"text"`
	Content   string    `json:"content"` // "" = the usual one of the type, with Text
	Ref       string    `json:"ref"`     // a message that is quoted
	FromOwner bool      `json:"from_owner"`
	At        time.Time `json:"at,omitzero"`
	Silent    bool      `json:"silent"` // no push: only who asks finds it
}

// NewMention describes a mention other than of a comment, which comes with the comment.
type NewMention struct {
	Owner  string    `json:"owner"`
	Type   string    `json:"type"` // like/item, faved/item, follow/you
	Author string    `json:"author"`
	Note   string    `json:"note"`
	At     time.Time `json:"at,omitzero"`
}

// Fill says how many made-up items an owner gets, spread over the last three days, without pushes and mentions.
type Fill struct {
	Owner         string `json:"owner"`
	Notes         int    `json:"notes"`
	Comments      int    `json:"comments"`      // of all levels, over the owner's notes
	Conversations int    `json:"conversations"` // each with one message
	Messages      int    `json:"messages"`      // over the owner's conversations
	Mentions      int    `json:"mentions"`      // likes and follows
}

func (o *owner) row() Owner {
	return Owner{UID: o.uid, RedID: o.redID, Nickname: o.nickname, Desc: o.desc, Fans: o.fans, Follows: o.follows, Notes: len(o.notes)}
}

func (n *note) row() Note {
	return Note{ID: n.id, Token: n.token(), Title: n.title, Video: n.video, At: n.at.UnixMilli(), Comments: len(n.comments), State: n.state}
}

func (c *comment) row() Comment {
	r := Comment{
		ID: c.id, Note: c.note.id, Level: c.level(), Text: c.text, At: c.at.UnixMilli(), AuthorID: c.author.uid, AuthorName: c.author.nickname,
		Own: c.own(), Status: c.status,
	}
	if c.root != nil {
		r.Root, r.Parent = c.root.id, c.parent.id
	}
	return r
}

func (c *conversation) row() Conversation {
	return Conversation{
		ID: c.id, Kind: c.kind, PeerID: c.peer.uid, PeerName: c.peer.nickname, Unread: c.unread(), ReadStore: c.readStore, MaxStore: c.last().store,
		Messages: len(c.messages), Stranger: c.stranger,
	}
}

func (m *message) row() Message {
	return Message{
		ID: m.id, PeerID: m.conv.peer.uid, SenderID: m.sender.uid, SenderName: m.sender.nickname, FromOwner: m.sender == m.conv.owner.person,
		Type: m.kind, Content: m.content, At: m.at.UnixMilli(), Store: m.store, Revoked: m.revoked,
	}
}

func (m *mention) row() Mention {
	r := Mention{ID: m.id, Type: m.kind, At: m.at.Unix(), FromID: m.from.uid}
	if m.note != nil {
		r.Note = m.note.id
	}
	if m.comment != nil {
		r.Comment = m.comment.id
	}
	return r
}

// rowsOf renders items; the result is never nil, so that JSON shows [] and not null.
func rowsOf[T interface{ row() R }, R any](items []T) []R {
	rows := make([]R, 0, len(items))
	for _, it := range items {
		rows = append(rows, it.row())
	}
	return rows
}
