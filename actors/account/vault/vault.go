// Package vault seals what an account's login consists of: its cookies, its pages' local storage, and its persona.
//
// A State is plain and lives in memory only. Sealed it may cross nodes and reach disks: it is compressed,
// then encrypted with AES-256-GCM under a key of the cluster's ring, and bound to its account, epoch and
// counter, so that nobody can pass one account's state off as another's, or an old one as new. Which of
// two sealed states is newer is said by Newer; the master's store keeps the record. Small secrets, such as a proxy's
// password, are sealed alike and bound to their owner.
//
//	KeyRing ─ Rotate ─▶ one more key, the newest; it seals from now on, the others only open
//	        ─ Reseal ─▶ what rests in the store, one after the other
//	        ─ Retire ─▶ the old key leaves the file, once nothing is sealed with it
//
// A state leaves and enters by hand as a file: in troupe's own form (Encode, Import), which holds everything, or in
// Playwright's (ExportPlaywright, ImportPlaywright). Such a file is a login in the plain.
//
// The package is pure but for the key ring's file. It logs nothing, and neither its errors nor the formatting of its types show
// a value.
package vault

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"troupe/messages"
)

// maxState bounds an opened state, in bytes of JSON.
const maxState = 64 << 20

// Newer says whether a was sealed after b: by epoch, then by counter. Anything is newer than nil.
func Newer(a, b *messages.SealedState) bool {
	return cmp.Or(cmp.Compare(a.GetEpoch(), b.GetEpoch()), cmp.Compare(a.GetCounter(), b.GetCounter())) > 0
}

func pack(s *State) ([]byte, error) {
	plain, err := s.Encode()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, err = z.Write(plain)
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("compress state: %w", err)
	}
	return buf.Bytes(), nil
}

func unpack(packed []byte) (*State, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("decompress state: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("decompress state: %w", err)
	}
	if len(plain) > maxState {
		return nil, fmt.Errorf("decompress state: more than %d bytes", maxState)
	}
	var s State
	if json.Unmarshal(plain, &s) != nil { // its error could quote a value
		return nil, errors.New("decode state: not a state")
	}
	if err := s.checkVersion(); err != nil {
		return nil, fmt.Errorf("decode state: %w", err)
	}
	return &s, nil
}
