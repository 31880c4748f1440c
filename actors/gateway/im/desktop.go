package im

import (
	"encoding/json"
	"errors"

	"troupe/actors/master/board"
	"troupe/messages"
)

// Events of the desktop namespace. channel:status_update and notification:new are the inbox's and the administration's.
const (
	ManualLoginEvent       = "client:manual-login-success"
	ManualLoginAckEvent    = "client:manual-login-success:ack"
	ManualLoginErrorEvent  = "client:manual-login-success:error"
	AccountRestartedEvent  = "master:account-status-updated"
	ServerReplyResultEvent = "server:reply:result"
)

// statePayload bounds a browser's cookies and storage.
const statePayload = 8 << 20

var desktopEvents = []Event{
	{Desktop, ManualLoginEvent, In, Agent, statePayload, 0.5, 10, "hands over the login that an agent made in his own browser"},

	{Desktop, ManualLoginAckEvent, Out, Agent, 0, 0, 0, "answer: the login was taken over"},
	{Desktop, ManualLoginErrorEvent, Out, Agent, 0, 0, 0, "answer: the login was not taken over"},
	{Desktop, ChannelStatusEvent, Out, Agent, 0, 0, 0, "as in the inbox"},
	{Desktop, AccountRestartedEvent, Out, Agent, 0, 0, 0, "to all: the account runs again with the login that was handed over, or does not"},
	{Desktop, NotificationEvent, Out, Agent, 0, 0, 0, "as in the administration"},
	{Desktop, ServerReplyResultEvent, Out, Agent, 0, 0, 0, "to all: how a reply ended"},
}

// ManualLogin is client:manual-login-success: the state of a browser in which an agent logged in by hand.
type ManualLogin struct {
	AccountID    string          `json:"accountId"`
	Platform     string          `json:"platform"`
	StorageState json.RawMessage `json:"storageState"` // in Playwright's form; never logged
}

func (r *ManualLogin) check() error {
	if err := needed("accountId", r.AccountID); err != nil {
		return err
	}
	if len(r.StorageState) == 0 || r.StorageState[0] != '{' {
		return errors.New("storageState is missing")
	}
	return short("platform", r.Platform)
}

// ManualLoginTaken is the payload of client:manual-login-success:ack.
type ManualLoginTaken struct {
	AccountID string `json:"accountId"`
	Success   bool   `json:"success"`
	WorkerID  string `json:"workerId,omitempty"`
	Message   string `json:"message,omitempty"`
	Timestamp int64  `json:"timestamp"`
}

// ManualLoginFailed is the payload of client:manual-login-success:error.
type ManualLoginFailed struct {
	Error     string `json:"error"`
	AccountID string `json:"accountId"`
}

// AccountRestarted is the payload of master:account-status-updated.
type AccountRestarted struct {
	AccountID string `json:"accountId"`
	Platform  string `json:"platform"`
	Status    string `json:"status"` // active error
	Timestamp int64  `json:"timestamp"`
}

// AccountRestartedOf says how an account came up after its login was replaced; ok is false while that is not decided.
func AccountRestartedOf(a *board.Account, now int64) (news AccountRestarted, ok bool) {
	news = AccountRestarted{AccountID: a.Record.GetId(), Platform: a.Record.GetPlatform(), Status: "active", Timestamp: now}
	switch state := stateOf(a); {
	case state == messages.Watching:
		return news, true
	case state.NeedsPerson():
		news.Status = "error"
		return news, true
	}
	return news, false
}

// ServerReplyResult is the payload of server:reply:result.
type ServerReplyResult struct {
	ReplyID      string `json:"reply_id"`
	RequestID    string `json:"request_id"`
	Status       string `json:"status"` // success failed error
	AccountID    string `json:"account_id"`
	Platform     string `json:"platform"`
	Message      string `json:"message"`
	ErrorCode    string `json:"error_code,omitempty"`
	ErrorMessage string `json:"error_message,omitempty"`
	Timestamp    int64  `json:"timestamp"`
}

// ServerReplyResultOf shapes how a reply ended; one of which nobody knows whether it was sent is an error.
func ServerReplyResultOf(r *messages.Reply, a *board.Account, now int64) ServerReplyResult {
	result := ServerReplyResult{
		ReplyID: r.GetId(), RequestID: r.GetRequestId(), AccountID: r.GetAccount(), Platform: a.Record.GetPlatform(), Timestamp: now,
		Status: "success", Message: "回复已发送",
	}
	switch r.GetState() {
	case messages.ReplyFailedState:
		result.Status, result.Message, result.ErrorCode, result.ErrorMessage = "failed", "回复发送失败", "FAILED", r.GetReason()
	case messages.ReplyUnknownState:
		result.Status, result.Message, result.ErrorCode, result.ErrorMessage = "error", "回复是否送达未确认", "UNKNOWN_ERROR", r.GetReason()
	}
	return result
}
