package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// StateVersion is the present form of a State: 2 added the persona. Older forms are read.
const StateVersion = 2

// State is a login in the plain. Its values are secrets: however it is formatted or logged, it shows as counts only.
type State struct {
	Version       int               `json:"v"`
	Cookies       []json.RawMessage `json:"cookies"` // as Chromium gave them, so that no attribute is lost
	Origins       []Origin          `json:"origins,omitempty"`
	ExportedAt    time.Time         `json:"exported_at"`
	ChromiumMajor int               `json:"chromium_major"`

	// Persona is what the account's browser shows of itself, as the account keeps it; empty when there is none yet.
	Persona json.RawMessage `json:"persona,omitempty"`
	// Memory is what the account's clients remember between browsers, as they export it; no secret, but it goes where the login goes.
	Memory json.RawMessage `json:"memory,omitempty"`

	// Ignored names what an imported file holds beside that, by its place in the file: origins[0].indexedDB.
	Ignored []string `json:"-"`
}

// Origin is the local storage of one origin.
type Origin struct {
	Origin       string    `json:"origin"` // https://host, without a slash at the end
	LocalStorage [][2]Text `json:"local_storage"`
}

// Encode writes the state whole, in troupe's own form (JSON). What it returns is a login in the plain.
func (s State) Encode() ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil { // its text could quote a value
		return nil, errors.New("encode state: a cookie or the persona is not JSON")
	}
	return plain, nil
}

func (s State) checkVersion() error {
	switch {
	case s.Version > StateVersion:
		return fmt.Errorf("version %d is newer than this program's %d", s.Version, StateVersion)
	case s.Version < 1:
		return errors.New("it has no version")
	}
	return nil
}

// LogValue shows how much there is and nothing of it.
func (s State) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("cookies", len(s.Cookies)), slog.Int("origins", len(s.Origins)))
}

// String shows as much as LogValue.
func (s State) String() string {
	return fmt.Sprintf("state of %d cookies and %d origins", len(s.Cookies), len(s.Origins))
}

// Format shows as much as String, whatever the verb.
func (s State) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue shows the origin and how much it stores.
func (o Origin) LogValue() slog.Value { return slog.StringValue(o.String()) }

// String shows as much as LogValue.
func (o Origin) String() string {
	return fmt.Sprintf("%d entries of %s", len(o.LocalStorage), o.Origin)
}

// Format shows as much as String, whatever the verb.
func (o Origin) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }
