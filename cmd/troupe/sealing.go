package main

import (
	"troupe/actors/account/vault"
	"troupe/actors/gateway/api"
	"troupe/messages"
)

// states opens and reads logins for the API, with the node's key ring.
type states struct{ ring *vault.KeyRing }

// Export implements api.States.
func (s states) Export(sealed *messages.SealedState, playwright bool) ([]byte, error) {
	state, err := vault.Open(s.ring, messages.AccountID(sealed.GetAccount()), sealed)
	if err != nil {
		return nil, err
	}
	if playwright {
		return state.ExportPlaywright()
	}
	return state.Encode()
}

// Read implements api.States.
func (s states) Read(file []byte) (plain []byte, holds api.StateFile, err error) {
	state, err := vault.Import(file)
	if err != nil {
		return nil, holds, err
	}
	n := state.Contents()
	holds = api.StateFile{
		Cookies: n.Cookies, Session: n.Session, Partitioned: n.Partitioned, Entries: n.Entries, Ignored: n.Ignored,
		Domains: append([]string{}, n.Domains...), Origins: append([]string{}, n.Origins...),
	}
	plain, err = state.Encode()
	return plain, holds, err
}

// sealSecret closes a proxy's password for the master.
func (s states) sealSecret(owner string, secret []byte) (*messages.SealedSecret, error) {
	return vault.SealSecret(s.ring, owner, secret)
}

// openSecret opens a proxy's password.
func (s states) openSecret(owner string, sealed *messages.SealedSecret) (messages.Secret, error) {
	return vault.OpenSecret(s.ring, owner, sealed)
}

var _ api.States = states{}
