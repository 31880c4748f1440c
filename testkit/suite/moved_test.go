package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit"
	"troupe/testkit/faults"
	"troupe/testkit/proc"
	"troupe/testkit/site"
)

// storageState is a login as Playwright writes it, as far as these tests read and write it.
type storageState struct {
	Cookies []map[string]any `json:"cookies"`
	Origins []struct {
		Origin       string              `json:"origin"`
		LocalStorage []map[string]string `json:"localStorage"`
	} `json:"origins"`
}

// many is more than a rotation seals anew at once.
const many = 150

// planted are values of every kind that a login is made of, which the site never set.
var planted = map[string]string{
	"cookie": "canary-cookie-81f2", "session cookie": "canary-session-81f2", "partitioned cookie": "canary-partitioned-81f2",
	"local storage": "canary-storage-81f2",
}

// TestWholeLoginOutlivesRotationProfileAndFolder plants a value of each kind into a login, by file. They and the login must outlive
// a kill in the middle of a rotation with a wiped profile, the move to another data folder with store and keys, and the way
// by a file into a node that is new; nothing of them stands in clear on a disk.
func TestWholeLoginOutlivesRotationProfileAndFolder(t *testing.T) {
	s := newStage(t)
	account := s.watched("甲")
	persona, device := s.personaOf(account), s.device(account)
	file := filepath.Join(t.TempDir(), "state.json")
	s.cli("", "account", "export", account, "--playwright", "-o", file)
	plantIn(t, file)
	s.takesOver(account, file)
	codes := s.qrCodes()
	isWhole := func(after string) {
		t.Helper()
		s.awaitState(account, "watching", 60*time.Second)
		s.round(account)
		login := s.cli("", "account", "export", account, "--playwright")
		for what, value := range planted {
			if !strings.Contains(login, value) {
				t.Errorf("after %s the %s is gone", after, what)
			}
			s.notOnDisk(value)
		}
		for _, cookie := range s.site.SessionCookies() {
			s.notOnDisk(cookie)
		}
		if s.qrCodes() != codes {
			t.Fatalf("a QR code was asked for after %s", after)
		}
		if now := s.device(account); now != device {
			t.Errorf("after %s the device is %s, was %s", after, now, device)
		}
	}
	isWhole("an import")

	s.killedInRotation(many)
	s.wipe(account)
	s.node.Restart()
	isWhole("a kill in a rotation, without a profile")
	s.eventually("the rotation is finished", 20*time.Second, func() bool {
		keys := s.keys()
		return len(keys) == 2 && keys[0].Logins+keys[0].Passwords == 0 && keys[1].Logins == 1 && keys[1].Passwords == many
	})
	old := s.keys()[0].ID
	s.must("DELETE", "/keys/"+old+"?confirm="+old, nil, nil)

	s.node.Stop()
	s.movesTo(openFolder(t))
	isWhole("the move to another data folder")
	if now := s.personaOf(account); now != persona {
		t.Errorf("the persona is %s, was %s", now, persona)
	}

	login := filepath.Join(t.TempDir(), "moved.json")
	s.cli("", "account", "export", account, "--playwright", "-o", login)
	s.node.Stop()
	s.node = proc.Start(t, proc.Options{Dial: s.site.Addr(), Pins: []string{s.site.SPKI()}})
	if again := s.addAccount("甲"); again != account {
		t.Fatalf("the account is %s", again)
	}
	s.takesOver(account, login)
	codes = s.qrCodes() // the new node may have looked at the page that asks for a login
	isWhole("the import into a new node")
}

// wipe deletes what a dead node holds of an account on disk, once its Chromium is gone too.
func (s *stage) wipe(account string) {
	s.t.Helper()
	s.eventually("no Chromium is left", 10*time.Second, func() bool { return len(s.node.Browsers(account)) == 0 })
	if err := os.RemoveAll(s.node.AccountDir(account)); err != nil {
		s.t.Fatal(err)
	}
}

// pauseWhole pauses an account and waits until nothing of it runs.
func (s *stage) pauseWhole(account string) {
	s.t.Helper()
	s.must("POST", "/accounts/"+account+"/pause", nil, nil)
	s.awaitState(account, "paused", 20*time.Second)
}

func (s *stage) keys() []api.Key {
	s.t.Helper()
	var list struct{ Keys []api.Key }
	s.must("GET", "/keys", nil, &list)
	return list.Keys
}

// plantIn adds the planted values to a login's file.
func plantIn(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var state storageState
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	cookie := func(name, value, domain string, expires int64, more map[string]any) {
		c := map[string]any{
			"name": name, "value": value, "domain": domain, "path": "/", "expires": expires, "httpOnly": true, "secure": true, "sameSite": "Lax",
		}
		for k, v := range more {
			c[k] = v
		}
		state.Cookies = append(state.Cookies, c)
	}
	nextYear := time.Now().AddDate(0, 6, 0).Unix()
	cookie("planted", planted["cookie"], ".sandbox.test", nextYear, nil)
	cookie("planted_session", planted["session cookie"], ".sandbox.test", -1, nil)
	cookie("planted_partitioned", planted["partitioned cookie"], "creator.sandbox.test", nextYear,
		map[string]any{"partitionKey": "https://sandbox.test", "sameSite": "None"})
	if len(state.Origins) != 1 {
		t.Fatalf("%d origins in the login's file, want the creator's", len(state.Origins))
	}
	storage := &state.Origins[0].LocalStorage
	*storage = append(*storage, map[string]string{"name": "planted", "value": planted["local storage"]})
	if raw, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// takesOver gives an account the login of a file, as a person does.
func (s *stage) takesOver(account, file string) {
	s.t.Helper()
	s.pauseWhole(account)
	s.cli("", "account", "import", account, file, "--yes")
	s.cli("", "account", "resume", account)
	s.awaitState(account, "watching", 60*time.Second)
}

// killedInRotation lets a key be in use by that many proxies, which is why it cannot be retired, and kills the node in the middle
// of sealing them anew.
func (s *stage) killedInRotation(proxies int) {
	s.t.Helper()
	for i := range proxies {
		s.must("POST", "/proxies", api.NewProxy{
			Name: fmt.Sprintf("p%d", i), Scheme: "http", Host: "proxy.example", Port: 3128, Username: "me", Password: "canary-proxy-81f2",
		}, nil)
	}
	s.notOnDisk("canary-proxy-81f2")
	if _, _, status := s.node.CLI("keys", "retire", s.keys()[0].ID, "--yes"); status == 0 {
		s.t.Error("a key that seals something was retired")
	}
	answered := make(chan struct{})
	faults.AtLogLine(s.t, s.node, 20*time.Second, func() {
		go func() {
			defer close(answered)
			_ = s.call("POST", "/keys/rotate", nil, nil) // the node dies before it answers, or just after
		}()
	}, s.node.Kill, "sealing anew")
	<-answered
}

// movesTo starts the node from a copy of its data without the browsers' profiles, in another folder.
func (s *stage) movesTo(dir string) {
	s.t.Helper()
	if out, err := exec.Command("cp", "-a", filepath.Join(s.node.Dir, "worker-1"), dir).CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(dir, "worker-1", "accounts")); err != nil {
		s.t.Fatal(err)
	}
	s.node = proc.Start(s.t, proc.Options{Dir: dir, Dial: s.site.Addr(), Pins: []string{s.site.SPKI()}})
}

// device is what an account's pages say their device is: it lives in local storage.
func (s *stage) device(account string) string {
	s.t.Helper()
	entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindRequest, Owner: s.owners[account]})
	for _, e := range slices.Backward(entries) {
		if e.Device != "" {
			return e.Device
		}
	}
	s.t.Fatalf("account %s has told no device", account)
	return ""
}

// personaOf is an account's persona as `troupe account show --json` has it, without what belongs to the running browser.
func (s *stage) personaOf(account string) string {
	s.t.Helper()
	var a api.Account
	if err := json.Unmarshal([]byte(s.cli("", "account", "show", account, "--json")), &a); err != nil || a.Persona == nil {
		s.t.Fatalf("no persona is shown: %v", err)
	}
	p := a.Persona
	return fmt.Sprint(p.Locale, p.TimeZone, p.Languages, p.Width, p.Height, p.Cores, p.Noise, p.UserAgent)
}

// TestProfileIsUsedOnlyAsItWasClosed stops the node, spoils a file of the profile or its mark, and starts it again: the login comes
// from the vault, the persona stays, and nothing of the spoilt profile is used. One that was left alone is used.
func TestProfileIsUsedOnlyAsItWasClosed(t *testing.T) {
	s := newStage(t, wholeBrowser...)
	account := s.watched("甲")
	codes, persona := s.qrCodes(), s.personaOf(account)
	dir := s.node.AccountDir(account)
	marker := filepath.Join(dir, "profile", "marker") // in no file that Chromium knows
	cookies := filepath.Join(dir, "profile", "Default", "Cookies")
	truncate := func(t *testing.T, file string) { spoil(t, file, func(b []byte) []byte { return b[:len(b)/2] }) }
	flip := func(t *testing.T, file string) {
		spoil(t, file, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	}
	for _, story := range []struct {
		name  string
		why   string // the profile is not used; empty = it is
		spoil func(t *testing.T)
		often bool // only in full
	}{
		{name: "left alone", spoil: func(*testing.T) {}},
		{name: "truncated cookies", why: "is not as it was closed", spoil: func(t *testing.T) { truncate(t, cookies) }},
		{name: "flipped preferences", why: "is not as it was closed", spoil: func(t *testing.T) { flip(t, filepath.Join(dir, "profile", "Default", "Preferences")) }},
		{name: "older epoch", why: "closed under epoch", spoil: func(t *testing.T) { olderEpoch(t, filepath.Join(dir, "closed.json")) }},
		{name: "not closed", why: "not cleanly", spoil: nil},
		{name: "flipped cookies", why: "is not as it was closed", often: true, spoil: func(t *testing.T) { flip(t, cookies) }},
		{name: "flipped local state", why: "is not as it was closed", often: true, spoil: func(t *testing.T) { flip(t, filepath.Join(dir, "profile", "Local State")) }},
		{name: "truncated local state", why: "is not as it was closed", often: true, spoil: func(t *testing.T) { truncate(t, filepath.Join(dir, "profile", "Local State")) }},
		{name: "truncated preferences", why: "is not as it was closed", often: true, spoil: func(t *testing.T) { truncate(t, filepath.Join(dir, "profile", "Default", "Preferences")) }},
	} {
		if story.often && !testkit.Full {
			continue
		}
		t.Run(story.name, func(t *testing.T) {
			if story.spoil == nil {
				s.node.Kill()
			} else {
				s.node.Stop()
				story.spoil(t)
			}
			if err := os.WriteFile(marker, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			logged := len(s.node.Log())
			s.node.Restart()
			s.awaitState(account, "watching", 60*time.Second)
			s.round(account)
			if _, err := os.Stat(marker); (err == nil) != (story.why == "") {
				t.Errorf("the profile was used: %v", err == nil)
			}
			if !strings.Contains(s.node.Log()[logged:], story.why) {
				t.Errorf("the log does not say %q", story.why)
			}
			if s.qrCodes() != codes {
				t.Error("a QR code was asked for")
			}
			if now := s.personaOf(account); now != persona {
				t.Errorf("the persona is %s, was %s", now, persona)
			}
		})
	}
}

func spoil(t *testing.T, file string, how func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, how(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// olderEpoch makes a profile's mark say that it was closed long ago.
func olderEpoch(t *testing.T, file string) {
	t.Helper()
	spoil(t, file, func(b []byte) []byte {
		var mark map[string]any
		if err := json.Unmarshal(b, &mark); err != nil || mark["epoch"] == nil {
			t.Fatalf("mark %s: %v", b, err)
		}
		mark["epoch"] = 0
		b, err := json.Marshal(mark)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
