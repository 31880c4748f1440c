package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

const canary = "canary-7531"

// added is the command that the node was given for a proxy last.
func added(t *testing.T, n *apitest.Node) *messages.AddProxy {
	t.Helper()
	var last *messages.AddProxy
	for _, command := range n.Commands() {
		if m, ok := command.(*messages.AddProxy); ok {
			last = m
		}
	}
	if last == nil {
		t.Fatal("the node was given no proxy")
	}
	return last
}

func TestProxyCommandsFromAddToRemove(t *testing.T) {
	n := apitest.Start(t)
	if out := must(t, n, "proxy", "list"); !strings.Contains(out, "no proxies yet") {
		t.Error(out)
	}
	out := must(t, n, "proxy", "add", "office", "socks5://anna@proxy.example:1080")
	if !strings.Contains(out, "socks5://anna@proxy.example:1080") || !strings.Contains(out, "next: troupe proxy test office") {
		t.Error(out)
	}
	if out = must(t, n, "proxy", "test", "office"); !strings.Contains(out, "203.0.113.9") || !strings.Contains(out, "48ms") || !strings.Contains(out, "ok") {
		t.Error(out)
	}
	if out = must(t, n, "proxy", "assign", "office", "shop", "cafe"); !strings.Contains(out, "account cafe: through proxy office") {
		t.Error(out)
	}
	if out = must(t, n, "proxy", "list"); !strings.Contains(out, "shop cafe") || !strings.Contains(out, "48 ms") {
		t.Error(out)
	}
	if out = must(t, n, "account", "show", "shop"); !strings.Contains(out, "through proxy office") {
		t.Error(out)
	}
	if out = must(t, n, "proxy", "assign", "--direct", "shop", "cafe"); !strings.Contains(out, "account shop: directly") {
		t.Error(out)
	}
	if code, _, errs := troupe(t, n, "proxy", "remove", "office"); code != exitUsage || !strings.Contains(errs, "nothing was removed") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if out = must(t, n, "proxy", "remove", "office", "--yes"); !strings.Contains(out, "removed proxy office") {
		t.Error(out)
	}
	if code, _, _ := troupe(t, n, "proxy", "test", "office"); code != exitNotFound {
		t.Errorf("exit %d", code)
	}
}

func TestProxysPasswordComesFromTheStandardInputAndIsNeverPrinted(t *testing.T) {
	n := apitest.Start(t)
	for _, tc := range []struct {
		name string
		line []string
		code int
	}{
		{"from the standard input", []string{"add", "one", "--scheme", "http", "--host", "::1", "--port", "3128", "--user", "anna", "--password-stdin"}, exitOK},
		{"a changed one", []string{"set", "one", "--password-stdin", "--json"}, exitOK},
		{"in the URL", []string{"add", "two", "http://anna:" + canary + "@[::1]:3128"}, exitOK},
		{"a URL that is none", []string{"add", "three", "http://anna:" + canary + "@:x y:1"}, exitUsage},
		{"a URL without a port", []string{"add", "three", "http://anna:" + canary + "@host"}, exitUsage},
		{"a URL with a path", []string{"add", "three", "http://anna:" + canary + "@host:1/x"}, exitUsage},
	} {
		before := len(n.Commands())
		s := start(t, nil, append([]string{"--addr", n.Server.URL, "proxy"}, tc.line...)...)
		go func() { _, _ = io.WriteString(s.in, canary+"\n") }()
		code := s.end(t)
		said := s.out.String() + s.errs.String()
		if strings.Contains(said, canary) {
			t.Errorf("%s: the password is printed: %s", tc.name, said)
		}
		if code != tc.code {
			t.Errorf("%s: exit %d: %s", tc.name, code, said)
		}
		if given := len(n.Commands()) > before; given != (code == exitOK) || given && string(added(t, n).GetPassword()) != canary {
			t.Errorf("%s: the node was given another password", tc.name)
		}
		if warned := strings.Contains(said, "warning:"); warned != strings.Contains(strings.Join(tc.line, " "), canary) && code == exitOK {
			t.Errorf("%s: %s", tc.name, said)
		}
	}
	s := start(t, nil, "--addr", n.Server.URL, "proxy", "add", "four", "http://anna@host:1", "--password-stdin")
	s.in.Close()
	if code := s.end(t); code != exitUsage {
		t.Errorf("without a password: exit %d", code)
	}
}

func TestProxySetChangesOnlyWhatIsSaid(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) { m.Proxy("office") })
	must(t, n, "proxy", "set", "office", "--port", "1081")
	if m := added(t, n); m.GetHost() != "proxy.example" || m.GetPort() != 1081 || m.GetUsername() != "anna" || len(m.GetPassword()) > 0 || m.GetId() != "id-office" {
		t.Errorf("%v", m)
	}
	must(t, n, "proxy", "set", "office", "--user", "", "--name", "desk")
	if m := added(t, n); m.GetUsername() != "" || m.GetName() != "desk" {
		t.Errorf("%v", m)
	}
}

func TestProxyTestSaysInWordsWhatIsWrong(t *testing.T) {
	n := apitest.Start(t)
	for class, says := range map[string]string{
		"upstream_unreachable": "cannot be reached", "upstream_auth": "refuses user name or password", "upstream_protocol": "no proxy of this kind",
		"upstream_timeout": "does not answer in time", "target_unreachable": "cannot reach the site", "new_word": "new_word",
	} {
		n.Update(func(m *apitest.Master) {
			m.Proxies = nil
			m.Proxy("office")
			m.Checked("office", &messages.ProxyChecked{Class: class, Reason: "said\x1b[2J", At: 5})
		})
		code, out, errs := troupe(t, n, "proxy", "test", "office")
		if code != exitFailed || !strings.Contains(out, says) || strings.Contains(out, "\x1b") || !strings.Contains(errs, "does not work") {
			t.Errorf("%s: exit %d: %s%s", class, code, out, errs)
		}
	}
	n.Update(func(m *apitest.Master) {
		m.Refuse = &messages.Refused{Code: "unavailable", Message: "no node is online"}
	})
	if code, _, errs := troupe(t, n, "proxy", "test", "office"); code != exitUnreachable || !strings.Contains(errs, "no node is online") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestProxyNamesAreCompleted(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) { m.Proxy("office") })
	for _, line := range []string{"proxy test ", "proxy assign ", "proxy remove ", "account add sandbox x --proxy "} {
		args := append([]string{"__complete", "--addr", n.Server.URL}, strings.Split(line, " ")...)
		s := start(t, nil, args...)
		if s.end(t); !strings.Contains(s.out.String(), "office") {
			t.Errorf("%s: %s", line, s.out.String())
		}
	}
	s := start(t, nil, "__complete", "--addr", n.Server.URL, "proxy", "assign", "office", "")
	if s.end(t); !strings.Contains(s.out.String(), "shop") {
		t.Errorf("accounts are not offered: %s", s.out.String())
	}
}

func TestAccountShowAndStatusTellOfPersonaTrafficAndRoom(t *testing.T) {
	n := apitest.Start(t)
	must(t, n, "account", "add", "sandbox", "Second", "--id", "second", "--noise", "seed")
	for _, command := range n.Commands() {
		if m, ok := command.(*messages.CreateAccount); ok && m.GetNoise() != "seed" {
			t.Errorf("%v", m)
		}
	}
	n.Update(func(m *apitest.Master) {
		m.Accounts["shop"].Status = &messages.AccountStatus{
			Account: "shop", State: string(messages.Watching), BrowserEnd: "memory",
			Persona: &messages.Persona{Locale: "zh-CN", TimeZone: "Asia/Shanghai", Width: 1920, Height: 1080, Cores: 8, Noise: "off", SelfTest: "ok", Shared: []string{"canvas"}},
			Counts:  &messages.GateCounts{BytesUp: 2048, BytesDown: 3 << 20, Dials: 9, Unlisted: map[string]int64{"cdn.example": 4, "pix\x1b.example": 1}},
		}
		m.Nodes[0].Status.Carries, m.Nodes[0].Status.Full, m.Nodes[0].Status.Mode = 24, "no memory left", "headless"
	})
	for _, tc := range []struct {
		args []string
		says []string
	}{
		{[]string{"account", "show", "shop"}, []string{"2.0 kB sent, 3.0 MB received", "4  cdn.example", "1  pix.example", "Asia/Shanghai", "1920 x 1080", "self-test ok", "canvas", "on purpose: memory"}},
		{[]string{"status"}, []string{"could carry 24", "node-1: no memory left"}},
		{[]string{"nodes"}, []string{"CARRIES", "24", "headless", "no memory left"}},
		{[]string{"--lang", "zh", "account", "show", "shop"}, []string{"直接出网", "浏览器身份", "未列出的主机"}},
	} {
		out := must(t, n, tc.args...)
		for _, words := range tc.says {
			if !strings.Contains(out, words) {
				t.Errorf("%v lacks %q:\n%s", tc.args, words, out)
			}
		}
	}
	for _, line := range []string{"proxy list", "proxy add x http://h:1", "proxy test x", "proxy assign x shop", "proxy set x --port 2", "proxy assign --direct shop", "proxy remove x --yes"} {
		out := must(t, n, append(strings.Fields(line), "--json")...)
		if !json.Valid([]byte(out)) || strings.Count(strings.TrimSpace(out), "\n") != 0 {
			t.Errorf("%s: %s", line, out)
		}
	}
	var listed struct{ Proxies []api.Proxy }
	if err := json.Unmarshal([]byte(must(t, n, "proxy", "list", "--json")), &listed); err != nil || listed.Proxies == nil {
		t.Errorf("%v %v", listed, err)
	}
}
