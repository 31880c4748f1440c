package im

import (
	"cmp"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// maxNotifications bounds what one commit notifies of; the lists hold the rest.
const maxNotifications = 20

// Notification is the payload of notification:new, which the administration shows as a toast.
type Notification struct {
	ID        string               `json:"id"`
	Type      string               `json:"type"` // comment direct_message system
	Title     string               `json:"title"`
	Content   string               `json:"content"`
	Data      NotificationData     `json:"data"`
	Account   *NotificationAccount `json:"account"`  // null when it concerns none
	Priority  string               `json:"priority"` // normal high
	CreatedAt int64                `json:"created_at"`
	Timestamp int64                `json:"timestamp"`
}

// NotificationData says what it is about; only what applies is set.
type NotificationData struct {
	TopicID  string `json:"topicId,omitempty"`
	ItemID   string `json:"itemId,omitempty"`
	FromName string `json:"fromName,omitempty"`
	Alarm    string `json:"alarm,omitempty"` // the alarm's name
}

// NotificationAccount is the account that it concerns.
type NotificationAccount struct {
	ID          string  `json:"id"`
	AccountName string  `json:"account_name"`
	Platform    string  `json:"platform"`
	UserInfo    *string `json:"user_info"`
}

// Notifications makes one of each item that deserves a hint, at most twenty a commit.
func Notifications(a *board.Account, p *dataset.Published, now time.Time) []Notification {
	var list []Notification
	for _, c := range p.Announce {
		topic, message := announced(p.View, c, now)
		if topic == "" || len(list) == maxNotifications {
			continue
		}
		n := Notification{
			ID: "item_" + a.Record.GetId() + "_" + c.ID, Data: NotificationData{TopicID: string(topic), ItemID: c.ID},
			Account: accountOf(a), Priority: "normal", Timestamp: now.UnixMilli(),
		}
		if message != nil {
			n.Type, n.Title, n.Content = "direct_message", "新私信", message.Text
			n.Data.FromName, n.CreatedAt = cmp.Or(message.SenderName, nobody), message.CreateTime
		} else {
			comment := p.View.Comment(c.ID)
			n.Type, n.Title, n.Content = "comment", "新评论", comment.Text
			n.Data.FromName, n.CreatedAt = cmp.Or(comment.AuthorName, nobody), comment.CreateTime
		}
		list = append(list, n)
	}
	return list
}

// AlarmNotification makes one of an alarm that was raised; a is nil when it concerns no account.
func AlarmNotification(alarm *messages.Alarm, a *board.Account, now time.Time) Notification {
	n := Notification{
		ID: alarm.GetId(), Type: "system", Title: "需要处理", Content: alarm.GetReason(), Data: NotificationData{Alarm: alarm.GetName()},
		Priority: "high", CreatedAt: alarm.GetRaisedAt(), Timestamp: now.UnixMilli(),
	}
	if a != nil {
		n.Account = accountOf(a)
	}
	return n
}

func accountOf(a *board.Account) *NotificationAccount {
	return &NotificationAccount{ID: a.Record.GetId(), AccountName: nameOf(a.Record), Platform: a.Record.GetPlatform(), UserInfo: userInfo(a.Record.GetProfile())}
}
