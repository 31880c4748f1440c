package api

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"

	"troupe/actors/master/board"
	"troupe/messages"
)

// Node is a worker as the master sees it.
type Node struct {
	Name          string  `json:"name"`
	Online        bool    `json:"online"`
	LastBeat      int64   `json:"last_beat,omitempty"`
	Accounts      int64   `json:"accounts"`
	MaxAccounts   int64   `json:"max_accounts"`
	Browsers      int64   `json:"browsers"`
	MemoryRSS     int64   `json:"memory_rss"`     // bytes, the node's process
	BrowserMemory int64   `json:"browser_memory"` // bytes, all Chromiums together
	Load1         float64 `json:"load1"`
	PendingItems  int64   `json:"pending_items"` // not yet acknowledged by the store
	Sandbox       string  `json:"sandbox,omitempty"`

	Carries         int64  `json:"carries,omitempty"`          // how many accounts its memory and cores could carry, by its own estimate
	Full            string `json:"full,omitempty"`             // why it takes no further account
	MemoryAvailable int64  `json:"memory_available,omitempty"` // bytes
	Chromium        string `json:"chromium,omitempty"`         // version of the browser that this run of the node uses
	Mode            string `json:"mode,omitempty"`             // headless headful shell

	Given    int    `json:"given"`              // accounts that the master gave it
	Draining bool   `json:"draining,omitempty"` // it is given nothing new
	Drain    *Drain `json:"drain,omitempty"`    // how far its emptying is
	// Behind are the platforms whose present definition it does not run, and why.
	Behind map[string]string `json:"behind,omitempty"`

	Foreign bool `json:"foreign,omitempty"` // a Node worker of another make: no lease binds it, placement leaves it alone
}

// Status is the node in one glance.
type Status struct {
	Version      string         `json:"version"`
	StartedAt    int64          `json:"started_at"`
	UptimeMS     int64          `json:"uptime_ms"`
	Cursor       string         `json:"cursor"`   // the dataset's revision; events after it: /events?since=
	Accounts     int            `json:"accounts"` // how many
	ByState      map[string]int `json:"by_state"`
	NeedPerson   int            `json:"need_person"` // accounts that wait for a person
	Online       int            `json:"online"`
	Loading      int            `json:"loading"` // accounts whose items are still being read from disk
	Counts       Counts         `json:"counts"`
	Unread       Unread         `json:"unread"`
	OpenReplies  int            `json:"open_replies"`
	OpenAlarms   int            `json:"open_alarms"`
	Unfenced     int            `json:"unfenced"` // accounts that Node workers have: no lease, no gate
	Nodes        int            `json:"nodes"`
	NodesOnline  int            `json:"nodes_online"`
	PendingItems int64          `json:"pending_items"`
	MaxAccounts  int64          `json:"max_accounts"` // of the nodes online, as they are set up
	Carries      int64          `json:"carries"`      // of the nodes online, by their own estimates
	Capacity     Capacity       `json:"capacity"`
	Full         []string       `json:"full,omitempty"` // nodes online that take no further account, each with its reason
}

// Health is the answer to GET /healthz and GET /health.
type Health struct {
	Status    string `json:"status"` // ok
	Version   string `json:"version"`
	At        int64  `json:"at"`
	Timestamp int64  `json:"timestamp"` // the same, by the contract's name
}

// Alarms is the answer to GET /alarms.
type Alarms struct {
	Alarms []Alarm `json:"alarms"` // newest first
}

// Nodes is the answer to GET /nodes.
type Nodes struct {
	Nodes    []Node   `json:"nodes"`
	Capacity Capacity `json:"capacity"`
}

func (a *API) health(w http.ResponseWriter, _ *http.Request) error {
	now := a.Now()
	return answer(w, http.StatusOK, Health{Status: "ok", Version: a.Version, At: now.UnixMilli(), Timestamp: now.UnixMilli()})
}

func (a *API) status(w http.ResponseWriter, _ *http.Request) error {
	b, now := a.Board.Load(), a.Now()
	s := Status{
		Version: a.Version, StartedAt: a.started.UnixMilli(), UptimeMS: now.Sub(a.started).Milliseconds(),
		Cursor: revText(a.Views.Rev()), Accounts: len(b.Accounts), ByState: map[string]int{}, Nodes: len(b.Nodes),
		Capacity: capacityOf(b.Capacity),
	}
	for _, acc := range b.Accounts {
		s.addAccount(acc)
	}
	for _, v := range a.Views.All() {
		if !v.Loaded {
			s.Loading++
		}
	}
	held := a.Views.Stats()
	s.Counts, s.Unread = countsOf(&held.Counts), unreadOf(held.Unread)
	for _, al := range b.Alarms {
		if al.GetClearedAt() == 0 {
			s.OpenAlarms++
		}
	}
	for _, n := range b.Nodes {
		s.PendingItems += n.Status.GetPendingItems()
		if n.Online {
			s.addNode(n.Status)
		}
	}
	return answer(w, http.StatusOK, s)
}

func (s *Status) addAccount(acc *board.Account) {
	state := acc.Status.GetState()
	s.ByState[state]++
	s.OpenReplies += len(acc.Queue)
	if messages.AccountState(state).NeedsPerson() {
		s.NeedPerson++
	}
	if acc.Record.GetAbroad() != "" {
		s.Unfenced++
	}
	if acc.Online {
		s.Online++
	}
}

func (s *Status) addNode(n *messages.NodeStatus) {
	s.NodesOnline++
	if n.GetForeign() {
		return // it is no room for accounts of ours
	}
	s.MaxAccounts += n.GetMaxAccounts()
	s.Carries += n.GetCarries()
	if n.GetFull() != "" {
		s.Full = append(s.Full, n.GetWorker()+": "+n.GetFull())
	}
}

func (a *API) listAlarms(w http.ResponseWriter, r *http.Request) error {
	account := r.URL.Query().Get("account")
	if err := a.known(account); err != nil {
		return err
	}
	open, filter, err := flag(r, "open")
	if err != nil {
		return err
	}
	b, list := a.Board.Load(), []Alarm{}
	acc := b.Account(messages.AccountID(account))
	for _, al := range b.Alarms {
		one := alarmOf(b, al)
		if (acc == nil || concerns(al, acc.Record)) && (!filter || one.Open == open) {
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(x, y Alarm) int { return cmp.Compare(y.RaisedAt, x.RaisedAt) })
	return answer(w, http.StatusOK, Alarms{list})
}

func (a *API) listNodes(w http.ResponseWriter, _ *http.Request) error {
	list := []Node{}
	b := a.Board.Load()
	for _, n := range b.Nodes {
		st := n.Status
		list = append(list, Node{
			st.GetWorker(), n.Online, n.LastBeat, st.GetAccounts(), st.GetMaxAccounts(), st.GetBrowsers(),
			st.GetMemoryRss(), st.GetBrowserMemory(), st.GetLoad1(), st.GetPendingItems(), st.GetSandbox(),
			st.GetCarries(), st.GetFull(), st.GetMemoryAvailable(), st.GetChromium(), st.GetMode(),
			n.Given, n.Draining, a.drainOf(n.Drain), behind(n), st.GetForeign(),
		})
	}
	return answer(w, http.StatusOK, Nodes{list, capacityOf(b.Capacity)})
}

func revText(rev messages.Rev) string { return strconv.FormatUint(uint64(rev), 10) }

// newTrace names one request, so that it can be followed through the actors.
func newTrace() string { return rand.Text() }
