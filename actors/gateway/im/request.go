package im

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of what a client may send.
const (
	maxID      = 512  // bytes
	maxContent = 5000 // characters
	maxName    = 50   // characters, of an account's name
	maxBatch   = 1000
)

// Nothing is a request without fields; whatever comes with it is ignored.
type Nothing struct{}

// Register is monitor:register. All of it is optional.
type Register struct {
	ClientType string `json:"clientType"` // monitor admin
	ClientID   string `json:"clientId"`
}

// TopicsRequest is monitor:request_topics.
type TopicsRequest struct {
	ChannelID string `json:"channelId"`
}

// MessagesRequest is monitor:request_messages.
type MessagesRequest struct {
	TopicID string `json:"topicId"`
}

// ReplyRequest is monitor:reply. What kind of reply it is follows from the topic, not from what the client says of it.
type ReplyRequest struct {
	ChannelID string  `json:"channelId"`
	TopicID   string  `json:"topicId"`
	ReplyToID *string `json:"replyToId"`
	Content   string  `json:"content"`
	FromName  string  `json:"fromName"`
	FromID    string  `json:"fromId"`
}

// MarkTopicRequest is monitor:mark_topic_as_read, or monitor:mark_conversation_as_read with ConversationID.
type MarkTopicRequest struct {
	ChannelID      string `json:"channelId"`
	TopicID        string `json:"topicId"`
	ConversationID string `json:"conversationId"`
}

// MarkItemsRequest is monitor:mark_as_read with ID, or monitor:mark_batch_as_read with IDs.
type MarkItemsRequest struct {
	Type      string   `json:"type"` // comment message
	ID        string   `json:"id"`
	IDs       []string `json:"ids"`
	ChannelID string   `json:"channelId"` // may be empty
}

// UnreadRequest is monitor:get_unread_count; an empty channel means all.
type UnreadRequest struct {
	ChannelID string `json:"channelId"`
}

// CreateAccountRequest is monitor:create_account.
type CreateAccountRequest struct {
	Platform        string  `json:"platform"`
	AccountName     string  `json:"account_name"`
	AccountID       string  `json:"account_id"`
	MonitorInterval seconds `json:"monitor_interval"` // 0 = the platform's own pace
}

// DeleteAccountRequest is monitor:delete_account.
type DeleteAccountRequest struct {
	AccountID string `json:"accountId"`
}

// seconds is a number, or a number as text: the client's form field is a text input.
type seconds int64

// UnmarshalJSON accepts 30, "30", "" and null.
func (s *seconds) UnmarshalJSON(data []byte) error {
	text := strings.TrimSpace(string(bytes.Trim(data, `"`)))
	if text == "" || text == "null" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e9 {
		return errors.New("monitor_interval is no number of seconds")
	}
	*s = seconds(n)
	return nil
}

// Request is what Parse can read.
type Request[R any] interface {
	*R
	check() error
}

// Parse reads a payload into a request and checks it. A payload that is missing or null counts as an empty object. The
// error is for the client: it names the field and never repeats a value.
func Parse[R any, P Request[R]](payload json.RawMessage) (R, error) {
	var r R
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &r); err != nil {
			return r, readable(err)
		}
	}
	return r, P(&r).check()
}

// readable says what was wrong with a payload without repeating any of it.
func readable(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s must be a %s", wrong.Field, wrong.Type.Kind())
	case errors.As(err, &wrong):
		return errors.New("payload must be an object")
	default:
		return errors.New("payload cannot be read")
	}
}

func (r *Register) check() error {
	if r.ClientType == "" {
		r.ClientType = "monitor"
	}
	return errors.Join(short("clientType", r.ClientType), short("clientId", r.ClientID))
}

func (*Nothing) check() error { return nil }

// UnmarshalJSON ignores what it is given.
func (*Nothing) UnmarshalJSON([]byte) error { return nil }

func (r *TopicsRequest) check() error { return needed("channelId", r.ChannelID) }

func (r *MessagesRequest) check() error { return needed("topicId", r.TopicID) }

func (r *ReplyRequest) check() error {
	r.Content = strings.TrimSpace(r.Content)
	if err := needed("topicId", r.TopicID); err != nil {
		return err
	}
	if r.ReplyToID != nil && (*r.ReplyToID == "" || *r.ReplyToID == "0") {
		r.ReplyToID = nil
	}
	if r.Content == "" {
		return errors.New("content is empty")
	}
	if utf8.RuneCountInString(r.Content) > maxContent {
		return fmt.Errorf("content is longer than %d characters", maxContent)
	}
	return errors.Join(short("channelId", r.ChannelID), short("fromName", r.FromName), short("fromId", r.FromID))
}

func (r *MarkTopicRequest) check() error {
	if err := needed("channelId", r.ChannelID); err != nil {
		return err
	}
	if r.ConversationID != "" {
		return short("conversationId", r.ConversationID)
	}
	return needed("topicId", r.TopicID)
}

func (r *MarkItemsRequest) check() error {
	if r.Type != "comment" && r.Type != "message" {
		return errors.New("type must be comment or message")
	}
	if r.ID == "" && len(r.IDs) == 0 {
		return errors.New("id or ids is missing")
	}
	if len(r.IDs) > maxBatch {
		return fmt.Errorf("ids holds more than %d", maxBatch)
	}
	for _, id := range r.IDs {
		if err := needed("ids", id); err != nil {
			return err
		}
	}
	return errors.Join(short("id", r.ID), short("channelId", r.ChannelID))
}

func (r *UnreadRequest) check() error { return short("channelId", r.ChannelID) }

func (r *CreateAccountRequest) check() error {
	r.AccountName = strings.TrimSpace(r.AccountName)
	if err := needed("platform", r.Platform); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(r.AccountName); n == 0 || n > maxName {
		return fmt.Errorf("account_name must have 1 to %d characters", maxName)
	}
	if r.MonitorInterval != 0 && (r.MonitorInterval < 10 || r.MonitorInterval > 300) {
		return errors.New("monitor_interval must be 10 to 300 seconds")
	}
	return short("account_id", r.AccountID)
}

func (r *DeleteAccountRequest) check() error { return needed("accountId", r.AccountID) }

func needed(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return short(field, value)
}

func short(field, value string) error {
	if len(value) > maxID {
		return fmt.Errorf("%s is longer than %d bytes", field, maxID)
	}
	return nil
}
