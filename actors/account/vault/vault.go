// Package vault seals what an account's login consists of: its cookies and its pages' local storage.
//
// A State is plain and lives in memory only. Sealed it may cross nodes and reach disks: it is compressed,
// then encrypted with AES-256-GCM under a key of the cluster's ring, and bound to its account, epoch and
// counter, so that nobody can pass one account's state off as another's, or an old one as new. Which of
// two sealed states is newer is said by Newer; the master's store keeps the record.
//
// The package is pure but for the key ring's file. It logs nothing.
package vault

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"troupe/messages"
)

// StateVersion is the present form of a State.
const StateVersion = 1

// maxState bounds an opened state, in bytes of JSON.
const maxState = 64 << 20

// State is a login in the plain. Its values are secrets: it logs as counts only.
type State struct {
	Version       int               `json:"v"`
	Cookies       []json.RawMessage `json:"cookies"` // as Chromium gave them, so that no attribute is lost
	Origins       []Origin          `json:"origins,omitempty"`
	ExportedAt    time.Time         `json:"exported_at"`
	ChromiumMajor int               `json:"chromium_major"`
}

// Origin is the local storage of one origin.
type Origin struct {
	Origin       string      `json:"origin"` // https://host, without a slash at the end
	LocalStorage [][2]string `json:"local_storage"`
}

// LogValue shows how much there is and nothing of it.
func (s *State) LogValue() slog.Value {
	if s == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(slog.Int("cookies", len(s.Cookies)), slog.Int("origins", len(s.Origins)))
}

// String shows as much as LogValue.
func (s *State) String() string { return s.LogValue().String() }

// Newer says whether a was sealed after b: by epoch, then by counter. Anything is newer than nil.
func Newer(a, b *messages.SealedState) bool {
	return cmp.Or(cmp.Compare(a.GetEpoch(), b.GetEpoch()), cmp.Compare(a.GetCounter(), b.GetCounter())) > 0
}

func pack(s *State) ([]byte, error) {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if err := json.NewEncoder(z).Encode(s); err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	if err := z.Close(); err != nil {
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
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, fmt.Errorf("decode state: %w", err)
	}
	if s.Version > StateVersion {
		return nil, fmt.Errorf("decode state: version %d is newer than this program's %d", s.Version, StateVersion)
	}
	return &s, nil
}
