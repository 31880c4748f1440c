package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Worker is a node in the contract's shape. Times are seconds.
type Worker struct {
	ID               string        `json:"id"`
	Host             string        `json:"host"` // the node's name: nobody connects to it
	Port             int           `json:"port"` // 0: a worker connects to its master
	Status           string        `json:"status"`
	AssignedAccounts int64         `json:"assigned_accounts"`
	LastHeartbeat    *int64        `json:"last_heartbeat"`
	StartedAt        int64         `json:"started_at"` // of the master's process
	Version          string        `json:"version"`
	Capabilities     []string      `json:"capabilities"` // platforms that it can run
	MaxAccounts      int64         `json:"max_accounts"`
	Accounts         []SafeAccount `json:"accounts,omitempty"` // only where one node is asked for
}

// The words for a node.
const (
	workerOnline  = "online"
	workerOffline = "offline"
)

func workerOf(n *board.Node, started int64) Worker {
	st := n.Status
	out := Worker{
		ID: st.GetWorker(), Host: st.GetWorker(), Status: workerOffline, AssignedAccounts: st.GetAccounts(), LastHeartbeat: secondsOr(n.LastBeat),
		StartedAt: seconds(started), Version: st.GetVersion(), Capabilities: append([]string{}, st.GetPlatforms()...), MaxAccounts: st.GetMaxAccounts(),
	}
	if n.Online {
		out.Status = workerOnline
	}
	return out
}

func nodeOf(b *board.Board, name string) *board.Node {
	for _, n := range b.Nodes {
		if n.Status.GetWorker() == name {
			return n
		}
	}
	return nil
}

func online(b *board.Board, name string) bool {
	n := nodeOf(b, name)
	return n != nil && n.Online
}

// nodeAt finds the node that the path names.
func (a *API) nodeAt(r *http.Request) (*board.Board, *board.Node, error) {
	b, name := a.Board.Load(), r.PathValue("worker")
	if n := nodeOf(b, name); n != nil {
		return b, n, nil
	}
	return nil, nil, notFound("no node is named %q: see GET %s/nodes", name, Prefix)
}

func (a *API) contractWorkers(w http.ResponseWriter, r *http.Request) error {
	list := []Worker{}
	for _, n := range a.Board.Load().Nodes {
		if one := workerOf(n, a.started.UnixMilli()); fits(r.URL.Query().Get("status"), one.Status) {
			list = append(list, one)
		}
	}
	return enveloped(w, http.StatusOK, list)
}

func (a *API) contractWorker(w http.ResponseWriter, r *http.Request) error {
	b, n, err := a.nodeAt(r)
	if err != nil {
		return err
	}
	one := workerOf(n, a.started.UnixMilli())
	for _, acc := range b.Accounts {
		if acc.Record.GetWorker() == one.ID {
			one.Accounts = append(one.Accounts, safeAccount(acc))
		}
	}
	return enveloped(w, http.StatusOK, one)
}

// WorkerConfig is how a node is set up, in the contract's shape.
type WorkerConfig struct {
	ID             string  `json:"id"`
	WorkerID       string  `json:"worker_id"`
	Name           string  `json:"name"`
	Host           string  `json:"host"`
	Port           int     `json:"port"`
	MaxAccounts    int64   `json:"max_accounts"`
	DeploymentType string  `json:"deployment_type"` // supervised: something else starts it
	AutoStart      bool    `json:"auto_start"`
	ProxyID        *string `json:"proxy_id"` // null: proxies belong to accounts
	Enabled        bool    `json:"enabled"`
}

func (a *API) contractConfigs(w http.ResponseWriter, _ *http.Request) error {
	list := []WorkerConfig{}
	for _, n := range a.Board.Load().Nodes {
		one := workerOf(n, 0)
		list = append(list, WorkerConfig{
			ID: one.ID, WorkerID: one.ID, Name: one.ID, Host: one.Host, MaxAccounts: one.MaxAccounts, DeploymentType: "supervised", Enabled: true,
		})
	}
	return enveloped(w, http.StatusOK, list)
}

func (a *API) contractNoConfig(http.ResponseWriter, *http.Request) error {
	return supervised("a node is set up where it starts, and joins by itself", "troupe serve --worker-id NAME --max-accounts N")
}

// supervised refuses what only the supervisor of a node's process can do.
func supervised(why, command string) error {
	return &withCommand{&Problem{http.StatusConflict, "conflict", why + "; run: " + command}, command}
}

func (a *API) contractStart(_ http.ResponseWriter, r *http.Request) error {
	if _, _, err := a.nodeAt(r); err != nil {
		return err
	}
	return supervised("a node's process is started by what supervises it", "systemctl start troupe")
}

func (a *API) contractRestart(_ http.ResponseWriter, r *http.Request) error {
	if _, _, err := a.nodeAt(r); err != nil {
		return err
	}
	return supervised("a node's process is restarted by what supervises it", "systemctl restart troupe")
}

func (a *API) contractLogs(_ http.ResponseWriter, r *http.Request) error {
	if _, _, err := a.nodeAt(r); err != nil {
		return err
	}
	return supervised("a node's log is kept by what supervises it", "journalctl -u troupe")
}

// Stop is the body of POST /worker-lifecycle/{worker}/stop.
type Stop struct {
	Graceful bool   `json:"graceful,omitempty"` // it always is
	Timeout  Number `json:"timeout,omitempty"`  // ms to wait for the end, at most 40,000; the draining goes on after it
}

// Stopped says how far a node's draining is.
type Stopped struct {
	WorkerID string `json:"worker_id"`
	Status   string `json:"status"`   // stopped: no account is left; draining: they are being ended
	Accounts int64  `json:"accounts"` // that were moved, or ended
	// Left are those that stay where they are, and why.
	Left []Unmoved `json:"left,omitempty"`
}

// contractStop drains a node: its accounts are ended with their logins saved, and it takes no other until its process starts anew.
func (a *API) contractStop(w http.ResponseWriter, r *http.Request) error {
	var body Stop
	if err := decodeLoosely(r, &body); err != nil {
		return err
	}
	wait := pageTime
	if ms := time.Duration(body.Timeout) * time.Millisecond; ms > 0 && ms < wait {
		wait = ms
	}
	status, stopped, err := a.drain(r, wait, 0)
	if err != nil {
		return err
	}
	return enveloped(w, status, stopped)
}

// drainNode is the same in this API's own shape.
func (a *API) drainNode(w http.ResponseWriter, r *http.Request) error {
	var body NewDrain
	if err := decode(r, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	status, stopped, err := a.drain(r, pageTime, body.DeadlineMS)
	if err != nil {
		return err
	}
	return answer(w, status, stopped)
}

// drain empties the node that the path names, and waits so long for it.
func (a *API) drain(r *http.Request, wait time.Duration, deadline int64) (status int, stopped Stopped, err error) {
	_, n, err := a.nodeAt(r)
	if err != nil {
		return 0, stopped, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	name := n.Status.GetWorker()
	done, err := actors.Ask[*messages.WorkerDrained](ctx, a.Root, a.Master, &messages.DrainWorker{
		Worker: name, Reason: "an operator drains the node", DeadlineMs: deadline,
	})
	switch {
	case errors.Is(err, actor.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return http.StatusAccepted, Stopped{WorkerID: name, Status: "draining"}, nil
	case err != nil:
		return 0, stopped, err
	}
	return http.StatusOK, Stopped{WorkerID: name, Status: "stopped", Accounts: done.GetAccounts(), Left: a.unmoved(done.GetLeft())}, nil
}

// Runtime is what is known of a node's process. It comes without an envelope.
type Runtime struct {
	WorkerID      string  `json:"worker_id"`
	Status        string  `json:"status"` // running draining offline
	ProcessID     *int64  `json:"process_id"`
	ContainerID   *string `json:"container_id"`
	StartedAt     *int64  `json:"started_at"` // ms
	StoppedAt     *int64  `json:"stopped_at"`
	RestartCount  int64   `json:"restart_count"` // its supervisor counts, not we: 0
	LastRestartAt *int64  `json:"last_restart_at"`
	LastError     *string `json:"last_error"`
}

func (a *API) contractRuntime(w http.ResponseWriter, r *http.Request) error {
	_, n, err := a.nodeAt(r)
	if err != nil {
		return err
	}
	out := Runtime{WorkerID: n.Status.GetWorker(), Status: workerOffline}
	switch {
	case n.Status.GetDraining():
		out.Status = "draining"
	case n.Online:
		out.Status = "running"
	}
	if full := n.Status.GetFull(); full != "" {
		out.LastError = &full
	}
	return answer(w, http.StatusOK, out)
}
