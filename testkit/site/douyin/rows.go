package douyin

import (
	"strconv"
	"time"
)

// The rows are what the control API answers and takes: what stands on the site, as a test sees it.

// Owner is a creator who may log in.
type Owner struct {
	UID       string `json:"uid"`
	SecUID    string `json:"sec_uid"`
	UniqueID  string `json:"unique_id"` // 抖音号
	Nickname  string `json:"nickname"`
	Signature string `json:"signature"`
	Fans      int64  `json:"fans"`
	Following int64  `json:"following"`
	Works     int    `json:"works"`
}

// Work is one work.
type Work struct {
	ID       string `json:"id"`      // aweme_id
	ItemID   string `json:"item_id"` // opaque
	Title    string `json:"title"`
	Type     int    `json:"type"` // 0 video, 68 images, 4 live
	At       int64  `json:"at"`   // seconds
	Comments int    `json:"comments"`
	Private  bool   `json:"private"`
	Closed   bool   `json:"closed"`
	Checking bool   `json:"checking"`
}

// Comment is a comment (level 1) or a reply below one (levels 2 and 3).
type Comment struct {
	ID         string `json:"id"`     // cid
	Opaque     string `json:"opaque"` // comment_id of the older generation
	Work       string `json:"work"`
	Level      int    `json:"level"`
	Root       string `json:"root"`   // "" on level 1
	Parent     string `json:"parent"` // "" on level 1
	Text       string `json:"text"`
	At         int64  `json:"at"` // seconds
	AuthorID   string `json:"author_id"`
	AuthorName string `json:"author_name"`
	Own        bool   `json:"own"` // by the work's owner
	Hidden     bool   `json:"hidden"`
}

// Conversation is a private chat.
type Conversation struct {
	ID        string `json:"id"`
	ShortID   string `json:"short_id"`
	PeerID    string `json:"peer_id"` // "" of a group
	PeerName  string `json:"peer_name"`
	Unread    int    `json:"unread"`
	ReadIndex int64  `json:"read_index"`
	Messages  int    `json:"messages"`
	Group     bool   `json:"group"`
	Stranger  bool   `json:"stranger"`
}

// Message is one private message.
type Message struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation"`
	SenderID     string `json:"sender_id"`
	SenderName   string `json:"sender_name"`
	FromOwner    bool   `json:"from_owner"`
	Type         int    `json:"type"`
	Content      string `json:"content"` // JSON
	At           int64  `json:"at"`      // milliseconds
	ClientID     string `json:"client_id"`
	Recalled     bool   `json:"recalled"`
}

// Notice is one notice.
type Notice struct {
	ID      string `json:"id"`
	Type    int    `json:"type"`
	At      int64  `json:"at"` // seconds
	FromID  string `json:"from_id"`
	Work    string `json:"work"`
	Comment string `json:"comment"`
}

// NewOwner describes an owner to create.
type NewOwner struct {
	Nickname string `json:"nickname"` // "" = made up
	Empty    bool   `json:"empty"`    // without works, comments, conversations and notices
}

// NewWork describes a work to publish.
type NewWork struct {
	Owner    string    `json:"owner"`
	Title    string    `json:"title"`
	Desc     string    `json:"desc"`
	Type     int       `json:"type"` // 0 video, 68 images, 4 live
	At       time.Time `json:"at,omitzero"`
	Private  bool      `json:"private"`
	Closed   bool      `json:"closed"`
	Checking bool      `json:"checking"`
}

// EditWork changes a work; a nil field stays.
type EditWork struct {
	Work     string  `json:"work"`
	Title    *string `json:"title"`
	Private  *bool   `json:"private"`
	Closed   *bool   `json:"closed"`
	Checking *bool   `json:"checking"`
}

// NewComment describes a comment or reply to write. Author finds or makes a visitor of that name; AuthorID, if set,
// names the person exactly (the owner, too).
type NewComment struct {
	Work     string    `json:"work"`     // may be "" when ReplyTo is set
	ReplyTo  string    `json:"reply_to"` // a comment or reply; "" = level 1
	Author   string    `json:"author"`
	AuthorID string    `json:"author_id"`
	NewName  string    `json:"new_name"` // makes a new visitor of that name: a namesake
	NoName   bool      `json:"no_name"`  // makes a new visitor whose name is empty
	Text     string    `json:"text"`
	Image    bool      `json:"image"` // with a picture; the text may be empty
	At       time.Time `json:"at,omitzero"`
	Silent   bool      `json:"silent"` // no notice, no push
}

// NewMessage describes a private message to write: from a visitor, or from the owner's own phone.
type NewMessage struct {
	Owner     string    `json:"owner"`
	Author    string    `json:"author"` // the visitor, as in NewComment
	AuthorID  string    `json:"author_id"`
	NewName   string    `json:"new_name"`
	NoName    bool      `json:"no_name"`
	Group     string    `json:"group"` // id of a group conversation; "new" makes one
	Stranger  bool      `json:"stranger"`
	Type      int       `json:"type"` // 0 = 7, text
	Text      string    `json:"text"`
	Content   string    `json:"content"` // JSON; "" = the usual one of the type, with Text
	FromOwner bool      `json:"from_owner"`
	At        time.Time `json:"at,omitzero"`
	Silent    bool      `json:"silent"`   // no push: only who asks finds it
	Followed  bool      `json:"followed"` // an aweType 701 line: you follow each other
}

// NewNotice describes a notice other than of a comment, which comes with the comment.
type NewNotice struct {
	Owner  string    `json:"owner"`
	Type   int       `json:"type"` // 32 mention, 33 follow, 41 like; others carry Text alone
	Author string    `json:"author"`
	Work   string    `json:"work"`
	Text   string    `json:"text"`
	At     time.Time `json:"at,omitzero"`
	Silent bool      `json:"silent"`
}

// Fill says how many made-up items an owner gets, spread over the last three days, without pushes and notices.
type Fill struct {
	Owner         string `json:"owner"`
	Works         int    `json:"works"`
	Comments      int    `json:"comments"`      // of all levels, over the owner's works
	Conversations int    `json:"conversations"` // each with one message
	Messages      int    `json:"messages"`      // over the owner's conversations
	Notices       int    `json:"notices"`
}

func (o *owner) row() Owner {
	return Owner{
		UID: o.uid, SecUID: o.sec(), UniqueID: o.uniqueID, Nickname: o.nickname, Signature: o.signature, Fans: o.fans, Following: o.following,
		Works: len(o.works),
	}
}

func (k *work) row() Work {
	return Work{
		ID: k.id, ItemID: k.opaque(), Title: k.title, Type: k.kind, At: k.at.Unix(), Comments: len(k.comments), Private: k.private, Closed: k.closed,
		Checking: k.checking,
	}
}

func (c *comment) row() Comment {
	r := Comment{
		ID: c.id, Opaque: c.opaque(), Work: c.work.id, Level: c.level(), Text: c.text, At: c.at.Unix(), AuthorID: c.author.uid,
		AuthorName: c.author.nickname, Own: c.own(), Hidden: c.hidden,
	}
	if c.root != nil {
		r.Root, r.Parent = c.root.id, c.parent.id
	}
	return r
}

func (c *conversation) row() Conversation {
	r := Conversation{
		ID: c.id, ShortID: c.shortID, Unread: c.unread(), ReadIndex: c.readIndex, Messages: len(c.messages), Group: c.group, Stranger: c.stranger,
	}
	if !c.group {
		r.PeerID, r.PeerName = c.peer.uid, c.peer.nickname
	}
	return r
}

func (m *message) row() Message {
	return Message{
		ID: m.id, Conversation: m.conv.id, SenderID: m.sender.uid, SenderName: m.sender.nickname, FromOwner: m.sender == m.conv.owner.person,
		Type: m.kind, Content: m.content, At: m.at.UnixMilli(), ClientID: m.clientID, Recalled: m.recalled,
	}
}

func (n *notice) row() Notice {
	r := Notice{ID: n.id, Type: n.kind, At: n.at.Unix(), FromID: n.from.uid}
	if n.work != nil {
		r.Work = n.work.id
	}
	if n.comment != nil {
		r.Comment = n.comment.id
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

// number is an id as protobuf and some JSON want it.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		panic(err) // the site made it
	}
	return n
}
