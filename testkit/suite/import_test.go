package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit"
	"troupe/testkit/site"
)

// sideBySide is how many imported accounts run at a time.
const sideBySide = 8

// TestNodeWorkersFolderComesInLoggedIn brings in the accounts of a Node worker's data folder, after a dry run that changes nothing. All
// of them watch, and the site never showed a QR code. (In full: fifty, each of which makes room once it was seen watching.)
func TestNodeWorkersFolderComesInLoggedIn(t *testing.T) {
	count := testkit.Runs(t, 3, 50)
	s := newStage(t, "--max-accounts", strconv.Itoa(sideBySide))
	folder := t.TempDir()
	for i := range count {
		s.leaveState(folder, fmt.Sprintf("shop-%d", i+1))
	}
	s.cli("", "account", "import", folder, "--platform", "sandbox", "--dry-run")
	if n := len(s.accounts()); n != 0 {
		t.Fatalf("a dry run added %d accounts", n)
	}
	s.cli("", "account", "import", folder, "--platform", "sandbox", "--tags", "老号", "--yes")
	s.cli("", "account", "import", folder, "--platform", "sandbox", "--yes") // again: they are there
	all := s.accounts()
	if len(all) != count {
		t.Fatalf("%d accounts, want %d", len(all), count)
	}
	s.seenWatching(all, time.Duration(30+5*count)*time.Second)
	if n := s.qrCodes(); n != 0 {
		t.Errorf("%d QR codes were asked for", n)
	}
}

// seenWatching waits until each account was seen watching with its own face; one that was is paused where others wait for its place.
func (s *stage) seenWatching(accounts []api.Account, limit time.Duration) {
	s.t.Helper()
	seen := map[string]bool{}
	s.eventually("every account was seen watching", limit, func() bool {
		for _, a := range s.accounts() {
			if seen[a.ID] || a.State != "watching" || a.Profile == nil {
				continue
			}
			if seen[a.ID] = true; a.Profile.PlatformUserID != s.owners[a.ID] {
				s.t.Errorf("account %s is %+v, want owner %s", a.ID, a.Profile, s.owners[a.ID])
			}
			if len(accounts) > sideBySide {
				s.must("POST", "/accounts/"+a.ID+"/pause", nil, nil)
			}
		}
		return len(seen) == len(accounts)
	})
}

func (s *stage) accounts() []api.Account {
	s.t.Helper()
	var list struct{ Accounts []api.Account }
	s.must("GET", "/accounts", nil, &list)
	return list.Accounts
}

// leaveState puts the storage state of an owner who logged in elsewhere into a Node worker's data folder.
func (s *stage) leaveState(folder, id string) {
	s.t.Helper()
	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: id})
	if err != nil {
		s.t.Fatal(err)
	}
	s.owners[id] = owner.UID
	state, err := json.Marshal(map[string]any{
		"cookies": []map[string]any{{
			"name": "sb_session", "value": s.site.LoggedInElsewhere(owner.UID), "domain": ".sandbox.test", "path": "/",
			"expires": time.Now().AddDate(0, 1, 0).Unix(), "httpOnly": true, "secure": true, "sameSite": "Lax",
		}},
		"origins": []any{},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	dir := filepath.Join(folder, "storage-states")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, id+"_storage.json"), state, 0o600); err != nil {
		s.t.Fatal(err)
	}
}
