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

// ChannelList is the payload of monitor:channels.
type ChannelList struct {
	Channels []Channel `json:"channels"`
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

// CompareChannels orders the list: the newest message first.
func CompareChannels(a, b Channel) int {
	return cmp.Or(cmp.Compare(b.LastMessageTime, a.LastMessageTime), cmp.Compare(a.ID, b.ID))
}

// Channels lists every account, also those without any items.
func Channels(b *board.Board, views Views) ChannelList {
	list := ChannelList{Channels: make([]Channel, 0, len(b.Accounts))}
	for _, a := range b.Accounts {
		list.Channels = append(list.Channels, ChannelOf(a, views(a.ID())))
	}
	slices.SortFunc(list.Channels, CompareChannels)
	return list
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
