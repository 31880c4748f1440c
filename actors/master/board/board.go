// Package board is the master's published state: what accounts, replies, logins, alarms, nodes, proxies and platforms there are,
// as an immutable picture behind an atomic pointer. The master alone publishes; gateway and metrics read
// it from any goroutine and never ask the actor.
package board

import (
	"sync/atomic"

	"troupe/messages"
)

// Board is one picture. Nothing in it is ever changed; a slice may be shared by following pictures.
type Board struct {
	Accounts []*Account // by id
	Replies  []*messages.Reply
	Logins   []*messages.LoginSession
	Queue    LoginQueue
	Alarms   []*messages.Alarm
	Nodes    []*Node
	Capacity Capacity
	Proxies  []*Proxy // by name
	// Platforms are those that accounts can live on, by name.
	Platforms []*Platform
}

// LoginQueue are the accounts that wait for somebody who scans their code.
type LoginQueue struct {
	AtOnce  int64                   // how many codes are shown side by side
	Waiting []*messages.QueuedLogin // in order
}

// Platform is one platform and the version of its definition that runs.
type Platform struct {
	Name       messages.PlatformName
	Title      map[string]string // for people, by language: zh, en
	Digest     string            // of what runs; empty when no version was ever valid
	Version    int64             // as the definition calls itself
	BuiltIn    bool              // it is part of the program
	RolledBack bool              // a person chose it, until the definitions folder changes
	Problem    string            // why the folder's version is not taken up; empty = it is, or there is none
	Versions   []Version         // that can run, newest first
}

// Version is one version of a definition that ran.
type Version struct {
	Digest  string
	Version int64
	TakenAt int64 // ms; 0 for the built-in one
	BuiltIn bool
}

// Account is one account: its durable record, and what its actor last said of itself.
type Account struct {
	Record *messages.Account
	Status *messages.AccountStatus // never nil; State is paused, parked or starting when nobody runs it
	Online bool                    // its worker holds a lease; a foreign worker: it is connected
	Queue  []*messages.Reply       // open replies, oldest first: the sending queue
	// Decisions are the last ones about where it runs, oldest first.
	Decisions []*messages.Decision
}

// ID is the account's typed id.
func (a *Account) ID() messages.AccountID { return messages.AccountID(a.Record.GetId()) }

// Node is one worker as the master sees it; Status.Foreign tells those of another make, which no lease binds.
type Node struct {
	Status   *messages.NodeStatus
	Record   *messages.Node // durable; nil of a foreign worker
	Online   bool
	LastBeat int64 // ms
	Given    int   // accounts that it was given, and whose epoch is not over
	Draining bool  // it is given nothing new
	Drain    *Drain
	// Behind are the platforms whose present definition it does not run, with the reason, if it gave one.
	Behind map[messages.PlatformName]string
}

// Drain is how far the emptying of a node is.
type Drain struct {
	Over   bool
	Until  int64 // ms; no move is begun after
	Moved  int64 // accounts that run elsewhere now
	Moving []messages.AccountID
	Left   []*messages.Unmoved // that stay, and why
}

// Capacity is what room the cluster's own nodes have.
type Capacity struct {
	Placed   int            // accounts that a node has
	Unplaced map[string]int // accounts that should run and that no node has, by the reason
	Free     int            // further accounts that the nodes online can take
	// Spare is how many nodes may fail before an account has no place, the largest first; -1 when even now one has none.
	Spare int
}

// Proxy is one way out.
type Proxy struct {
	Record      *messages.Proxy // without its password, which nobody needs who reads the board
	HasPassword bool
	Accounts    []messages.AccountID // that are assigned to it, by id
}

// Proxy finds a proxy by its id or its name; nil when there is none.
func (b *Board) Proxy(idOrName string) *Proxy {
	for _, p := range b.Proxies {
		if p.Record.GetId() == idOrName || p.Record.GetName() == idOrName {
			return p
		}
	}
	return nil
}

// Platform finds a platform; nil when there is none.
func (b *Board) Platform(name messages.PlatformName) *Platform {
	for _, p := range b.Platforms {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Account finds an account; nil when there is none.
func (b *Board) Account(id messages.AccountID) *Account {
	for _, a := range b.Accounts {
		if a.Record.GetId() == string(id) {
			return a
		}
	}
	return nil
}

// Holder is where the newest board stands. The zero Holder holds an empty board.
type Holder struct{ p atomic.Pointer[Board] }

// Load returns the newest board, never nil.
func (h *Holder) Load() *Board {
	if b := h.p.Load(); b != nil {
		return b
	}
	return &Board{}
}

// Shown says whether any board was published yet.
func (h *Holder) Shown() bool { return h.p.Load() != nil }

// Publish replaces the board; only the master calls it.
func (h *Holder) Publish(b *Board) { h.p.Store(b) }

// Changed is sent to the master's subscribers after each publication.
type Changed struct {
	Board    *Board
	Accounts []messages.AccountID // whose record or status changed; added and removed ones too
	Replies  []*messages.Reply    // that changed state
	Alarms   []*messages.Alarm    // that were raised or cleared
}

// Subscribe asks the master (and the store, for its own kind of news) to send every change to the sender from
// now on. The answer is the current state: Changed with everything, or one Published per account.
type Subscribe struct{}
