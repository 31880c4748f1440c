package im

import (
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Platform is a platform that an account can be on.
type Platform struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// PlatformList is the payload of monitor:platforms.
type PlatformList struct {
	Success bool       `json:"success"`
	Data    []Platform `json:"data"`
}

// Platforms answers request_platforms.
func Platforms(known []Platform) PlatformList {
	return PlatformList{Success: true, Data: append([]Platform{}, known...)}
}

// Worker is a node.
type Worker struct {
	ID               string `json:"id"`
	Status           string `json:"status"` // online offline
	AssignedAccounts int64  `json:"assigned_accounts"`
	Host             string `json:"host"` // nodes dial us: there is no address to show
	Port             int    `json:"port"`
}

// WorkerList is the payload of monitor:workers.
type WorkerList struct {
	Success bool     `json:"success"`
	Data    []Worker `json:"data"`
}

// Workers lists the nodes.
func Workers(b *board.Board) WorkerList {
	list := WorkerList{Success: true, Data: []Worker{}}
	for _, n := range b.Nodes {
		w := Worker{ID: n.Status.GetWorker(), Status: "offline", AssignedAccounts: n.Status.GetAccounts()}
		if n.Online {
			w.Status = "online"
		}
		list.Data = append(list.Data, w)
	}
	return list
}

// Unread counts unread items.
type Unread struct {
	Comments int `json:"comments"`
	Messages int `json:"messages"`
	Total    int `json:"total"`
}

// UnreadCount is the payload of monitor:unread_count_response.
type UnreadCount struct {
	Success   bool              `json:"success"`
	ChannelID *string           `json:"channelId,omitempty"`
	Unread    Unread            `json:"unread"`
	ByChannel map[string]Unread `json:"byChannel,omitempty"`
}

// UnreadCountOf counts one channel, or all of them when channel is empty.
func UnreadCountOf(channel string, b *board.Board, views Views) UnreadCount {
	if channel != "" {
		return UnreadCount{Success: true, ChannelID: &channel, Unread: unreadOf(views(messages.AccountID(channel)))}
	}
	answer := UnreadCount{Success: true, ByChannel: make(map[string]Unread, len(b.Accounts))}
	for _, a := range b.Accounts {
		u := unreadOf(views(a.ID()))
		answer.ByChannel[a.Record.GetId()] = u
		answer.Unread.Comments += u.Comments
		answer.Unread.Messages += u.Messages
		answer.Unread.Total += u.Total
	}
	return answer
}

func unreadOf(v *dataset.View) Unread {
	u := summaryOf(v).Unread
	return Unread{Comments: u.Comments, Messages: u.Messages, Total: u.Total()}
}

// SafeAccount is an account without its secrets. Times are seconds.
type SafeAccount struct {
	ID               string  `json:"id"`
	Platform         string  `json:"platform"`
	AccountName      string  `json:"account_name"`
	AccountID        string  `json:"account_id"`
	Status           string  `json:"status"`
	LoginStatus      string  `json:"login_status"`
	WorkerStatus     string  `json:"worker_status"`
	MonitorInterval  int64   `json:"monitor_interval"` // seconds; 0 = the platform's own pace
	LastLoginTime    int64   `json:"last_login_time"`
	AssignedWorkerID *string `json:"assigned_worker_id"`
	UserInfo         *string `json:"user_info"`
	PlatformUserID   string  `json:"platform_user_id"`
	PlatformUsername string  `json:"platform_username"`
	CreatedAt        int64   `json:"created_at"`
	UpdatedAt        int64   `json:"updated_at"`
}

// AccountCreated is the payload of monitor:create_account_result.
type AccountCreated struct {
	Success bool         `json:"success"`
	Data    *SafeAccount `json:"data,omitempty"`
	Error   string       `json:"error,omitempty"` // shown to the agent as it is
}

// AccountDeleted is the payload of monitor:delete_account_result.
type AccountDeleted struct {
	Success   bool   `json:"success"`
	AccountID string `json:"accountId,omitempty"`
	Error     string `json:"error,omitempty"`
}

// SafeAccountOf shapes an account's record as it was just made or changed.
func SafeAccountOf(r *messages.Account) *SafeAccount {
	a := &board.Account{Record: r, Status: &messages.AccountStatus{}}
	return &SafeAccount{
		ID:               r.GetId(),
		Platform:         r.GetPlatform(),
		AccountName:      r.GetName(),
		AccountID:        r.GetAccountId(),
		Status:           accountStatus(a),
		LoginStatus:      loginStatus(a),
		WorkerStatus:     workerStatus(a),
		MonitorInterval:  r.GetMonitorInterval(),
		LastLoginTime:    r.GetLastLoginTime() / 1000,
		AssignedWorkerID: orNull(r.GetWorker()),
		UserInfo:         userInfo(r.GetProfile()),
		PlatformUserID:   r.GetProfile().GetPlatformUserId(),
		PlatformUsername: r.GetProfile().GetNickname(),
		CreatedAt:        r.GetCreatedAt() / 1000,
		UpdatedAt:        r.GetUpdatedAt() / 1000,
	}
}

// TopicMarked is the payload of the two mark-as-read answers and, without success, of their broadcasts. One of the two ids is set.
type TopicMarked struct {
	Success        *bool   `json:"success,omitempty"`
	Count          int64   `json:"count"`
	TopicID        *string `json:"topicId,omitempty"`
	ConversationID *string `json:"conversationId,omitempty"`
	ChannelID      string  `json:"channelId"`
	ReadAt         int64   `json:"read_at"` // seconds
}

// ItemsMarked is the payload of the answers to marking items, and of their broadcasts.
type ItemsMarked struct {
	Success   *bool    `json:"success,omitempty"`
	Count     *int64   `json:"count,omitempty"` // of a batch
	ID        string   `json:"id,omitempty"`    // of a single item
	IDs       []string `json:"ids,omitempty"`
	Type      string   `json:"type"`
	ChannelID string   `json:"channelId,omitempty"`
	ReadAt    int64    `json:"read_at"` // seconds
}

// ReplySuccess is the payload of reply:success: the reply is on disk, not yet sent.
type ReplySuccess struct {
	MessageID string `json:"messageId"`
	RequestID string `json:"requestId"`
	Status    string `json:"status"` // submitted
}

// ReplyError is the payload of reply:error.
type ReplyError struct {
	MessageID string `json:"messageId,omitempty"`
	Error     string `json:"error"`
}

// MessageStatus is the payload of channel:message:status.
type MessageStatus struct {
	MessageID string `json:"messageId"`
	Status    string `json:"status"` // failed unknown
	Error     string `json:"error"`
}
