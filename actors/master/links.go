package master

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// Login links: the right to see one account's code and nothing else, for whoever holds its token. A link lives in the master's memory
// alone, by the hash of its token; a restart ends it. Its first holder alone may come again, until it expires or the account is
// logged in.

const (
	linkUsual = 10 * time.Minute
	linkMost  = time.Hour
	tokenSize = 32 // bytes of a token
	holderMin = 16 // bytes of what a holder names himself by
)

// linkKey is the hash of a token.
type linkKey [sha256.Size]byte

type loginLink struct {
	account messages.AccountID
	expires int64
	holder  *linkKey // who opened it; nil while nobody did
	session string
}

func (m *master) onMakeLink(c actor.Context, msg *messages.MakeLoginLink, sender *actor.PID) {
	a := m.find(c, msg.GetAccount(), sender)
	if a == nil || sender == nil {
		return
	}
	valid := time.Duration(msg.GetValidMs()) * time.Millisecond
	if valid == 0 {
		valid = linkUsual
	}
	if valid < 0 || valid > linkMost {
		refuse(c, sender, "invalid", fmt.Sprintf("a login link is valid for at most %s", linkMost))
		return
	}
	token := make([]byte, tokenSize)
	_, _ = rand.Read(token) // never fails
	link := &loginLink{account: a.id(), expires: m.now() + valid.Milliseconds()}
	m.sweepLinks()
	m.links[sha256.Sum256(token)] = link
	m.Log.Info("login link made", a.id().Attr(), "dur", valid)
	c.Send(sender, &messages.LoginLinkMade{Account: string(a.id()), Token: token, ExpiresAt: link.expires})
}

// onOpenLink answers a link's holder with the account's login, which it begins when none is open.
func (m *master) onOpenLink(c actor.Context, msg *messages.OpenLoginLink, sender *actor.PID) {
	m.sweepLinks()
	link := m.links[sha256.Sum256(msg.GetToken())]
	holder := linkKey(sha256.Sum256(msg.GetHolder()))
	switch {
	case link == nil || len(msg.GetHolder()) < holderMin:
		refuse(c, sender, "not_found", "this link is not valid, or not any more: ask for a new one")
		return
	case link.holder != nil && *link.holder != holder:
		refuse(c, sender, "conflict", "this link was opened on another device: ask for a new one")
		return
	}
	opened := &messages.LoginLinkOpened{Account: string(link.account), ExpiresAt: link.expires, First: link.holder == nil}
	if link.holder == nil {
		m.Log.Info("login link opened", link.account.Attr())
		link.holder = &holder
	}
	if open := m.openLogin(link.account); open != nil {
		link.session = open.GetSession()
		m.answerLink(c, sender, link, opened)
		return
	}
	if last := m.logins[messages.LoginID(link.session)]; last != nil && (!msg.GetAgain() || last.GetStatus() == "success") {
		m.answerLink(c, sender, link, opened)
		return
	}
	link.session = "login_" + string(messages.NewTrace())
	m.onStartLogin(c, &messages.StartLogin{Account: string(link.account), Session: link.session, TraceId: string(messages.NewTrace())}, nil)
	if m.openLogin(link.account) == nil {
		refuse(c, sender, "unavailable", "the account cannot be logged in just now: try again in a minute")
		return
	}
	opened.Began = true
	m.answerLink(c, sender, link, opened)
}

func (m *master) answerLink(c actor.Context, to *actor.PID, link *loginLink, opened *messages.LoginLinkOpened) {
	if to != nil {
		opened.Session = link.session
		c.Send(to, opened)
	}
}

// sweepLinks forgets links that are over.
func (m *master) sweepLinks() {
	for key, link := range m.links {
		if m.now() > link.expires {
			delete(m.links, key)
		}
	}
}

func (m *master) forgetLinks(id messages.AccountID) {
	for key, link := range m.links {
		if link.account == id {
			delete(m.links, key)
		}
	}
}
