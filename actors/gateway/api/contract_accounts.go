package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"troupe/actors"
	"troupe/actors/gateway/im"
	"troupe/actors/master/board"
	"troupe/messages"
)

// SafeAccount is an account in the contract's shape, without any secret. Times are seconds.
type SafeAccount struct {
	ID                string  `json:"id"`
	Platform          string  `json:"platform"`
	AccountName       string  `json:"account_name"`
	AccountID         string  `json:"account_id"`
	Status            string  `json:"status"`           // active paused error expired
	LoginStatus       string  `json:"login_status"`     // not_logged_in pending_login logging_in logged_in login_failed
	WorkerStatus      string  `json:"worker_status"`    // online offline error
	MonitorInterval   int64   `json:"monitor_interval"` // seconds
	LastCheckTime     *int64  `json:"last_check_time"`
	LastLoginTime     *int64  `json:"last_login_time"`
	CookiesValidUntil *int64  `json:"cookies_valid_until"` // a guess: a week after the login
	AssignedWorkerID  *string `json:"assigned_worker_id"`
	CreatedAt         int64   `json:"created_at"`
	UpdatedAt         int64   `json:"updated_at"`
	UserInfo          *string `json:"user_info"`   // JSON inside a string
	Credentials       *string `json:"credentials"` // always null: cookies never leave this way
	PlatformUserID    string  `json:"platform_user_id"`
	PlatformUsername  string  `json:"platform_username"`
}

// usualInterval is what the contract takes an account's pace to be when it has none of its own, in seconds.
const usualInterval = 30

// cookiesLast is how long the contract takes a login to be good for.
const cookiesLast = 7 * 24 * time.Hour

func safeAccount(acc *board.Account) SafeAccount {
	rec, ch := acc.Record, im.ChannelOf(acc, nil)
	out := SafeAccount{
		ID: rec.GetId(), Platform: rec.GetPlatform(), AccountName: rec.GetName(), AccountID: rec.GetAccountId(),
		Status: ch.Status, LoginStatus: ch.LoginStatus, WorkerStatus: ch.WorkerStatus,
		MonitorInterval: cmp.Or(rec.GetMonitorInterval(), usualInterval), LastCheckTime: secondsOr(acc.Status.GetLastRound()),
		LastLoginTime: secondsOr(rec.GetLastLoginTime()), CreatedAt: seconds(rec.GetCreatedAt()), UpdatedAt: seconds(rec.GetUpdatedAt()),
		UserInfo: ch.UserInfo, PlatformUserID: rec.GetProfile().GetPlatformUserId(), PlatformUsername: rec.GetProfile().GetNickname(),
	}
	if rec.GetLastLoginTime() != 0 {
		out.CookiesValidUntil = secondsOr(rec.GetLastLoginTime() + cookiesLast.Milliseconds())
	}
	if worker := rec.GetWorker(); worker != "" {
		out.AssignedWorkerID = &worker
	}
	return out
}

func (a *API) contractAccounts(w http.ResponseWriter, r *http.Request) error {
	status, platform := r.URL.Query().Get("status"), r.URL.Query().Get("platform")
	list := []SafeAccount{}
	for _, acc := range a.Board.Load().Accounts {
		if one := safeAccount(acc); (status == "" || one.Status == status) && (platform == "" || one.Platform == platform) {
			list = append(list, one)
		}
	}
	return enveloped(w, http.StatusOK, list)
}

func (a *API) contractAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	return enveloped(w, http.StatusOK, safeAccount(acc))
}

// ContractNewAccount is the body of POST /compat/v1/accounts.
type ContractNewAccount struct {
	Platform         string          `json:"platform"`
	AccountName      string          `json:"account_name"` // 1 to 50 characters
	AccountID        string          `json:"account_id,omitempty"`
	MonitorInterval  Number          `json:"monitor_interval,omitempty"`   // seconds, 10 to 300
	AssignedWorkerID string          `json:"assigned_worker_id,omitempty"` // must be a node that is online; placement is automatic all the same
	Credentials      json.RawMessage `json:"credentials,omitempty"`        // refused: see PUT /api/v1/accounts/{account}/state
}

// errCredentials is the answer to cookies that come in where nobody looks at what they hold.
func errCredentials() error {
	return invalid("field \"credentials\" is not taken here: bring a login in with PUT %s/accounts/{account}/state", Prefix)
}

func given(raw json.RawMessage) bool {
	return len(raw) > 0 && !slices.Contains([]string{"null", `""`, "{}"}, string(raw))
}

func (a *API) contractCreate(w http.ResponseWriter, r *http.Request) error {
	var body ContractNewAccount
	if err := decodeLoosely(r, &body); err != nil {
		return err
	}
	if given(body.Credentials) {
		return errCredentials()
	}
	if worker := body.AssignedWorkerID; worker != "" && !online(a.Board.Load(), worker) {
		return invalid("worker %q is not online", worker)
	}
	done, err := a.contractAsk(r, &messages.CreateAccount{
		Platform: body.Platform, Name: body.AccountName, AccountId: body.AccountID, MonitorInterval: int64(body.MonitorInterval),
	})
	if err != nil {
		return err
	}
	return enveloped(w, http.StatusCreated, done)
}

// contractAsk asks the master for a change of an account and shapes it as it is then.
func (a *API) contractAsk(r *http.Request, command any) (SafeAccount, error) {
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	done, err := actors.Ask[*messages.AccountDone](ctx, a.Root, a.Master, command)
	if err != nil {
		return SafeAccount{}, err
	}
	acc := &board.Account{Record: done.GetAccount(), Status: &messages.AccountStatus{State: string(messages.Starting)}}
	if now := a.Board.Load().Account(acc.ID()); now != nil {
		acc.Status, acc.Online = now.Status, now.Online
	}
	return safeAccount(acc), nil
}

// ContractAccountChange is the body of PATCH /compat/v1/accounts/{account}; what is absent stays.
type ContractAccountChange struct {
	AccountName      *string         `json:"account_name,omitempty"`
	AccountID        *string         `json:"account_id,omitempty"`
	Status           string          `json:"status,omitempty"` // paused or inactive closes the browser, active resumes
	MonitorInterval  *Number         `json:"monitor_interval,omitempty"`
	AssignedWorkerID *string         `json:"assigned_worker_id,omitempty"` // the present one, "" or null; the master places accounts itself
	Credentials      json.RawMessage `json:"credentials,omitempty"`        // refused
}

func (a *API) contractChange(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body ContractAccountChange
	if err := decodeLoosely(r, &body); err != nil {
		return err
	}
	commands, err := body.commands(acc)
	if err != nil {
		return err
	}
	var now SafeAccount
	for _, command := range commands {
		if now, err = a.contractAsk(r, command); err != nil {
			return err
		}
	}
	return enveloped(w, http.StatusOK, now)
}

// commands are what the master has to be asked for.
func (body *ContractAccountChange) commands(acc *board.Account) ([]any, error) {
	id := acc.Record.GetId()
	change := &messages.ChangeAccount{Account: id, Name: body.AccountName, AccountId: body.AccountID}
	if body.MonitorInterval != nil {
		interval := int64(*body.MonitorInterval)
		change.MonitorInterval = &interval
	}
	if worker := body.AssignedWorkerID; worker != nil && *worker != "" && *worker != acc.Record.GetWorker() {
		return nil, &Problem{http.StatusConflict, "conflict", "accounts are placed by the master itself: leave assigned_worker_id empty"}
	}
	if given(body.Credentials) {
		return nil, errCredentials()
	}
	switch paused := acc.Record.GetPaused(); {
	case body.Status == "", body.Status == "active" && !paused:
		return []any{change}, nil
	case body.Status == "active":
		return []any{change, &messages.ResumeAccount{Account: id}}, nil
	case body.Status == "paused" || body.Status == "inactive":
		return []any{change, &messages.PauseAccount{Account: id}}, nil
	}
	return nil, invalid("field \"status\" must be active or paused")
}

func (a *API) contractRemove(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	if _, err := actors.Ask[*messages.AccountDone](ctx, a.Root, a.Master, &messages.RemoveAccount{Account: acc.Record.GetId()}); err != nil {
		return err
	}
	return answer(w, http.StatusOK, Done{true, "Account deleted successfully"})
}

// AccountStatus is what an account does, in the contract's shape.
type AccountStatus struct {
	ID           string         `json:"id"`
	AccountName  string         `json:"account_name"`
	AccountID    string         `json:"account_id"`
	Platform     string         `json:"platform"`
	Status       string         `json:"status"`
	LoginStatus  string         `json:"login_status"`
	UserInfo     map[string]any `json:"user_info"` // null before the first login
	Worker       *WorkerName    `json:"worker"`
	RuntimeStats RuntimeStats   `json:"runtime_stats"`
}

// WorkerName is the node that an account runs on.
type WorkerName struct {
	ID     string `json:"id"`
	Status string `json:"status"` // online offline
	Host   string `json:"host"`
	Port   int    `json:"port"`
}

// RuntimeStats are an account's numbers. Times are seconds.
type RuntimeStats struct {
	WorkerStatus        string  `json:"worker_status"`
	TotalComments       int64   `json:"total_comments"`
	TotalContents       int64   `json:"total_contents"`
	TotalFollowers      int64   `json:"total_followers"`
	TotalFollowing      int64   `json:"total_following"`
	RecentCommentsCount int64   `json:"recent_comments_count"` // changed items of the last hour
	RecentContentsCount int64   `json:"recent_contents_count"` // not counted apart: 0
	LastCrawlTime       *int64  `json:"last_crawl_time"`
	LastHeartbeatTime   *int64  `json:"last_heartbeat_time"`
	ErrorCount          int64   `json:"error_count"` // open alarms
	LastErrorMessage    *string `json:"last_error_message"`
}

func (a *API) statusOf(b *board.Board, acc *board.Account) AccountStatus {
	rec, v := acc.Record, a.Views.Get(acc.ID())
	head, one := im.ChannelStatusOf(acc, v).Channel, safeAccount(acc)
	out := AccountStatus{
		ID: rec.GetId(), AccountName: rec.GetName(), AccountID: rec.GetAccountId(), Platform: rec.GetPlatform(),
		Status: one.Status, LoginStatus: one.LoginStatus,
		RuntimeStats: RuntimeStats{
			WorkerStatus: one.WorkerStatus, TotalComments: head.Stats.Comments, TotalContents: head.Stats.Contents,
			TotalFollowers: head.Stats.Followers, TotalFollowing: head.Stats.Following, RecentCommentsCount: acc.Status.GetItemsHour(),
			LastCrawlTime: one.LastCheckTime,
		},
	}
	if one.UserInfo != nil {
		_ = json.Unmarshal([]byte(*one.UserInfo), &out.UserInfo) // it was made from an object
	}
	for _, al := range b.Alarms {
		if concerns(al, rec) && al.GetClearedAt() == 0 {
			out.RuntimeStats.ErrorCount++
		}
	}
	if reason := acc.Status.GetReason(); reason != "" {
		out.RuntimeStats.LastErrorMessage = &reason
	}
	if n := nodeOf(b, rec.GetWorker()); n != nil {
		worker := workerOf(n, 0)
		out.Worker = &WorkerName{worker.ID, worker.Status, worker.Host, worker.Port}
		out.RuntimeStats.LastHeartbeatTime = secondsOr(n.LastBeat)
	}
	return out
}

// statusOrders are what ?sort= may name.
var statusOrders = map[string]func(a, b AccountStatus) int{
	"account_name": func(a, b AccountStatus) int { return strings.Compare(a.AccountName, b.AccountName) },
	"platform":     func(a, b AccountStatus) int { return strings.Compare(a.Platform, b.Platform) },
	"total_comments": func(a, b AccountStatus) int {
		return cmp.Compare(a.RuntimeStats.TotalComments, b.RuntimeStats.TotalComments)
	},
	"error_count": func(a, b AccountStatus) int { return cmp.Compare(a.RuntimeStats.ErrorCount, b.RuntimeStats.ErrorCount) },
	"last_crawl_time": func(a, b AccountStatus) int {
		return cmp.Compare(valueOf(a.RuntimeStats.LastCrawlTime), valueOf(b.RuntimeStats.LastCrawlTime))
	},
}

func valueOf(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func (a *API) contractStatuses(w http.ResponseWriter, r *http.Request) error {
	q, b, list := r.URL.Query(), a.Board.Load(), []AccountStatus{}
	for _, acc := range b.Accounts {
		one := a.statusOf(b, acc)
		if fits(q.Get("worker_status"), one.RuntimeStats.WorkerStatus) && fits(q.Get("login_status"), one.LoginStatus) && fits(q.Get("platform"), one.Platform) {
			list = append(list, one)
		}
	}
	if by := statusOrders[q.Get("sort")]; by != nil { // a list of its own: what is not in it keeps the accounts' order
		slices.SortStableFunc(list, by)
		if strings.EqualFold(q.Get("order"), "desc") {
			slices.Reverse(list)
		}
	}
	count := len(list)
	return answer(w, http.StatusOK, Enveloped[[]AccountStatus]{Success: true, Data: list, Count: &count})
}

// fits says whether a value passes a filter; an empty filter passes all.
func fits(filter, value string) bool { return filter == "" || filter == value }
