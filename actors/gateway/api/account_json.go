package api

import (
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Account is an account in JSON: its record, what it does now, and what it holds.
type Account struct {
	ID        string   `json:"id"`
	Platform  string   `json:"platform"`
	Name      string   `json:"name"`
	AccountID string   `json:"account_id"` // the operator's own name for it on the platform
	Tags      []string `json:"tags"`       // the operator's own words for it, sorted

	State  string `json:"state"`            // the vocabulary of messages.AccountState
	Reason string `json:"reason,omitempty"` // for people; empty when all is well
	Step   string `json:"step,omitempty"`   // the step that failed
	Since  int64  `json:"since,omitempty"`
	Online bool   `json:"online"` // its node holds a lease
	Node   string `json:"node,omitempty"`
	// Pinned is the Node worker that an operator gave it to; our own nodes leave it alone.
	Pinned string `json:"pinned,omitempty"`
	// Unfenced: a Node worker has it, or may have it still. No lease and no gate keep it from acting beside another.
	Unfenced bool   `json:"unfenced,omitempty"`
	Epoch    string `json:"epoch"`

	LoggedIn      bool     `json:"logged_in"`
	LoginStatus   string   `json:"login_status"`
	LastLoginTime int64    `json:"last_login_time,omitempty"`
	Profile       *Profile `json:"profile,omitempty"` // read after the first login

	MonitorInterval int64  `json:"monitor_interval,omitempty"` // seconds; absent = the platform's own pace
	CreatedAt       int64  `json:"created_at"`
	LastRound       int64  `json:"last_round,omitempty"`
	NextRound       int64  `json:"next_round,omitempty"`
	Rounds          int64  `json:"rounds"`
	ItemsPerHour    int64  `json:"items_per_hour"` // changed items of the last hour
	Gate            string `json:"gate,omitempty"` // address of its way out
	GateOpen        bool   `json:"gate_open"`
	Evidence        string `json:"evidence,omitempty"` // name of the newest picture of a trouble
	BrowserPID      int64  `json:"browser_pid,omitempty"`
	BrowserStarts   int64  `json:"browser_starts"`
	BrowserEnd      string `json:"browser_end,omitempty"` // why the last browser was ended on purpose: memory, age, idle

	Definition        string `json:"definition,omitempty"`         // digest of the platform's definition that it runs
	DefinitionVersion int64  `json:"definition_version,omitempty"` // as the definition calls itself

	Proxy   string   `json:"proxy,omitempty"`   // name of its way out; absent = directly
	Noise   string   `json:"noise,omitempty"`   // of its persona: off or seed
	Persona *Persona `json:"persona,omitempty"` // known once its browser ran
	Traffic *Traffic `json:"traffic,omitempty"` // through its gate, since that was opened

	Loaded       bool    `json:"loaded"` // false: counts are known, items are still being read from disk
	Counts       Counts  `json:"counts"`
	Unread       Unread  `json:"unread"`
	Last         *Last   `json:"last,omitempty"` // the newest comment or message
	LastSyncTime int64   `json:"last_sync_time,omitempty"`
	OpenReplies  int     `json:"open_replies"`
	Alarms       []Alarm `json:"alarms,omitempty"` // open ones
}

// Accounts is the answer to GET /accounts.
type Accounts struct {
	Accounts []Account `json:"accounts"` // by id
}

// Profile is an account's public face.
type Profile struct {
	PlatformUserID string `json:"platform_user_id"`
	Nickname       string `json:"nickname"`
	Avatar         string `json:"avatar,omitempty"`
	Followers      *int64 `json:"followers,omitempty"`
	Following      *int64 `json:"following,omitempty"`
	Signature      string `json:"signature,omitempty"`
}

// Counts are how many items of each collection are held.
type Counts struct {
	Contents      int64 `json:"contents"`
	Comments      int64 `json:"comments"`
	Discussions   int64 `json:"discussions"`
	Conversations int64 `json:"conversations"`
	Messages      int64 `json:"messages"`
	Notifications int64 `json:"notifications"`
}

// Unread is what nobody has read yet.
type Unread struct {
	Comments int `json:"comments"`
	Messages int `json:"messages"`
	Total    int `json:"total"`
}

// Last is the newest comment or message of an account or topic.
type Last struct {
	Text string `json:"text"`
	From string `json:"from"`
	At   int64  `json:"at"`
}

// Alarm is a named trouble, of an account, of a node, of a proxy or of a platform.
type Alarm struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Account   string `json:"account,omitempty"`
	Node      string `json:"node,omitempty"`
	Proxy     string `json:"proxy,omitempty"`    // name of the proxy in trouble, for all accounts that use it
	Platform  string `json:"platform,omitempty"` // whose new definition was refused
	Reason    string `json:"reason"`
	RaisedAt  int64  `json:"raised_at"`
	ClearedAt int64  `json:"cleared_at,omitempty"`
	Open      bool   `json:"open"`
}

// accountOf puts together what board and store know of one account; v is nil when the store knows nothing yet.
func accountOf(b *board.Board, acc *board.Account, v *dataset.View) Account {
	rec, st := acc.Record, acc.Status
	out := Account{
		ID: rec.GetId(), Platform: rec.GetPlatform(), Name: rec.GetName(), AccountID: rec.GetAccountId(),
		State: st.GetState(), Reason: st.GetReason(), Step: st.GetStep(), Since: st.GetSince(),
		Online: acc.Online, Node: rec.GetWorker(), Epoch: messages.Epoch(rec.GetEpoch()).String(),
		LoggedIn: rec.GetLoggedIn(), LoginStatus: rec.GetLoginStatus(), LastLoginTime: rec.GetLastLoginTime(),
		Profile: profileOf(rec.GetProfile()), MonitorInterval: rec.GetMonitorInterval(), CreatedAt: rec.GetCreatedAt(),
		LastRound: st.GetLastRound(), NextRound: st.GetNextRound(), Rounds: st.GetRounds(), GateOpen: st.GetGateOpen(),
		ItemsPerHour: st.GetItemsHour(), Gate: st.GetGate(), Evidence: st.GetEvidence(),
		BrowserPID: st.GetBrowserPid(), BrowserStarts: st.GetBrowserStarts(), OpenReplies: len(acc.Queue), Loaded: true,
	}
	out.Pinned, out.Unfenced = rec.GetForeign(), rec.GetAbroad() != ""
	if out.Unfenced {
		out.Node = rec.GetAbroad()
	}
	out.Definition, out.DefinitionVersion = st.GetDefinition(), st.GetDefinitionVersion()
	out.Tags = append([]string{}, rec.GetTags()...)
	out.Noise, out.Proxy = rec.GetNoise(), proxyName(b, rec.GetProxy())
	out.Persona, out.Traffic, out.BrowserEnd = personaOf(st.GetPersona()), trafficOf(st.GetCounts()), st.GetBrowserEnd()
	for _, al := range b.Alarms {
		if concerns(al, rec) && al.GetClearedAt() == 0 {
			out.Alarms = append(out.Alarms, alarmOf(b, al))
		}
	}
	if v != nil {
		out.Loaded, out.Counts, out.Unread, out.Last = v.Loaded, countsOf(&v.Counts), unreadOf(v.Unread), lastOf(v.Last)
		out.LastSyncTime = v.Metadata.GetLastSyncTime()
	}
	return out
}

func profileOf(p *messages.Profile) *Profile {
	if p == nil {
		return nil
	}
	return &Profile{p.GetPlatformUserId(), p.GetNickname(), p.GetAvatar(), p.Followers, p.Following, p.GetSignature()}
}

func countsOf(c *messages.Counts) Counts {
	return Counts{c.GetContents(), c.GetComments(), c.GetDiscussions(), c.GetConversations(), c.GetMessages(), c.GetNotifications()}
}

func unreadOf(u dataset.Unread) Unread { return Unread{u.Comments, u.Messages, u.Total()} }

func lastOf(l dataset.Last) *Last {
	if l.At == 0 {
		return nil
	}
	return &Last{l.Text, l.From, l.At}
}

// concerns says whether an alarm is about an account, or about the proxy that it goes out through.
func concerns(al *messages.Alarm, rec *messages.Account) bool {
	return al.GetAccount() == rec.GetId() || al.GetProxy() != "" && al.GetProxy() == rec.GetProxy()
}

func alarmOf(b *board.Board, al *messages.Alarm) Alarm {
	return Alarm{
		al.GetId(), al.GetName(), al.GetAccount(), al.GetWorker(), proxyName(b, al.GetProxy()), al.GetPlatform(), al.GetReason(),
		al.GetRaisedAt(), al.GetClearedAt(), al.GetClearedAt() == 0,
	}
}
