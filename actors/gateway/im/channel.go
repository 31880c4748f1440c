package im

import (
	"cmp"
	"encoding/json"
	"slices"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Channel is an account in the client's list.
type Channel struct {
	ID              string  `json:"id"`
	Name            string  `json:"name"` // never empty: the client would break
	Avatar          string  `json:"avatar"`
	UserInfo        *string `json:"userInfo"` // JSON inside a string, which the client parses
	Platform        string  `json:"platform"`
	Description     string  `json:"description"`
	LastMessage     string  `json:"lastMessage"`
	LastMessageTime int64   `json:"lastMessageTime"` // of the newest item, else of the last sync, else of the account's creation
	UnreadCount     int     `json:"unreadCount"`     // the sum over its topics
	MessageCount    int64   `json:"messageCount"`
	IsPinned        bool    `json:"isPinned"`
	Enabled         bool    `json:"enabled"`
	Status          string  `json:"status"`        // active paused error expired
	LoginStatus     string  `json:"login_status"`  // not_logged_in pending_login logging_in logged_in login_failed
	WorkerStatus    string  `json:"worker_status"` // online offline
	IsLoggedIn      bool    `json:"isLoggedIn"`    // false: the client refuses to open it
}

// Registered is the payload of monitor:registered.
type Registered struct {
	Success      bool   `json:"success"`
	ChannelCount int    `json:"channelCount"`
	ClientID     string `json:"clientId"`
	ClientType   string `json:"clientType"`
}

// ChannelOf shapes one account; v is nil while nothing is held of it.
func ChannelOf(a *board.Account, v *dataset.View) Channel {
	summary := summaryOf(v)
	login := loginStatus(a)
	return Channel{
		ID:              a.Record.GetId(),
		Name:            nameOf(a.Record),
		Avatar:          a.Record.GetProfile().GetAvatar(),
		UserInfo:        userInfo(a.Record.GetProfile()),
		Platform:        a.Record.GetPlatform(),
		Description:     a.Record.GetPlatform(),
		LastMessage:     summary.Last.Text,
		LastMessageTime: cmp.Or(summary.Last.At, summary.Metadata.GetLastSyncTime(), a.Record.GetCreatedAt()),
		UnreadCount:     summary.Unread.Total(),
		MessageCount:    summary.Counts.GetComments() + summary.Counts.GetDiscussions() + summary.Counts.GetMessages(),
		Enabled:         true,
		Status:          accountStatus(a),
		LoginStatus:     login,
		WorkerStatus:    workerStatus(a),
		IsLoggedIn:      login == "logged_in",
	}
}

// Row is an account of the list, and what it is on the wire. It is never changed.
type Row struct {
	Channel
	wire []byte
}

// RowOf shapes and encodes one account; v is nil while nothing is held of it.
func RowOf(a *board.Account, v *dataset.View) *Row {
	r := &Row{Channel: ChannelOf(a, v)}
	r.wire, _ = json.Marshal(r.Channel) // strings and numbers: cannot fail
	return r
}

// Channels is the payload of monitor:channels: every account, also those without any items, the newest message first. row is RowOf, or
// remembers what RowOf answered.
func Channels(b *board.Board, views Views, row func(*board.Account, *dataset.View) *Row) json.RawMessage {
	rows, size := make([]*Row, 0, len(b.Accounts)), 0
	for _, a := range b.Accounts {
		r := row(a, views(a.ID()))
		rows, size = append(rows, r), size+len(r.wire)+1
	}
	slices.SortFunc(rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(b.LastMessageTime, a.LastMessageTime), cmp.Compare(a.ID, b.ID))
	})
	const head, tail = `{"channels":[`, `]}`
	out := append(make([]byte, 0, len(head)+size+len(tail)), head...)
	for i, r := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r.wire...)
	}
	return append(out, tail...)
}

func summaryOf(v *dataset.View) *dataset.Summary {
	if v == nil {
		return &dataset.Summary{}
	}
	return &v.Summary
}

func nameOf(r *messages.Account) string {
	return cmp.Or(r.GetProfile().GetNickname(), r.GetName(), r.GetId())
}

// userInfo is what the client prefers over name and avatar; null until the profile was read.
func userInfo(p *messages.Profile) *string {
	if p == nil {
		return nil
	}
	text, _ := json.Marshal(struct { // strings and numbers: cannot fail
		PlatformUserID string `json:"platform_user_id,omitempty"`
		Nickname       string `json:"nickname,omitempty"`
		Avatar         string `json:"avatar,omitempty"`
		Followers      *int64 `json:"followers,omitempty"`
		Following      *int64 `json:"following,omitempty"`
		Signature      string `json:"signature,omitempty"`
	}{p.GetPlatformUserId(), p.GetNickname(), p.GetAvatar(), p.Followers, p.Following, p.GetSignature()})
	return new(string(text))
}
