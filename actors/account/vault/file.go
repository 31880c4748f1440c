package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"troupe/messages"
)

// Import reads a state from a file that a person gave: troupe's own form, as Encode writes it, or one that ImportPlaywright reads.
// Its errors name the place in the file and never a value.
func Import(file []byte) (*State, error) {
	var form struct {
		Version *json.Number `json:"v"`
	}
	if json.Unmarshal(file, &form) != nil || form.Version == nil {
		return ImportPlaywright(file)
	}
	s, err := readOwn(file)
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	return s, nil
}

// readOwn reads troupe's own form and checks what a browser would stumble over.
func readOwn(file []byte) (*State, error) {
	s := &State{}
	if json.Unmarshal(file, s) != nil { // its error could quote a value
		return nil, errors.New("not a state as troupe writes it")
	}
	if err := s.checkVersion(); err != nil {
		return nil, err
	}
	for i, raw := range s.Cookies {
		if _, err := readCookie(at{fmt.Sprintf("cookies[%d]", i), raw}); err != nil {
			return nil, err
		}
	}
	for i, o := range s.Origins {
		if !isOrigin(o.Origin) {
			return nil, fmt.Errorf("origins[%d].origin: not an origin of the form https://host", i)
		}
	}
	return s, nil
}

// Contents is what a state holds, in numbers and names: nothing of it is a secret.
type Contents struct {
	Cookies     int
	Session     int      // cookies that end with the session
	Partitioned int      // cookies that are kept apart by top-level site
	Domains     []string // of cookies, sorted, each once
	Origins     []string // with local storage
	Entries     int      // of local storage
	Persona     bool
	Ignored     []string // places in an imported file that have no place in a state
}

// Contents counts what the state holds.
func (s *State) Contents() Contents {
	out := Contents{Cookies: len(s.Cookies), Persona: len(s.Persona) > 0, Ignored: s.Ignored}
	for _, raw := range s.Cookies {
		var c chromiumCookie
		if json.Unmarshal(raw, &c) != nil {
			continue
		}
		if c.Session || c.Expires < 0 {
			out.Session++
		}
		if c.PartitionKey != nil {
			out.Partitioned++
		}
		out.Domains = append(out.Domains, strings.TrimPrefix(c.Domain, "."))
	}
	slices.Sort(out.Domains)
	out.Domains = slices.Compact(out.Domains)
	for _, o := range s.Origins {
		out.Origins = append(out.Origins, o.Origin)
		out.Entries += len(o.LocalStorage)
	}
	return out
}

// Replace seals a state that a person imported, given as Encode writes it, in place of old, which may be nil. The account's persona
// stays: it is never changed by a file, and taken from one only where the account has none, or where the old state's seal is
// broken, so that an import is the way out of that.
func (r *KeyRing) Replace(old *messages.SealedState, account messages.AccountID, epoch messages.Epoch, counter uint64, plain []byte) (*messages.SealedState, error) {
	s, err := readOwn(plain)
	if err != nil {
		return nil, fmt.Errorf("replace state: %w", err)
	}
	before, err := Open(r, account, old)
	switch {
	case err == nil && len(before.Persona) > 0:
		s.Persona = before.Persona
	case err != nil && old != nil && !errors.Is(err, ErrSealBroken):
		return nil, fmt.Errorf("replace state: keep its persona: %w", err)
	}
	return Seal(r, account, epoch, counter, s)
}
