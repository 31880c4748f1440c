package foreign

import (
	"encoding/json"

	"troupe/messages"
)

// What is sent to Node workers. Times are in seconds where their system has seconds.

type (
	done struct {
		Success   bool  `json:"success"`
		Timestamp int64 `json:"timestamp"` // ms
	}
	registration struct {
		Success          bool   `json:"success"`
		WorkerID         string `json:"worker_id"`
		AssignedAccounts []row  `json:"assigned_accounts"`
	}
	assigned struct {
		Accounts []row `json:"accounts"`
	}
	revoked struct {
		AccountIDs []string `json:"accountIds"`
		IDs        []string `json:"account_ids"` // the same, as others read it
		Reason     string   `json:"reason"`
	}
	updated struct {
		AccountID string   `json:"account_id"`
		Reason    string   `json:"reason"`
		Fields    []string `json:"updated_fields"`
		Proxy     *proxy   `json:"proxy"`
	}
	// storage is a login that a person brought. It is in no log.
	storage struct {
		AccountID    string          `json:"accountId"`
		Platform     string          `json:"platform"`
		StorageState json.RawMessage `json:"storageState"` // in Playwright's form
		Timestamp    int64           `json:"timestamp"`    // ms
	}
	loginStart struct {
		AccountID string `json:"account_id"`
		SessionID string `json:"session_id"`
		Platform  string `json:"platform"`
		Proxy     *proxy `json:"proxy"`
	}
	loginInput struct {
		SessionID string `json:"session_id"`
		InputType string `json:"input_type"`
		Value     string `json:"value"`
	}
	synced struct {
		Success   bool   `json:"success"`
		AccountID string `json:"accountId"`
		Stats     stats  `json:"stats"`
	}
	// stats are the items of a sync, by collection; skipped are records without an id.
	stats struct {
		Contents      int `json:"contents"`
		Comments      int `json:"comments"`
		Discussions   int `json:"discussions"`
		Conversations int `json:"conversations"`
		Messages      int `json:"messages"`
		Notifications int `json:"notifications"`
		Changed       int `json:"changed"`
		Skipped       int `json:"skipped"`
	}
)

// proxy is a way out. Its password is given to the worker that has to use it, and is shown nowhere else.
type proxy struct {
	Server   string `json:"server"` // host:port
	Protocol string `json:"protocol"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
}

// row is an account as Node workers know it.
type row struct {
	ID              string `json:"id"`
	Platform        string `json:"platform"`
	AccountName     string `json:"account_name"`
	AccountID       string `json:"account_id"`
	Status          string `json:"status"` // active
	LoginStatus     string `json:"login_status"`
	MonitorInterval int64  `json:"monitor_interval"` // seconds
	WorkerID        string `json:"assigned_worker_id"`
	PlatformUserID  string `json:"platform_user_id,omitempty"`
	Proxy           *proxy `json:"proxy"`
}

// usualInterval is a Node worker's own pace, in seconds.
const usualInterval = 30

func rowOf(a *messages.Account, worker messages.NodeID, p *proxy) row {
	interval := a.GetMonitorInterval()
	if interval == 0 {
		interval = usualInterval
	}
	return row{
		ID: a.GetId(), Platform: a.GetPlatform(), AccountName: a.GetName(), AccountID: a.GetAccountId(), Status: "active",
		LoginStatus: a.GetLoginStatus(), MonitorInterval: interval, WorkerID: string(worker),
		PlatformUserID: a.GetProfile().GetPlatformUserId(), Proxy: p,
	}
}

func statsOf(s *snapshot, changed int) stats {
	return stats{
		Contents: s.counts[messages.Contents], Comments: s.counts[messages.Comments], Discussions: s.counts[messages.Discussions],
		Conversations: s.counts[messages.Conversations], Messages: s.counts[messages.Messages], Notifications: s.counts[messages.Notifications],
		Changed: changed, Skipped: s.skipped,
	}
}
