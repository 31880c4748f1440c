package im

import (
	"cmp"
	"fmt"
	"math"

	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Topic is a work with its comments, or a conversation.
type Topic struct {
	ID                  string  `json:"id"`
	ChannelID           string  `json:"channelId"`
	Title               string  `json:"title"`
	Avatar              *string `json:"avatar"`
	Description         string  `json:"description"`
	CreatedTime         int64   `json:"createdTime"`
	LastMessageTime     int64   `json:"lastMessageTime"`
	LastMessageContent  string  `json:"lastMessageContent"`
	LastMessageFromName string  `json:"lastMessageFromName"`
	MessageCount        int     `json:"messageCount"`
	UnreadCount         int     `json:"unreadCount"`
	IsPinned            bool    `json:"isPinned"`
	IsPrivate           bool    `json:"isPrivate"` // alone decides the client's tab
	*WorkFields                 // nil for a conversation: its fields are absent then
}

// WorkFields are what only a work has. Numbers that the platform does not show are 0: the client calls number methods on them.
type WorkFields struct {
	Thumbnail *string `json:"thumbnail"`
	URL       *string `json:"url"`

	ViewCount        int64 `json:"viewCount"`
	LikeCount        int64 `json:"likeCount"`
	CommentCount     int64 `json:"commentCount"`
	ShareCount       int64 `json:"shareCount"`
	FavoriteCount    int64 `json:"favoriteCount"`
	DanmakuCount     int64 `json:"danmakuCount"`
	DislikeCount     int64 `json:"dislikeCount"`
	DownloadCount    int64 `json:"downloadCount"`
	SubscribeCount   int64 `json:"subscribeCount"`
	UnsubscribeCount int64 `json:"unsubscribeCount"`

	// Rates are 0 to 1.
	LikeRate          float64 `json:"likeRate"`
	CommentRate       float64 `json:"commentRate"`
	ShareRate         float64 `json:"shareRate"`
	FavoriteRate      float64 `json:"favoriteRate"`
	DislikeRate       float64 `json:"dislikeRate"`
	SubscribeRate     float64 `json:"subscribeRate"`
	UnsubscribeRate   float64 `json:"unsubscribeRate"`
	AvgViewProportion float64 `json:"avgViewProportion"`
	BounceRate2s      float64 `json:"bounceRate2s"`
	CompletionRate    float64 `json:"completionRate"`
	CompletionRate5s  float64 `json:"completionRate5s"`
	FanViewProportion float64 `json:"fanViewProportion"`

	AvgViewSecond      float64 `json:"avgViewSecond"`
	CoverShow          float64 `json:"coverShow"`
	HomepageVisitCount float64 `json:"homepageVisitCount"`
}

// TopicList is the payload of monitor:topics; it replaces what the client had of that channel.
type TopicList struct {
	ChannelID string  `json:"channelId"`
	Topics    []Topic `json:"topics"`
}

// Topics lists an account's works and those of its conversations that hold a message: most unread first, then the newest,
// which is the view's own order. v may be nil. A view that is not loaded yet must not be shaped: its emptiness is not the account's.
func Topics(account messages.AccountID, v *dataset.View) TopicList {
	list := TopicList{ChannelID: string(account), Topics: []Topic{}}
	if v == nil {
		return list
	}
	for _, t := range v.Topics() {
		switch {
		case t.Kind == messages.WorkTopic:
			list.Topics = append(list.Topics, workTopic(account, t))
		case t.Count > 0:
			list.Topics = append(list.Topics, conversationTopic(account, t))
		}
	}
	return list
}

func topicOf(account messages.AccountID, t *dataset.Topic) Topic {
	return Topic{
		ID:                  string(messages.TopicOf(account, t.Kind, t.ID())),
		ChannelID:           string(account),
		LastMessageTime:     t.At(),
		LastMessageContent:  t.Last.Text,
		LastMessageFromName: t.Last.From,
		MessageCount:        t.Count,
		UnreadCount:         t.Unread,
	}
}

func conversationTopic(account messages.AccountID, t *dataset.Topic) Topic {
	c, out := t.Conversation, topicOf(account, t)
	out.Title = cmp.Or(c.PeerName, "未知用户")
	out.Avatar = orNull(c.PeerAvatar)
	out.Description = fmt.Sprintf("私信会话 (%d条消息)", t.Count)
	out.CreatedTime = cmp.Or(c.CreateTime, c.DetectedAt, t.Last.At) // the last of one that only its messages tell of
	out.IsPrivate = true
	return out
}

func workTopic(account messages.AccountID, t *dataset.Topic) Topic {
	w, out := t.Work, topicOf(account, t)
	out.Title = cmp.Or(w.Title, "无标题作品")
	out.Avatar = orNull(w.CoverURL)
	out.Description = w.Description
	out.CreatedTime = cmp.Or(w.PublishTime, w.DetectedAt, t.Last.At)
	s := w.Statistics
	out.WorkFields = &WorkFields{
		Thumbnail: orNull(w.CoverURL),
		URL:       orNull(w.URL),

		ViewCount:        s.GetViewCount(),
		LikeCount:        w.Likes.N,
		CommentCount:     w.Comments.N,
		ShareCount:       w.Shares.N,
		FavoriteCount:    s.GetFavoriteCount(),
		DanmakuCount:     s.GetDanmakuCount(),
		DislikeCount:     s.GetDislikeCount(),
		DownloadCount:    s.GetDownloadCount(),
		SubscribeCount:   s.GetSubscribeCount(),
		UnsubscribeCount: s.GetUnsubscribeCount(),

		LikeRate:          finite(s.GetLikeRate()),
		CommentRate:       finite(s.GetCommentRate()),
		ShareRate:         finite(s.GetShareRate()),
		FavoriteRate:      finite(s.GetFavoriteRate()),
		DislikeRate:       finite(s.GetDislikeRate()),
		SubscribeRate:     finite(s.GetSubscribeRate()),
		UnsubscribeRate:   finite(s.GetUnsubscribeRate()),
		AvgViewProportion: finite(s.GetAvgViewProportion()),
		BounceRate2s:      finite(s.GetBounceRate_2S()),
		CompletionRate:    finite(s.GetCompletionRate()),
		CompletionRate5s:  finite(s.GetCompletionRate_5S()),
		FanViewProportion: finite(s.GetFanViewProportion()),

		AvgViewSecond:      finite(s.GetAvgViewSecond()),
		CoverShow:          finite(s.GetCoverShow()),
		HomepageVisitCount: finite(s.GetHomepageVisitCount()),
	}
	return out
}

// finite keeps what JSON cannot say out of a list.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}

// orNull is null for an empty text.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
