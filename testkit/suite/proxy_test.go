package suite

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit/site"
)

// TestAccountGoesOutThroughItsProxyOrNotAtAll takes a proxy through its life at the command line: added, assigned to an account
// whose browser runs, refusing, of another kind, dead, back again, and removed. The site is the judge of who reached it.
func TestAccountGoesOutThroughItsProxyOrNotAtAll(t *testing.T) {
	const password = "canary-4f1d9b"
	s := newStage(t, "--exit-url", exitPage)
	o := newOffice(t, s.site.Addr(), "me", password)
	account := s.watched("甲")
	pid := s.account(account).BrowserPID

	port := strconv.Itoa(int(o.addr.Port()))
	s.cli(password+"\n", "proxy", "add", "office", "--scheme", "http", "--host", o.addr.Addr().String(), "--port", port, "--user", "me", "--password-stdin")
	s.cli("", "proxy", "assign", "office", account)
	s.seenFrom(account, exitAt)
	c := s.comment(account, "经过代理")
	s.eventually("a push comes through the proxy", 20*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })

	s.cli("", "proxy", "test", "office")
	p := s.proxy("office")
	if p.State != "ok" || p.ExitAddress != exitAt || p.LatencyMS <= 0 || !slices.Equal(p.Accounts, []string{account}) {
		t.Errorf("%+v", p)
	}
	if _, problem, status := s.node.CLI("proxy", "remove", "office", "--yes"); status == 0 || !strings.Contains(problem, account) {
		t.Errorf("a proxy in use was removed: %d %s", status, problem)
	}

	for _, trouble := range []struct {
		class     string
		begin, on func()
	}{
		{
			"upstream_auth",
			func() { s.cli("wrong\n", "proxy", "set", "office", "--user", "me", "--password-stdin") },
			func() { s.cli(password+"\n", "proxy", "set", "office", "--user", "me", "--password-stdin") },
		},
		{
			"upstream_protocol",
			func() { s.cli("", "proxy", "set", "office", "--scheme", "socks5") },
			func() { s.cli("", "proxy", "set", "office", "--scheme", "http") },
		},
		{"upstream_unreachable", o.stop, o.open},
	} {
		s.down(account, trouble.class, trouble.begin)
		trouble.on()
		s.awaitState(account, "watching", 40*time.Second)
		s.eventually("the alarm is over", 5*time.Second, func() bool { return len(s.alarms("proxy_down")) == 0 })
	}
	c = s.comment(account, "代理回来之后")
	s.eventually("a push comes through the proxy again", 30*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	if now := s.account(account).BrowserPID; now != pid {
		t.Errorf("the browser is %d, was %d", now, pid)
	}

	s.cli("", "proxy", "assign", "--direct", account)
	s.cli("", "proxy", "remove", "office", "--yes")
	var all json.RawMessage
	s.must("GET", "/status", nil, &all)
	if strings.Contains(s.node.Log()+string(all), password) {
		t.Error("the password stands in the log or in an answer")
	}
	s.notOnDisk(password)
}

// cli runs a command that must succeed, with that on its standard input, and makes sure that it repeats none of it.
func (s *stage) cli(input string, args ...string) string {
	s.t.Helper()
	stdout, stderr, status := s.node.CLIWith(input, args...)
	if status != 0 {
		s.t.Fatalf("troupe %s: status %d, %s", strings.Join(args, " "), status, stderr)
	}
	if secret := strings.TrimSpace(input); secret != "" && strings.Contains(stdout+stderr, secret) {
		s.t.Errorf("troupe %s repeats what it was given", strings.Join(args, " "))
	}
	return stdout
}

// proxy is a proxy as `troupe proxy list` shows it.
func (s *stage) proxy(name string) api.Proxy {
	s.t.Helper()
	var list struct{ Proxies []api.Proxy }
	if err := json.Unmarshal([]byte(s.cli("", "proxy", "list", "--json")), &list); err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(list.Proxies, func(p api.Proxy) bool { return p.Name == name })
	if i < 0 {
		s.t.Fatalf("proxy %s is not in %+v", name, list.Proxies)
	}
	return list.Proxies[i]
}

// alarms lists the open alarms of a name.
func (s *stage) alarms(name string) []api.Alarm {
	s.t.Helper()
	var list struct{ Alarms []api.Alarm }
	s.must("GET", "/alarms", nil, &list)
	return slices.DeleteFunc(list.Alarms, func(a api.Alarm) bool { return a.Name != name || a.ClearedAt != 0 })
}

// down begins a trouble of the account's proxy: the account says so with the class, one alarm is raised, and the site gets not a
// byte by another way.
func (s *stage) down(account, class string, begin func()) {
	s.t.Helper()
	before := s.around()
	start := time.Now()
	begin()
	a := s.awaitState(account, "proxy_down", 10*time.Second)
	s.t.Logf("%s after %s", class, time.Since(start).Round(time.Millisecond))
	if !strings.Contains(a.Reason, class) {
		s.t.Errorf("%s is shown as %q", class, a.Reason)
	}
	s.eventually("one alarm", 5*time.Second, func() bool { return len(s.alarms("proxy_down")) == 1 })
	if p := s.proxy("office"); p.State != "failed" || p.Class != class {
		s.t.Errorf("%s: the proxy is shown as %+v", class, p)
	}
	time.Sleep(time.Second) // for what may go around it
	if after := s.around(); after != before {
		s.t.Errorf("%s: %d bytes went around the proxy", class, after-before)
	}
}

// around counts the bytes that ever arrived at the site from anywhere but the proxy.
func (s *stage) around() int64 {
	var sum int64
	for _, b := range s.site.BytesReceived() {
		if b.Source != exitAt {
			sum += b.Total
		}
	}
	return sum
}

// seenFrom waits until an account's requests come from an address, and makes sure that none comes from elsewhere any more.
func (s *stage) seenFrom(account, address string) {
	s.t.Helper()
	owner := s.owners[account]
	var first time.Time
	s.eventually("requests come from "+address, 30*time.Second, func() bool {
		entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindRequest, Owner: owner})
		for _, e := range entries {
			if e.Source == address {
				first = e.At
				return true
			}
		}
		return false
	})
	s.round(account)
	entries, _ := s.site.Audit(site.AuditQuery{Kind: site.KindRequest, Owner: owner})
	for _, e := range entries {
		if e.At.After(first) && e.Source != address {
			s.t.Errorf("%s was asked for from %s after the proxy was assigned", e.Path, e.Source)
		}
	}
}

// TestNodeThatHasAllItsAccountsTakesNoMore: the account that finds no room waits, and the command line says why.
func TestNodeThatHasAllItsAccountsTakesNoMore(t *testing.T) {
	s := newStage(t, "--max-accounts", "1")
	first := s.addAccount("甲")
	s.awaitState(first, "logged_out", 40*time.Second)
	second := s.addAccount("乙")
	s.eventually("the reason is shown", 20*time.Second, func() bool { return s.account(second).Reason != "" })
	if text := s.cli("", "account", "show", second, "--lang", "en"); !strings.Contains(text, "full") {
		t.Errorf("account show says\n%s", text)
	}
	s.eventually("the status says so with the node's next beat", 20*time.Second, func() bool {
		return strings.Contains(s.cli("", "status", "--lang", "en"), "MAX_ACCOUNTS=1")
	})
	if a := s.account(second); a.BrowserStarts != 0 || a.BrowserPID != 0 {
		t.Errorf("a browser was started for it: %+v", a)
	}
	s.must("POST", "/accounts/"+first+"/pause", nil, nil)
	s.awaitState(second, "logged_out", 40*time.Second)
}
