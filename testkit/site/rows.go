package site

import "time"

// The rows are what the JSON API answers and the pushes carry; README.md shows each of them. They are values:
// a row that was handed out never changes.

// User is somebody with an account: an owner or a visitor.
type User struct {
	UID      string `json:"uid"`
	Nickname string `json:"nickname"`
	Avatar   string `json:"avatar"`
}

// Owner is a creator: a user who may log in.
type Owner struct {
	User
	Signature string `json:"signature"`
	Followers int64  `json:"follower_count"`
	Following int64  `json:"following_count"`
	Works     int64  `json:"work_count"`
}

// Work is one work; times in seconds.
type Work struct {
	ID            string `json:"id"`
	Title         string `json:"title"`
	Desc          string `json:"desc"`
	Cover         string `json:"cover"`
	Video         string `json:"video"`
	URL           string `json:"url"`
	CreateTime    int64  `json:"create_time"`
	CommentClosed bool   `json:"comment_closed"`
	Author        User   `json:"author"`
	Stats         Stats  `json:"stats"`
}

// Stats are a work's numbers; rates are 0 to 1.
type Stats struct {
	Views          int64   `json:"view_count"`
	Likes          int64   `json:"like_count"`
	Comments       int64   `json:"comment_count"` // all levels
	Shares         int64   `json:"share_count"`
	Favorites      int64   `json:"favorite_count"`
	Danmaku        int64   `json:"danmaku_count"`
	LikeRate       float64 `json:"like_rate"`
	CompletionRate float64 `json:"completion_rate"`
	AvgViewSecond  float64 `json:"avg_view_second"`
}

// Comment is a comment (level 1) or a reply below one (levels 2 and 3); times in seconds.
type Comment struct {
	ID         string   `json:"id"`
	WorkID     string   `json:"work_id"`
	Level      int      `json:"level"`
	RootID     string   `json:"root_id"`   // the level-1 comment; "" on level 1
	ParentID   string   `json:"parent_id"` // what is answered; "" on level 1
	Text       string   `json:"text"`
	CreateTime int64    `json:"create_time"`
	Likes      int64    `json:"like_count"`
	Replies    int64    `json:"reply_count"` // on level 1: all below it
	User       User     `json:"user"`
	IsAuthor   bool     `json:"is_author"` // written by the work's owner
	ReplyTo    *ReplyTo `json:"reply_to"`  // on level 3 only
}

// ReplyTo names what a level-3 reply answers.
type ReplyTo struct {
	ID       string `json:"id"`
	UID      string `json:"uid"`
	Nickname string `json:"nickname"`
}

// Conversation is an owner's chat with one visitor, named by the visitor; times in milliseconds.
type Conversation struct {
	Peer       User        `json:"peer"`
	Last       LastMessage `json:"last_message"`
	Unread     int64       `json:"unread_count"`
	CreateTime int64       `json:"create_time"`
	UpdateTime int64       `json:"update_time"`
	Pinned     bool        `json:"pinned"`
	Muted      bool        `json:"muted"`
}

// LastMessage is the newest message in a conversation's row.
type LastMessage struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Text       string `json:"text"`
	CreateTime int64  `json:"create_time"`
	FromMe     bool   `json:"from_me"`
	Recalled   bool   `json:"recalled"`
}

// Message is one private message; times in milliseconds.
type Message struct {
	ID         string `json:"id"`
	Peer       string `json:"peer"` // uid of the visitor
	From       User   `json:"from"`
	To         User   `json:"to"`
	FromMe     bool   `json:"from_me"` // the owner wrote it
	Type       string `json:"type"`    // text or image
	Text       string `json:"text"`
	ImageURL   string `json:"image_url"`
	CreateTime int64  `json:"create_time"`
	Recalled   bool   `json:"recalled"` // text and picture are gone then
}

// Notification is a notice to an owner; times in seconds.
type Notification struct {
	ID          string `json:"id"`
	Type        string `json:"type"` // like follow comment mention system
	Title       string `json:"title"`
	Text        string `json:"text"`
	CreateTime  int64  `json:"create_time"`
	RelatedID   string `json:"related_id"`
	RelatedKind string `json:"related_kind"` // work comment user or ""
	User        User   `json:"user"`
	IsRead      bool   `json:"is_read"`
}

// NewOwner describes an owner to create.
type NewOwner struct {
	Nickname string `json:"nickname"` // "" = made up
	Empty    bool   `json:"empty"`    // without works, comments, messages and notices
}

// NewWork describes a work to inject.
type NewWork struct {
	Owner  string    `json:"owner"`
	Title  string    `json:"title"`
	Desc   string    `json:"desc"`
	At     time.Time `json:"at,omitzero"` // zero = now
	Silent bool      `json:"silent"`      // no push
}

// NewComment describes a comment or reply to inject. Author finds or makes a visitor of that name; AuthorID, if
// set, names the visitor exactly (for two of the same name, or the owner).
type NewComment struct {
	Work     string    `json:"work"`     // may be "" when ReplyTo is set
	ReplyTo  string    `json:"reply_to"` // a comment or reply; "" = level 1
	Author   string    `json:"author"`
	AuthorID string    `json:"author_id"`
	Text     string    `json:"text"`
	At       time.Time `json:"at,omitzero"`
	Silent   bool      `json:"silent"`
}

// NewMessage describes a private message to inject, from a visitor, or from the owner's own phone (FromOwner).
type NewMessage struct {
	Owner     string    `json:"owner"`
	Author    string    `json:"author"` // the visitor, found or made by name
	AuthorID  string    `json:"author_id"`
	Text      string    `json:"text"`
	Image     bool      `json:"image"`
	FromOwner bool      `json:"from_owner"`
	At        time.Time `json:"at,omitzero"`
	Silent    bool      `json:"silent"`
}

// NewNotification describes a notice to inject.
type NewNotification struct {
	Owner       string    `json:"owner"`
	Type        string    `json:"type"`
	Author      string    `json:"author"`
	Text        string    `json:"text"`
	RelatedID   string    `json:"related_id"`
	RelatedKind string    `json:"related_kind"`
	At          time.Time `json:"at,omitzero"`
	Silent      bool      `json:"silent"`
}

// Fill says how many made-up items an owner gets, spread over the last three days, without pushes.
type Fill struct {
	Owner         string `json:"owner"`
	Works         int    `json:"works"`
	Comments      int    `json:"comments"` // of all levels, over the owner's works
	Conversations int    `json:"conversations"`
	Messages      int    `json:"messages"` // over the owner's conversations
	Notifications int    `json:"notifications"`
}
