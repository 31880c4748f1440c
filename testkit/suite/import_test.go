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
	"troupe/testkit/site"
)

// TestNodeWorkersFolderComesInLoggedIn brings in the accounts of a Node worker's data folder, after a dry run that changes nothing. All
// of them watch, and the site never showed a QR code. (In full: fifty.)
func TestNodeWorkersFolderComesInLoggedIn(t *testing.T) {
	count := 3
	if full {
		count = 50
	}
	s := newStage(t, "--max-accounts", strconv.Itoa(count))
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
	for _, a := range all {
		s.awaitState(a.ID, "watching", time.Duration(30+5*count)*time.Second)
		if p := s.account(a.ID).Profile; p == nil || p.PlatformUserID != s.owners[a.ID] {
			t.Errorf("account %s is %+v, want owner %s", a.ID, p, s.owners[a.ID])
		}
	}
	if n := s.qrCodes(); n != 0 {
		t.Errorf("%d QR codes were asked for", n)
	}
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
