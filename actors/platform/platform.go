// Package platform is the actor of one platform on one node: it holds the definition that accounts run, hands a new version
// to those that run already, and supervises the platform's accounts.
//
// A worker spawns it under the platform's name when the first account of that platform is assigned. It
// spawns one account actor for each assignment, under "<account>@<epoch>", restarts one that panicked, and
// tells the worker when one gave up. It never looks into an account.
package platform

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account"
	"troupe/messages"
	"troupe/platforms/definition"
)

// Config is what the worker gives to a platform actor.
type Config struct {
	Name       messages.PlatformName
	Definition *definition.Definition
	Node       *account.Node
	Queue      *actor.PID // of the accounts' observations: the worker
	Log        *slog.Logger
	// Account is the recipe of one account; nil means account.Props.
	Account func(account.Config) *actor.Props
}

// Assign asks for one account on this node. Only the worker, in the same process, sends it.
type Assign struct {
	Message *messages.AssignAccount
	Dir     string
	UID     int
	Master  *actor.PID
}

// Change gives the platform another version of its definition. Only the worker, in the same process, sends it.
type Change struct{ Definition *definition.Definition }

// Ended tells the worker that an account's actor is no more. Clean and Reason come from the account itself, or say that
// it was given up after panics.
type Ended struct {
	ID     messages.AccountID
	Epoch  messages.Epoch
	Clean  bool
	Failed string // why it was given up; empty after an orderly end
}

// Props makes the recipe from which a worker spawns one platform.
func Props(cfg Config) *actor.Props {
	base := cfg.Log
	cfg.Log = cfg.Log.With(slog.String("actor", "platform"), cfg.Name.Attr())
	if cfg.Account == nil {
		cfg.Account = account.Props
	}
	return actor.PropsFromProducer(func() actor.Actor {
		return &platform{Config: cfg, base: base, accounts: map[string]*running{}}
	}, actor.WithSupervisor(actor.NewOneForOneStrategy(5, time.Minute, func(reason any) actor.Directive {
		cfg.Log.Error("account panicked", "err", fmt.Sprint(reason))
		return actor.RestartDirective
	})))
}

type platform struct {
	Config
	base     *slog.Logger        // of the accounts
	accounts map[string]*running // by actor name
}

// running is one account actor.
type running struct {
	id      messages.AccountID
	epoch   messages.Epoch
	pid     *actor.PID
	revoked *messages.AccountRevoked // its own last word
}

func (p *platform) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case Assign:
		p.assign(c, m)
	case Change:
		p.onChange(c, m)
	case *messages.RevokeAccount:
		p.revoke(c, m)
	case *messages.AccountRevoked:
		if r := p.accounts[messages.ActorName(messages.AccountID(m.GetAccount()), messages.Epoch(m.GetEpoch()))]; r != nil {
			r.revoked = m
		}
	case *actor.Terminated: // it overtakes the account's last word
		c.Send(c.Self(), gone{m.Who.Id})
	case gone:
		p.onGone(c, m)
	}
}

// onChange hands another version to every account that runs.
func (p *platform) onChange(c actor.Context, m Change) {
	if m.Definition.Digest == p.Definition.Digest {
		return
	}
	p.Definition = m.Definition
	p.Log.Info("definition changed", "version", m.Definition.Version, "accounts", len(p.accounts))
	for _, r := range p.accounts {
		c.Send(r.pid, account.TakeUp{Definition: m.Definition})
	}
}

func (p *platform) assign(c actor.Context, m Assign) {
	id, epoch := messages.AccountID(m.Message.GetAccount().GetId()), messages.Epoch(m.Message.GetEpoch())
	name := messages.ActorName(id, epoch)
	if p.accounts[name] != nil {
		return // a repeated assignment: it runs already
	}
	pid, err := c.SpawnNamed(p.Account(account.Config{
		Node: p.Node, ID: id, Epoch: epoch, Record: m.Message.GetAccount(), Definition: p.Definition, Sealed: m.Message.GetSealed(), Upstream: m.Message.GetUpstream(),
		Known: m.Message.GetKnown(), Whole: m.Message.GetWhole(), ProfileUsable: m.Message.GetProfileUsable(), Dir: m.Dir, UID: m.UID, Queue: p.Queue, Master: m.Master, Log: p.base,
	}), name)
	if err != nil {
		c.Send(c.Parent(), Ended{ID: id, Epoch: epoch, Failed: "spawn the account's actor: " + err.Error()})
		return
	}
	p.accounts[name] = &running{id: id, epoch: epoch, pid: pid}
}

func (p *platform) revoke(c actor.Context, m *messages.RevokeAccount) {
	for _, r := range p.accounts {
		if string(r.id) == m.GetAccount() && (m.GetEpoch() == 0 || m.GetEpoch() == uint64(r.epoch)) {
			c.Send(r.pid, m)
		}
	}
}

// gone comes after everything that the account said.
type gone struct{ pid string }

func (p *platform) onGone(c actor.Context, m gone) {
	for name, r := range p.accounts {
		if r.pid.Id != m.pid {
			continue
		}
		delete(p.accounts, name)
		ended := Ended{ID: r.id, Epoch: r.epoch}
		if r.revoked != nil {
			ended.Clean = r.revoked.GetClean()
		} else {
			ended.Failed = "the account's actor panicked again and again; see the log"
		}
		c.Send(c.Parent(), ended)
	}
}
