package api

import (
	"net/http"
	"slices"

	"troupe/actors/gateway/narrow"
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

// mayAdd refuses a new account that its maker would not see. Who is limited can make one under an id that he was given beforehand.
func (a *API) mayAdd(id string) error {
	if a.sees(id) {
		return nil
	}
	return &Problem{http.StatusForbidden, "forbidden", "you are limited to some accounts: give the new one an id that is among them"}
}

type narrowBoards struct {
	all boards
	who *people.Identity
}

// Load returns the newest board without what belongs to other accounts.
func (n narrowBoards) Load() *board.Board { return narrow.Board(n.all.Load(), n.who) }

type narrowViews struct {
	Views // Rev and Since: the streams' cursor counts every account's changes
	who   *people.Identity
}

func (n narrowViews) Get(id messages.AccountID) *dataset.View {
	return narrow.Views(n.Views.Get, n.who)(id)
}

func (n narrowViews) All() []*dataset.View {
	return slices.DeleteFunc(slices.Clone(n.Views.All()), func(v *dataset.View) bool { return !n.who.Sees(v.Account) })
}

// Stats adds up the accounts that are seen.
func (n narrowViews) Stats() *dataset.Totals {
	return dataset.TotalsOf(n.All())
}
