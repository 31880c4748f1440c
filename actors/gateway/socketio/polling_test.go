package socketio

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPollingCarriesEvents(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	address, _ := session(t, url)
	if a := request(t, http.MethodPost, address, "40\x1e"+`42["echo",{"a":1}]`); a.body != "ok" {
		t.Fatalf("post answered %+v", a)
	}
	var got string
	for !strings.Contains(got, "echoed") {
		got += request(t, http.MethodGet, address, "").body + "\x1e"
	}
	packets := strings.Split(got, "\x1e")
	if !strings.HasPrefix(packets[0], `40{"sid":`) || packets[1] != `42["echoed",{"a":1}]` {
		t.Errorf("polls brought %q", packets)
	}
}

func TestBadRequestsAreRefusedByName(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	for name, test := range map[string]struct {
		method, query string
		status        int
		body          string
	}{
		"no transport":      {"GET", "?EIO=4", 400, `{"code":0,"message":"Transport unknown"}`},
		"unknown transport": {"GET", "?EIO=4&transport=carrier-pigeon", 400, `{"code":0,"message":"Transport unknown"}`},
		"old protocol":      {"GET", "?EIO=3&transport=polling", 400, `{"code":5,"message":"Unsupported protocol version"}`},
		"post first":        {"POST", "?EIO=4&transport=polling", 400, `{"code":2,"message":"Bad handshake method"}`},
		"unknown session":   {"GET", "?EIO=4&transport=polling&sid=x", 400, `{"code":1,"message":"Session ID unknown"}`},
		"preflight":         {"OPTIONS", "?EIO=4&transport=polling", 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := request(t, test.method, url+"/socket.io/"+test.query, "")
			if a.status != test.status || strings.TrimSpace(a.body) != test.body {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestInvalidBodyEndsTheSession(t *testing.T) {
	_, url := serve(t, Config{MaxPayload: 1000}, nil)
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"no packet":  {"abc", http.StatusBadRequest},
		"empty":      {"", http.StatusBadRequest},
		"half empty": {"40\x1e", http.StatusBadRequest},
		"binary":     {"bAQID", http.StatusBadRequest},
		"too large":  {"4" + strings.Repeat("x", 1000), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := session(t, url)
			if a := request(t, http.MethodPost, address, test.body); a.status != test.status {
				t.Errorf("post answered %+v", a)
			}
			expectGone(t, address)
		})
	}
}

// expectGone accepts a last close packet, then an unknown session.
func expectGone(t *testing.T, address string) {
	t.Helper()
	eventually(t, "the session is gone", func() bool {
		return request(t, http.MethodGet, address, "").status == http.StatusBadRequest
	})
}

func TestTwoPollsAtOnceEndTheSession(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	address, _ := session(t, url)
	answers := make(chan answer, 2)
	for range 2 {
		go func() {
			a, err := try(context.Background(), http.MethodGet, address, "")
			if err != nil {
				t.Errorf("poll: %v", err)
			}
			answers <- a
		}()
	}
	a, b := <-answers, <-answers
	if a.status+b.status != http.StatusOK+http.StatusBadRequest {
		t.Errorf("polls were answered %+v and %+v", a, b)
	}
	expectGone(t, address)
}

func TestCancelledPollEndsTheSession(t *testing.T) {
	s, url := serve(t, Config{}, nil)
	address, _ := session(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if a, err := try(ctx, http.MethodGet, address, ""); err == nil {
		t.Errorf("poll was answered %+v", a)
	}
	eventually(t, "the session ends", func() bool { return s.Conns() == 0 })
}

func TestClosePacketReleasesTheWaitingPoll(t *testing.T) {
	s, url := serve(t, Config{}, nil)
	address, _ := session(t, url)
	poll := make(chan answer, 1)
	go func() {
		a, err := try(context.Background(), http.MethodGet, address, "")
		if err != nil {
			t.Errorf("poll: %v", err)
		}
		poll <- a
	}()
	eventually(t, "the poll waits", func() bool { return polls(s) == 1 })
	request(t, http.MethodPost, address, "1")
	if a := <-poll; a.body != "6" {
		t.Errorf("poll was answered %+v", a)
	}
	expectGone(t, address)
}

// polls counts the polls that wait.
func polls(s *Server) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.mu.Lock()
		if c.polling {
			n++
		}
		c.mu.Unlock()
	}
	return n
}

func TestUpgradeLosesNothing(t *testing.T) {
	s, url := serve(t, Config{}, nil)
	address, sid := session(t, url)
	request(t, http.MethodPost, address, "40")
	if a := request(t, http.MethodGet, address, ""); !strings.HasPrefix(a.body, "40") {
		t.Fatalf("connect answered %+v", a)
	}
	poll := make(chan answer, 1)
	go func() {
		a, err := try(context.Background(), http.MethodGet, address, "")
		if err != nil {
			t.Errorf("poll: %v", err)
		}
		poll <- a
	}()
	eventually(t, "the poll waits", func() bool { return polls(s) == 1 })
	c := dial(t, url, sid)
	c.send("2probe")
	c.expect("3probe")
	if a := <-poll; a.body != "6" {
		t.Errorf("the waiting poll was answered %+v", a)
	}
	s.Of("/").Broadcast("between", nil)
	if a := request(t, http.MethodGet, address, ""); a.body != "6" {
		t.Errorf("a poll during the upgrade was answered %+v", a)
	}
	c.send("5")
	c.expect(`42["between"]`)
	c.send(`42["echo"]`)
	c.expect(`42["echoed","nothing"]`)
	if a := request(t, http.MethodGet, address, ""); a.status != http.StatusBadRequest {
		t.Errorf("a poll after the upgrade was answered %+v", a)
	}
}

func TestAbandonedUpgradeLeavesPollingAlone(t *testing.T) {
	_, url := serve(t, Config{UpgradeTimeout: 20 * time.Millisecond}, nil)
	address, sid := session(t, url)
	c := dial(t, url, sid)
	c.send("2probe")
	c.expect("3probe")
	c.expectClosed()
	request(t, http.MethodPost, address, "40")
	eventually(t, "polling goes on", func() bool { // the first poll may still be told of the upgrade
		return strings.HasPrefix(request(t, http.MethodGet, address, "").body, "40")
	})
}

func TestOriginsAndHosts(t *testing.T) {
	for name, test := range map[string]struct {
		host, origin string
		want         bool
	}{
		"a program":                {"127.0.0.1:3000", "", true},
		"electron from a file":     {"localhost:3000", "file://", true},
		"electron, null":           {"localhost:3000", "null", true},
		"development page":         {"127.0.0.1:3000", "http://localhost:5173", true},
		"ipv6 page":                {"[::1]:3000", "http://[::1]:3000", true},
		"a web site":               {"127.0.0.1:3000", "https://example.com", false},
		"a name that looks local":  {"127.0.0.1:3000", "http://localhost.example.com", false},
		"a site's name for us":     {"example.com:3000", "", false},
		"an extension":             {"127.0.0.1:3000", "chrome-extension://abc", false},
		"another machine's socket": {"192.0.2.1:3000", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{Host: test.host, Header: http.Header{}}
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			if got := LocalOnly(r); got != test.want {
				t.Errorf("LocalOnly = %v", got)
			}
		})
	}
}

func TestForeignOriginGetsNoSession(t *testing.T) {
	s, url := serve(t, Config{Allow: func(*http.Request) bool { return false }}, nil)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	for _, transport := range []string{"polling", "websocket"} {
		if a := request(t, http.MethodGet, url+"/socket.io/?EIO=4&transport="+transport, ""); a.status != http.StatusForbidden {
			t.Errorf("%s answered %+v", transport, a)
		}
	}
	if s.Conns() != 0 {
		t.Error("a connection was opened")
	}
}
