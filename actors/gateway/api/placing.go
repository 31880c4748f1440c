package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/messages"
)

// Move is the body of POST /accounts/{account}/move.
type Move struct {
	Node string `json:"node,omitempty"` // where to; empty = the master chooses
}

// Placement is where an account runs, and why.
type Placement struct {
	Account   string     `json:"account"`
	Node      string     `json:"node,omitempty"` // of its newest epoch
	Epoch     string     `json:"epoch"`
	Running   bool       `json:"running"` // its node holds a lease for it
	State     string     `json:"state"`
	Reason    string     `json:"reason,omitempty"` // why it does not run, or not well
	Decisions []Decision `json:"decisions"`        // of the master, newest first; all but the newest are of the master's present life
}

// Decision is one that the master took about where an account runs.
type Decision struct {
	At     int64  `json:"at"`
	What   string `json:"what"` // assigned adopted refused moving ended lapsed waiting failed
	Node   string `json:"node,omitempty"`
	Epoch  string `json:"epoch"`
	Reason string `json:"reason"`
}

// Capacity is what room the cluster's own nodes have.
type Capacity struct {
	Placed   int            `json:"placed"`             // accounts that a node has
	Unplaced map[string]int `json:"unplaced,omitempty"` // accounts that should run and that no node has, by the reason
	Free     int            `json:"free"`               // further accounts that the nodes online can take
	Spare    int            `json:"spare"`              // nodes that may fail, the largest first, before an account has no place; -1 when one has none now
}

// Drain is how far the emptying of a node is.
type Drain struct {
	Over   bool      `json:"over"`
	Until  int64     `json:"until"` // no move is begun after
	Moved  int64     `json:"moved"` // accounts that run elsewhere now
	Moving []string  `json:"moving,omitempty"`
	Left   []Unmoved `json:"left,omitempty"`
}

// Unmoved is an account that a drain leaves on its node.
type Unmoved struct {
	Account string `json:"account"`
	Reason  string `json:"reason"`
}

// NewDrain is the body of POST /nodes/{worker}/drain.
type NewDrain struct {
	DeadlineMS int64 `json:"deadline_ms,omitempty"` // after which no further move is begun; absent = 10 minutes
}

// showPlacement says where an account runs and why.
func (a *API) showPlacement(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	out := Placement{
		Account: acc.Record.GetId(), Node: acc.Record.GetWorker(), Epoch: messages.Epoch(acc.Record.GetEpoch()).String(), Running: acc.Online,
		State: acc.Status.GetState(), Reason: acc.Status.GetReason(), Decisions: []Decision{},
	}
	for _, d := range slices.Backward(acc.Decisions) {
		out.Decisions = append(out.Decisions, Decision{d.GetAt(), d.GetWhat(), d.GetWorker(), messages.Epoch(d.GetEpoch()).String(), d.GetReason()})
	}
	return answer(w, http.StatusOK, out)
}

// moveAccount moves an account to another node and answers once it runs there.
func (a *API) moveAccount(w http.ResponseWriter, r *http.Request) error {
	_, acc, err := a.accountAt(r)
	if err != nil {
		return err
	}
	var body Move
	if err := decode(r, &body); err != nil {
		return err
	}
	return a.changeWithin(w, r, http.StatusOK, pageTime, &messages.MoveAccount{Account: acc.Record.GetId(), Worker: body.Node})
}

// undrainNode lets a drained node take accounts again.
func (a *API) undrainNode(w http.ResponseWriter, r *http.Request) error {
	_, n, err := a.nodeAt(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.WorkerUndrained](ctx, a.Root, a.Master, &messages.UndrainWorker{Worker: n.Status.GetWorker()}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// forgetNode lets go of a node that is gone for good.
func (a *API) forgetNode(w http.ResponseWriter, r *http.Request) error {
	_, n, err := a.nodeAt(r)
	if err != nil {
		return err
	}
	name := n.Status.GetWorker()
	if r.URL.Query().Get("confirm") != name {
		return &Problem{http.StatusBadRequest, "confirm", "the node is let in again only with a new join token: repeat with ?confirm=" + name}
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTime)
	defer cancel()
	if _, err := actors.Ask[*messages.NodeForgotten](ctx, a.Root, a.Master, &messages.ForgetNode{Worker: name}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func capacityOf(c board.Capacity) Capacity {
	return Capacity{Placed: c.Placed, Unplaced: c.Unplaced, Free: c.Free, Spare: c.Spare}
}

// drainOf is a drain as the caller may see it; nil when there is none.
func (a *API) drainOf(d *board.Drain) *Drain {
	if d == nil {
		return nil
	}
	out := &Drain{Over: d.Over, Until: d.Until, Moved: d.Moved, Left: a.unmoved(d.Left)}
	for _, id := range d.Moving {
		if a.sees(string(id)) {
			out.Moving = append(out.Moving, string(id))
		}
	}
	return out
}

func (a *API) unmoved(left []*messages.Unmoved) []Unmoved {
	var out []Unmoved
	for _, u := range left {
		if a.sees(u.GetAccount()) {
			out = append(out, Unmoved{u.GetAccount(), u.GetReason()})
		}
	}
	return out
}

// behind says of each platform whose present definition a node does not run, why.
func behind(n *board.Node) map[string]string {
	var out map[string]string
	for platform, reason := range n.Behind {
		if out == nil {
			out = map[string]string{}
		}
		if reason == "" {
			reason = "it was told of the present version, and has not taken it up yet"
		}
		out[string(platform)] = reason
	}
	return out
}

// check refuses a deadline that means nothing.
func (d NewDrain) check() error {
	if d.DeadlineMS < 0 || d.DeadlineMS > 24*60*60*1000 {
		return invalid("deadline_ms must be 0 to %s", fmt.Sprint(24*60*60*1000))
	}
	return nil
}
