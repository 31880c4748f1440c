package api

import (
	"slices"

	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// boards is where the newest board is read.
type boards interface{ Load() *board.Board }

// narrowed is the api as somebody sees it who is limited to some accounts: the others are not there at all.
func (a *API) narrowed(who *people.Identity) *API {
	if who == nil || !who.Restricted() {
		return a
	}
	n := *a
	n.who, n.Board, n.Views = who, narrowBoards{a.Board, who}, narrowViews{a.Views, who}
	return &n
}

// sees says whether the caller may know of an account.
func (a *API) sees(account string) bool {
	return a.who == nil || a.who.Sees(messages.AccountID(account))
}

type narrowBoards struct {
	all boards
	who *people.Identity
}

// Load returns the newest board without what belongs to other accounts.
func (n narrowBoards) Load() *board.Board { return narrowBoard(n.all.Load(), n.who) }

func narrowBoard(all *board.Board, who *people.Identity) *board.Board {
	b := *all
	b.Accounts = only(all.Accounts, func(a *board.Account) bool { return who.Sees(a.ID()) })
	b.Replies = only(all.Replies, func(r *messages.Reply) bool { return who.Sees(messages.AccountID(r.GetAccount())) })
	b.Logins = only(all.Logins, func(l *messages.LoginSession) bool { return who.Sees(messages.AccountID(l.GetAccount())) })
	b.Queue.Waiting = only(all.Queue.Waiting, func(q *messages.QueuedLogin) bool { return who.Sees(messages.AccountID(q.GetAccount())) })
	b.Alarms = only(all.Alarms, func(al *messages.Alarm) bool {
		return al.GetAccount() == "" || who.Sees(messages.AccountID(al.GetAccount()))
	})
	b.Proxies = nil
	for _, p := range all.Proxies {
		own := *p
		own.Accounts = only(p.Accounts, who.Sees)
		b.Proxies = append(b.Proxies, &own)
	}
	return &b
}

// narrowNews is a change of the board as somebody may hear of it.
func narrowNews(m board.Changed, who *people.Identity) board.Changed {
	if who == nil {
		return m
	}
	return board.Changed{
		Board:    narrowBoard(m.Board, who),
		Accounts: only(m.Accounts, who.Sees),
		Replies:  only(m.Replies, func(r *messages.Reply) bool { return who.Sees(messages.AccountID(r.GetAccount())) }),
		Alarms: only(m.Alarms, func(al *messages.Alarm) bool {
			return al.GetAccount() == "" || who.Sees(messages.AccountID(al.GetAccount()))
		}),
	}
}

// only keeps what is wanted, in a list of its own: boards share theirs.
func only[T any](list []T, want func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !want(v) })
}

type narrowViews struct {
	Views // Rev and Since: the streams' cursor counts every account's changes
	who   *people.Identity
}

func (n narrowViews) Get(id messages.AccountID) *dataset.View {
	if !n.who.Sees(id) {
		return nil
	}
	return n.Views.Get(id)
}

func (n narrowViews) All() []*dataset.View {
	return only(n.Views.All(), func(v *dataset.View) bool { return n.who.Sees(v.Account) })
}

// Stats adds up the accounts that are seen.
func (n narrowViews) Stats() *dataset.Totals {
	return dataset.TotalsOf(n.All())
}
