package im

import (
	"cmp"
	"errors"
	"regexp"
	"slices"

	"troupe/actors/master/board"
)

// Events of the administration's namespace.
const (
	AdminAuthEvent         = "admin:auth"
	AdminStatusEvent       = "admin:status:request"
	AdminLoginsEvent       = "admin:login_sessions:list"
	LoginStartEvent        = "master:login:start"
	LoginInputEvent        = "master:login:user_input"
	AdminConnectedEvent    = "admin:connected"
	AdminAuthSuccessEvent  = "admin:auth:success"
	AdminAuthFailedEvent   = "admin:auth:failed"
	AdminStatusAnswerEvent = "admin:status:response"
	AdminLoginsAnswerEvent = "admin:login_sessions:list:response"
	LoginStartAckEvent     = "admin:login:start:ack"
	LoginInputAckEvent     = "admin:login:user_input:ack"
	LoginUpdateEvent       = "login:status:update"
	NotificationEvent      = "notification:new"
	WorkerStatusEvent      = "worker:status_changed"
	WorkerStartedEvent     = "worker:started"
	WorkerStoppedEvent     = "worker:stopped"
	AdminErrorEvent        = "admin:error"
)

const (
	maxLoginSessions = 50
	loginMethod      = "qrcode"
	// loginOpen and loginScanned are the states of a login under way.
	loginOpen, loginScanned = "pending", "scanning"
)

var adminEvents = []Event{
	{Admin, AdminAuthEvent, In, Anyone, smallPayload, 2, 10, "says who it is, on every connect"},
	{Admin, AdminStatusEvent, In, Viewer, smallPayload, 10, 50, "asks for the dashboard's numbers"},
	{Admin, AdminLoginsEvent, In, Viewer, smallPayload, 10, 50, "asks for the logins under way"},
	{Admin, LoginStartEvent, In, Operator, smallPayload, 2, 20, "starts an account's login by QR code"},
	{Admin, LoginInputEvent, In, Operator, smallPayload, 2, 20, "gives a login what the page asks a person for"},

	{Admin, AdminConnectedEvent, Out, Anyone, 0, 0, 0, "greets each connection"},
	{Admin, AdminAuthSuccessEvent, Out, Viewer, 0, 0, 0, "answer to auth"},
	{Admin, AdminAuthFailedEvent, Out, Anyone, 0, 0, 0, "answer to auth"},
	{Admin, AdminStatusAnswerEvent, Out, Viewer, 0, 0, 0, "answer to status:request"},
	{Admin, AdminLoginsAnswerEvent, Out, Viewer, 0, 0, 0, "answer to login_sessions:list"},
	{Admin, LoginStartAckEvent, Out, Operator, 0, 0, 0, "answer to login:start; the steps follow as updates"},
	{Admin, LoginInputAckEvent, Out, Operator, 0, 0, 0, "answer to login:user_input"},
	{Admin, LoginUpdateEvent, Out, Operator, 0, 0, 0, "to all: a step of a login, with its QR picture"},
	{Admin, NotificationEvent, Out, Viewer, 0, 0, 0, "to all: a new comment or message, or an alarm"},
	{Admin, WorkerStatusEvent, Out, Viewer, 0, 0, 0, "to all: a node came or went"},
	{Admin, WorkerStartedEvent, Out, Viewer, 0, 0, 0, "to all: a node came"},
	{Admin, WorkerStoppedEvent, Out, Viewer, 0, 0, 0, "to all: a node went"},
	{Admin, AdminErrorEvent, Out, Anyone, 0, 0, 0, "a request was not carried out"},
}

// AdminAuth is admin:auth.
type AdminAuth struct {
	Token  string `json:"token"` // never logged
	UserID string `json:"userId"`
}

// LoginStart is master:login:start. The session's id is made by the client; the node is the one that runs the account, whatever
// the client says.
type LoginStart struct {
	AccountID string `json:"account_id"`
	SessionID string `json:"session_id"`
}

// LoginInput is master:login:user_input.
type LoginInput struct {
	SessionID string `json:"session_id"`
	InputType string `json:"input_type"` // phone_number verification_code
	Value     string `json:"value"`      // never logged
}

// maxInput bounds what a person enters into a login, in bytes.
const maxInput = 200

var sessionForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (r *AdminAuth) check() error {
	return errors.Join(short("token", r.Token), short("userId", r.UserID))
}

func (r *LoginStart) check() error {
	if !sessionForm.MatchString(r.SessionID) {
		return errors.New("session_id must be 1 to 64 letters, digits, _ or -")
	}
	return needed("account_id", r.AccountID)
}

func (r *LoginInput) check() error {
	switch {
	case r.InputType != "phone_number" && r.InputType != "verification_code":
		return errors.New("input_type must be phone_number or verification_code")
	case r.Value == "" || len(r.Value) > maxInput:
		return errors.New("value must have 1 to 200 bytes")
	}
	return needed("session_id", r.SessionID)
}

// AdminConnected is the payload of admin:connected.
type AdminConnected struct {
	Message   string `json:"message"`
	Timestamp int64  `json:"timestamp"`
}

// AdminAuthSuccess is the payload of admin:auth:success.
type AdminAuthSuccess struct {
	UserID    string `json:"userId"`
	Timestamp int64  `json:"timestamp"`
}

// AdminAuthFailed is the payload of admin:auth:failed.
type AdminAuthFailed struct {
	Error     string `json:"error"`
	Timestamp int64  `json:"timestamp"`
}

// AdminError is the payload of admin:error.
type AdminError struct {
	Error   string `json:"error"`
	Message string `json:"message,omitempty"`
}

// AdminStatus is the payload of admin:status:response.
type AdminStatus struct {
	Workers       WorkerNumbers  `json:"workers"`
	Accounts      AccountNumbers `json:"accounts"`
	Runtime       RuntimeNumbers `json:"runtime"`
	LoginSessions LoginNumbers   `json:"loginSessions"`
	Platforms     map[string]int `json:"platforms"`
	Timestamp     int64          `json:"timestamp"`
}

// WorkerNumbers counts nodes.
type WorkerNumbers struct {
	Total   int `json:"total"`
	Online  int `json:"online"`
	Offline int `json:"offline"`
}

// AccountNumbers counts accounts, in three ways: by status, by login, by their node's state.
type AccountNumbers struct {
	Total         int `json:"total"`
	Active        int `json:"active"`
	Inactive      int `json:"inactive"`
	LoggedIn      int `json:"loggedIn"`
	NotLoggedIn   int `json:"notLoggedIn"`
	LoginFailed   int `json:"loginFailed"`
	OnlineStatus  int `json:"onlineStatus"`
	OfflineStatus int `json:"offlineStatus"`
	ErrorStatus   int `json:"errorStatus"`
}

// RuntimeNumbers counts what is held of all accounts.
type RuntimeNumbers struct {
	TotalComments  int64 `json:"totalComments"`
	TotalWorks     int64 `json:"totalWorks"`
	TotalFollowers int64 `json:"totalFollowers"`
}

// LoginNumbers counts the logins of the last day.
type LoginNumbers struct {
	Pending int `json:"pending"`
	Success int `json:"success"`
	Failed  int `json:"failed"`
	Total   int `json:"total"`
}

// AdminStatusOf counts everything for the dashboard.
func AdminStatusOf(b *board.Board, views Views, now int64) AdminStatus {
	s := AdminStatus{Platforms: map[string]int{}, Timestamp: now}
	for _, n := range b.Nodes {
		s.Workers.Total++
		if n.Online {
			s.Workers.Online++
		}
	}
	s.Workers.Offline = s.Workers.Total - s.Workers.Online
	for _, a := range b.Accounts {
		s.Accounts.count(a)
		s.Platforms[a.Record.GetPlatform()]++
		counts := &summaryOf(views(a.ID())).Counts
		s.Runtime.TotalComments += counts.GetComments() + counts.GetDiscussions()
		s.Runtime.TotalWorks += counts.GetContents()
		s.Runtime.TotalFollowers += a.Record.GetProfile().GetFollowers()
	}
	for _, l := range b.Logins {
		s.LoginSessions.Total++
		switch l.GetStatus() {
		case loginOpen, loginScanned:
			s.LoginSessions.Pending++
		case "success":
			s.LoginSessions.Success++
		default:
			s.LoginSessions.Failed++
		}
	}
	return s
}

func (n *AccountNumbers) count(a *board.Account) {
	n.Total++
	status := accountStatus(a)
	if status == "active" {
		n.Active++
	} else {
		n.Inactive++
	}
	switch loginStatus(a) {
	case "logged_in":
		n.LoggedIn++
	case "login_failed":
		n.LoginFailed++
	default:
		n.NotLoggedIn++
	}
	switch {
	case status == "error":
		n.ErrorStatus++
	case workerStatus(a) == "online":
		n.OnlineStatus++
	default:
		n.OfflineStatus++
	}
}

// LoginSession is a login under way. Times are seconds.
type LoginSession struct {
	ID           string  `json:"id"`
	AccountID    string  `json:"account_id"`
	WorkerID     string  `json:"worker_id"`
	Status       string  `json:"status"` // pending scanning
	LoginMethod  string  `json:"login_method"`
	QRCodeData   *string `json:"qr_code_data"` // data URL of a PNG; null until the page shows one
	QRCodeURL    *string `json:"qr_code_url"`  // always null: the picture is all that the page gives
	ExpiresAt    int64   `json:"expires_at"`
	CreatedAt    int64   `json:"created_at"`
	ErrorMessage *string `json:"error_message"`
	AccountName  string  `json:"account_name"`
	Platform     string  `json:"platform"`
	WorkerName   string  `json:"worker_name"`
}

// LoginSessionList is the payload of admin:login_sessions:list:response.
type LoginSessionList struct {
	Sessions  []LoginSession `json:"sessions"`
	Timestamp int64          `json:"timestamp"`
}

// LoginSessions lists the logins under way, newest first, at most fifty; picture finds a session's QR code as a data URL.
func LoginSessions(b *board.Board, picture func(session string) string, now int64) LoginSessionList {
	list := LoginSessionList{Sessions: []LoginSession{}, Timestamp: now}
	for _, l := range slices.Backward(b.Logins) {
		if l.GetStatus() != loginOpen && l.GetStatus() != loginScanned || len(list.Sessions) == maxLoginSessions {
			continue
		}
		row := LoginSession{
			ID: l.GetSession(), AccountID: l.GetAccount(), Status: l.GetStatus(), LoginMethod: loginMethod, QRCodeData: orNull(picture(l.GetSession())),
			ExpiresAt: l.GetExpiresAt() / 1000, CreatedAt: l.GetCreatedAt() / 1000, ErrorMessage: orNull(l.GetReason()),
		}
		for _, a := range b.Accounts {
			if a.Record.GetId() == l.GetAccount() {
				row.AccountName, row.Platform = cmp.Or(a.Record.GetName(), row.AccountID), a.Record.GetPlatform()
				row.WorkerID, row.WorkerName = a.Record.GetWorker(), a.Record.GetWorker()
			}
		}
		list.Sessions = append(list.Sessions, row)
	}
	return list
}

// LoginStarted is the payload of admin:login:start:ack.
type LoginStarted struct {
	AccountID string `json:"account_id"`
	WorkerID  string `json:"worker_id"`
	SessionID string `json:"session_id"`
	Status    string `json:"status"` // sent
	Timestamp int64  `json:"timestamp"`
}

// LoginInputTaken is the payload of admin:login:user_input:ack.
type LoginInputTaken struct {
	SessionID string `json:"session_id"`
	InputType string `json:"input_type"`
	Status    string `json:"status"` // received
	Timestamp int64  `json:"timestamp"`
}

// WorkerNews is the payload of worker:status_changed, worker:started and worker:stopped.
type WorkerNews struct {
	WorkerID  string `json:"worker_id"`
	Status    string `json:"status"` // online offline
	Timestamp int64  `json:"timestamp"`
}
