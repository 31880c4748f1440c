package people

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"troupe/messages"
)

// come is a request from an address, as the edge lets it through; nil when it does not.
func come(d *Door, from string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://localhost:3000/x", nil)
	r.RemoteAddr = from
	if from == "unix" {
		r.RemoteAddr = "@"
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Net: "unix", Name: "troupe.sock"})))
	}
	if change != nil {
		change(r)
	}
	var passed *http.Request
	d.Edge(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { passed = r })).ServeHTTP(httptest.NewRecorder(), r)
	return passed
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestTheEdgeBelievesOnlyNamedProxies(t *testing.T) {
	d := NewDoor(DoorConfig{People: &Holder{}, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32"), netip.MustParsePrefix("10.0.1.0/24")}})
	for name, tc := range map[string]struct {
		from, forwarded string
		seen            string // "" = not served
	}{
		"this machine":                      {"127.0.0.1:5", "", "127.0.0.1:5"},
		"another machine without TLS":       {"192.168.1.5:5", "", ""},
		"a proxy of this machine, unnamed":  {"127.0.0.1:5", "1.2.3.4", ""},
		"a stranger who claims to be local": {"192.168.1.5:5", "127.0.0.1", ""},
		"a named proxy":                     {"10.0.0.2:5", "1.2.3.4", "1.2.3.4"},
		"a made-up hop before the real one": {"10.0.0.2:5", "127.0.0.1, 1.2.3.4", "1.2.3.4"},
		"two named proxies":                 {"10.0.0.2:5", "1.2.3.4, 10.0.1.9", "1.2.3.4"},
		"a named proxy that says nothing":   {"10.0.0.2:5", "", "unknown"},
		"a named proxy that says nonsense":  {"10.0.0.2:5", "127.0.0.1, nobody", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := come(d, tc.from, func(r *http.Request) {
				if tc.forwarded != "" {
					r.Header.Set("X-Forwarded-For", tc.forwarded)
				}
			})
			switch {
			case r == nil && tc.seen != "":
				t.Error("not served")
			case r != nil && r.RemoteAddr != tc.seen:
				t.Errorf("seen as %s, want %q", r.RemoteAddr, tc.seen)
			}
		})
	}
}

func TestOnlyTheUnixSocketIsLocal(t *testing.T) {
	d := NewDoor(DoorConfig{People: &Holder{}})
	if who, err := d.Who(come(d, "unix", nil)); err != nil || who == nil || who.Kind != KindLocal || who.Role != Admin {
		t.Errorf("%+v %v", who, err)
	}
	if who, err := d.Who(come(d, "127.0.0.1:5", nil)); who != nil || err != nil {
		t.Errorf("loopback is %+v %v", who, err)
	}
	if _, err := d.Who(come(d, "127.0.0.1:5", set("Authorization", "Bearer nothing"))); err == nil {
		t.Error("a made-up token is no error")
	}
}

func TestSocketsWithoutATokenAreWhoTheConfigurationSays(t *testing.T) {
	lan := []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}
	for name, tc := range map[string]struct {
		role   Role
		from   string
		origin string
		token  string
		who    string // "" = not let in
	}{
		"the desktop client":               {Agent, "127.0.0.1:5", "file://", "", "pc-im"},
		"the desktop client, null":         {Agent, "127.0.0.1:5", "null", "", "pc-im"},
		"from a named network":             {Agent, "192.168.1.7", "null", "", "pc-im"},
		"from elsewhere":                   {Agent, "192.168.2.7", "", "", ""},
		"from nowhere":                     {Agent, "unknown", "", "", ""},
		"switched off":                     {Off, "127.0.0.1:5", "", "", ""},
		"the owner of the machine":         {Off, "local", "", "", "local"},
		"a token from elsewhere":           {Off, "192.168.2.7", "", "good", "token:robot"},
		"a token of a page without origin": {Agent, "127.0.0.1:5", "null", "good", ""},
		"a wrong token where none is due":  {Agent, "127.0.0.1:5", "", "bad", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := &Holder{}
			robot := newIdentity("token:robot", KindToken, Agent, nil)
			h.publish(&Picture{byHash: map[string]*Identity{string(Hash("good")): robot}})
			d := NewDoor(DoorConfig{People: h, IMRole: tc.role, IMNetworks: lan})
			header := http.Header{}
			if tc.origin != "" {
				header.Set("Origin", tc.origin)
			}
			var auth json.RawMessage
			if tc.token != "" {
				auth = json.RawMessage(`{"token":"` + tc.token + `"}`)
			}
			who, err := d.AdmitSocket(tc.from, header, auth)
			switch {
			case tc.who == "" && err == nil:
				t.Errorf("let in as %s", who.Name)
			case tc.who != "" && (err != nil || who.Name != tc.who):
				t.Errorf("%+v %v", who, err)
			}
		})
	}
}

func TestPagesWithoutOriginReachSocketsOnlyWhereNoTokenIsNeeded(t *testing.T) {
	for role, want := range map[Role]bool{Agent: true, Off: false} {
		d := NewDoor(DoorConfig{People: &Holder{}, IMRole: role})
		if got := d.AllowSocket(come(d, "127.0.0.1:5", set("Origin", "null"))); got != want {
			t.Errorf("%s: %t", role, got)
		}
	}
	d := NewDoor(DoorConfig{People: &Holder{}, IMRole: Agent, Origins: []string{"https://desk.example"}})
	for origin, want := range map[string]bool{
		"": true, "http://localhost:5173": true, "http://localhost:3000": true, "https://desk.example": true,
		"https://evil.example": false, "https://desk.example.evil.example": false, "chrome-extension://x": false,
	} {
		if got := d.AllowSocket(come(d, "127.0.0.1:5", set("Origin", origin))); got != want {
			t.Errorf("%q: %t", origin, got)
		}
	}
	if d.AllowSocket(come(d, "127.0.0.1:5", func(r *http.Request) { r.Host = "evil.example" })) {
		t.Error("a name that somebody else points here is served")
	}
}

func TestOnlyAWorkersTokenOpensWhereWorkersCome(t *testing.T) {
	h := &Holder{}
	byHash := map[string]*Identity{}
	for _, role := range TokenRoles {
		byHash[string(Hash(string(role)))] = newIdentity("token:"+string(role), KindToken, role, nil)
	}
	h.publish(&Picture{byHash: byHash})
	d := NewDoor(DoorConfig{People: h, IMRole: Agent, IMNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for name, tc := range map[string]struct {
		from, origin, token string
		who                 string // "" = nobody is let in
	}{
		"a program of this machine":               {"127.0.0.1:5", "", "", "local"},
		"the Unix socket":                         {"local", "", "", "local"},
		"a page on this machine":                  {"127.0.0.1:5", "http://localhost:3000", "", ""},
		"a page on this machine with a token":     {"127.0.0.1:5", "http://localhost:3000", "worker", ""},
		"a page from a file with a token":         {"127.0.0.1:5", "null", "worker", ""},
		"another machine":                         {"1.2.3.4:5", "", "", ""},
		"a machine that IM clients may come from": {"10.0.0.5:5", "", "", ""},
		"another machine with a worker's token":   {"1.2.3.4:5", "", "worker", "token:worker"},
		"this machine with a worker's token":      {"127.0.0.1:5", "", "worker", "token:worker"},
		"this machine with a made-up token":       {"127.0.0.1:5", "", "made-up", ""},
		"an agent's token":                        {"127.0.0.1:5", "", "agent", ""},
		"an operator's token":                     {"1.2.3.4:5", "", "operator", ""},
		"an admin's token":                        {"1.2.3.4:5", "", "admin", ""},
	} {
		header, auth := http.Header{}, json.RawMessage(nil)
		if tc.origin != "" {
			header.Set("Origin", tc.origin)
		}
		if tc.token != "" {
			auth = json.RawMessage(`{"token":"` + tc.token + `"}`)
		}
		who, err := d.AdmitWorker(tc.from, header, auth)
		if got := who != nil && err == nil; got != (tc.who != "") || got && who.Name != tc.who {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
	if who, err := d.AdmitSocket("127.0.0.1:5", http.Header{}, json.RawMessage(`{"token":"worker"}`)); err == nil {
		t.Errorf("a worker's token lets in to the agents' side, as %s", who.Name)
	}
}

func TestGuessingIsSlowedDownForTheUserAndForTheAddress(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	d := NewDoor(DoorConfig{People: &Holder{}, Now: func() time.Time { return now }})
	tries := 0
	for d.MayTry("anna", "1.2.3.4:5") {
		tries++
	}
	if tries != triesPerUser {
		t.Errorf("%d tries for one user", tries)
	}
	if d.MayTry("anna", "5.6.7.8:5") {
		t.Error("another address may go on with the same user")
	}
	for tries = 0; d.MayTry(string(rune('a'+tries)), "1.2.3.4:5"); {
		tries++
	}
	if tries > triesPerAddress {
		t.Errorf("%d more tries from one address", tries)
	}
	now = now.Add(tryPause)
	if !d.MayTry("anna", "5.6.7.8:5") {
		t.Error("the user is locked out for good")
	}
}

func TestRefusalsCannotFillTheLog(t *testing.T) {
	written, now := 0, time.Unix(1_700_000_000, 0)
	d := NewDoor(DoorConfig{People: &Holder{}, Now: func() time.Time { return now }, Audit: func(*messages.AuditEntry) { written++ }})
	for range 10_000 {
		d.NoteRefused(nil, "1.2.3.4:5", "GET /x", "unauthenticated")
	}
	if written != refusalsAtOnce {
		t.Errorf("%d entries", written)
	}
}
