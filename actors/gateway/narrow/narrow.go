// Package narrow shows somebody who is limited to some accounts the cluster as if there were no others. It is pure: a board or a
// view goes in, and what of it may be seen comes out. Who is not limited, or is nobody at all (nil), gets what went in.
//
// Nodes, platforms and the cluster's own alarms belong to everybody.
package narrow

import (
	"slices"

	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Limited says whether somebody does not see every account.
func Limited(who *people.Identity) bool { return who != nil && who.Restricted() }

// Board is a board without what belongs to accounts that are not seen. The given one is not changed.
func Board(all *board.Board, who *people.Identity) *board.Board {
	if !Limited(who) {
		return all
	}
	b := *all
	b.Accounts = only(all.Accounts, func(a *board.Account) bool { return who.Sees(a.ID()) })
	b.Replies = replies(all.Replies, who)
	b.Logins = only(all.Logins, func(l *messages.LoginSession) bool { return who.Sees(messages.AccountID(l.GetAccount())) })
	b.Queue.Waiting = only(all.Queue.Waiting, func(q *messages.QueuedLogin) bool { return who.Sees(messages.AccountID(q.GetAccount())) })
	b.Alarms = alarms(all.Alarms, who)
	b.Nodes = nil
	for _, n := range all.Nodes {
		b.Nodes = append(b.Nodes, node(n, who))
	}
	b.Proxies = nil
	for _, p := range all.Proxies {
		own := *p
		own.Accounts = only(p.Accounts, who.Sees)
		b.Proxies = append(b.Proxies, &own)
	}
	return &b
}

// Changed is a change of the board as somebody may hear of it.
func Changed(m board.Changed, who *people.Identity) board.Changed {
	if !Limited(who) {
		return m
	}
	return board.Changed{
		Board: Board(m.Board, who), Accounts: only(m.Accounts, who.Sees), Replies: replies(m.Replies, who), Alarms: alarms(m.Alarms, who),
	}
}

// View is an account's view, or nil, as of an account that does not exist.
func View(v *dataset.View, account messages.AccountID, who *people.Identity) *dataset.View {
	if Limited(who) && !who.Sees(account) {
		return nil
	}
	return v
}

// Views is View of whatever get finds.
func Views(get func(messages.AccountID) *dataset.View, who *people.Identity) func(messages.AccountID) *dataset.View {
	if !Limited(who) {
		return get
	}
	return func(id messages.AccountID) *dataset.View {
		if !who.Sees(id) {
			return nil
		}
		return get(id)
	}
}

// node is a node whose emptying names only accounts that are seen.
func node(n *board.Node, who *people.Identity) *board.Node {
	if n.Drain == nil {
		return n
	}
	own, drain := *n, *n.Drain
	drain.Moving = only(drain.Moving, who.Sees)
	drain.Left = only(drain.Left, func(u *messages.Unmoved) bool { return who.Sees(messages.AccountID(u.GetAccount())) })
	own.Drain = &drain
	return &own
}

func replies(all []*messages.Reply, who *people.Identity) []*messages.Reply {
	return only(all, func(r *messages.Reply) bool { return who.Sees(messages.AccountID(r.GetAccount())) })
}

func alarms(all []*messages.Alarm, who *people.Identity) []*messages.Alarm {
	return only(all, func(a *messages.Alarm) bool {
		return a.GetAccount() == "" || who.Sees(messages.AccountID(a.GetAccount()))
	})
}

// only keeps what is wanted, in a list of its own: boards share theirs.
func only[T any](list []T, want func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !want(v) })
}
