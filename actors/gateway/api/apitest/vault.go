package apitest

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/api"
	"troupe/messages"
)

// states stands in for what opens and reads logins: nothing is sealed, and a file that says "broken" is.
type states struct{}

func (states) Export(sealed *messages.SealedState, playwright bool) ([]byte, error) {
	if playwright {
		return []byte(`{"cookies":[],"origins":[]}`), nil
	}
	return sealed.GetCiphertext(), nil
}

func (states) Read(file []byte) (plain []byte, holds api.StateFile, err error) {
	if bytes.Contains(file, []byte("broken")) {
		return nil, holds, errors.New("cookies[3].expires: must be a number")
	}
	return file, api.StateFile{
		Cookies: 61, Session: 10, Partitioned: 1, Domains: []string{"a.test", "b.test"}, Origins: []string{"https://a.test"}, Entries: 4,
		Ignored: []string{"origins[0].indexedDB"},
	}, nil
}

// Sealed is what rests in the stand-in's store of an account: a login that says state, not sealed at all.
func (m *Master) Sealed(account, state string) {
	m.vault[account] = &messages.SealedState{Account: account, Counter: 1, Ciphertext: []byte(state)}
}

// seals answers what is asked of sealed states and of the keys; the ring has an older key k1 and the newest k2.
func (m *Master) seals(command any) proto.Message {
	switch x := command.(type) {
	case *messages.ReadVault:
		return &messages.VaultRead{Sealed: m.vault[x.GetAccount()]}
	case *messages.WriteVault:
		m.Sealed(x.GetAccount(), string(x.GetState()))
		return &messages.VaultWritten{Account: x.GetAccount(), Counter: 2}
	case *messages.RotateKeys:
		return &messages.KeysRotated{KeyId: "k2", Resealed: 3, Already: 1}
	case *messages.RetireKey:
		m.keys = slices.DeleteFunc(m.keys, func(k *messages.SealingKey) bool { return k.GetId() == x.GetKeyId() })
	}
	return &messages.KeysListed{Keys: slices.Clone(m.keys)}
}

// cluster stands in for the node's place in a cluster.
type cluster struct{}

func (cluster) Place() api.ClusterPlace {
	return api.ClusterPlace{Cluster: "01TEST", Authority: "00ff", Until: 1, Address: "127.0.0.1:4200"}
}

func (cluster) NewToken(time.Duration, int) (string, error) { return "troupe-join-1.00ff.secret", nil }
