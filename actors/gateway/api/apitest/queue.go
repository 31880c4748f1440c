package apitest

import (
	"bytes"
	"slices"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// LinkToken is the token of the only login link that the stand-in makes.
var LinkToken = bytes.Repeat([]byte{7}, 32)

// queue answers what is asked of the login queue and of links; a link's login is the newest one.
func (m *Master) queue(command any) proto.Message {
	switch x := command.(type) {
	case *messages.QueueLogins:
		for _, id := range x.GetAccounts() {
			m.Queue = append(slices.Clone(m.Queue), &messages.QueuedLogin{Account: id, Place: uint64(len(m.Queue))})
		}
	case *messages.UnqueueLogins:
		m.Queue = nil
	case *messages.MakeLoginLink:
		return &messages.LoginLinkMade{Account: x.GetAccount(), Token: LinkToken, ExpiresAt: now() + 600_000}
	case *messages.OpenLoginLink:
		if !bytes.Equal(x.GetToken(), LinkToken) || len(m.Logins) == 0 {
			return &messages.Refused{Code: "not_found", Message: "this link is not valid"}
		}
		last := m.Logins[len(m.Logins)-1]
		return &messages.LoginLinkOpened{Account: last.GetAccount(), Session: last.GetSession(), ExpiresAt: now() + 600_000, First: true}
	}
	return &messages.LoginsQueued{AtOnce: 1, Queue: m.Queue}
}
