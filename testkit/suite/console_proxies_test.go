package suite

import (
	"strings"
	"testing"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
	"troupe/messages"
)

// TestConsoleAddsTestsAssignsAndRemovesAProxyAndNeverShowsItsPassword takes a proxy through its life on the console, and looks at
// what an account's page says of its way out, its gate and its persona.
func TestConsoleAddsTestsAssignsAndRemovesAProxyAndNeverShowsItsPassword(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	n.Update(describeShop)
	c := openConsole(t, n.Server.URL)
	c.open("#/proxies")
	c.shows("main", "还没有代理")

	const password = "canary-7531"
	c.click("main header button.primary")
	c.accessible("the dialog to add a proxy")
	c.write("input[name=name]", "office")
	c.write("input[name=host]", "proxy.example")
	c.write("input[name=port]", "1080")
	c.write("input[name=username]", "anna")
	c.write("input[name=password]", password)
	c.click("dialog button.primary")
	c.shows("tr[data-proxy=office]", "未检查")
	c.shows("tr[data-proxy=office]", "socks5://anna@proxy.example:1080")
	if m := lastCommand[*messages.AddProxy](t, n); string(m.GetPassword()) != password || m.GetPort() != 1080 {
		t.Errorf("the node was given %q and port %d", m.GetPassword(), m.GetPort())
	}
	c.click("tr[data-proxy=office] button")
	c.shows("tr[data-proxy=office]", "203.0.113.9")
	c.shows("tr[data-proxy=office]", "48 ms")

	c.open("#/accounts/shop")
	c.shows("main .side", "cdn.example")
	c.shows("main .side", "Asia/Shanghai")
	c.accessible("an account with persona and traffic")
	c.choose("select[name=proxy]", "office")
	c.until("the account has its proxy", func() bool { return n.Board.Load().Account("shop").Record.GetProxy() == "id-office" })
	c.shows("main .side .state", "正常")

	c.open("#/proxies")
	c.shows("tr[data-proxy=office]", "小店")
	n.Update(func(m *apitest.Master) {
		m.Checked("office", &messages.ProxyChecked{Class: "upstream_auth", Reason: "407 <b>no</b>", At: 1_795_000_000_000})
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "proxy_down", Proxy: "id-office", Reason: "proxy office", RaisedAt: 5})
	})
	c.shows("tr[data-proxy=office]", "代理不接受用户名或密码")
	c.shows("tr[data-proxy=office]", "407 <b>no</b>")
	c.accessible("a proxy that failed")
	c.click("header .alarms")
	c.until("the alarm leads to the proxies", func() bool { return c.count("tr[data-proxy]") == 1 })
	c.removesProxy(n)

	if page := c.text("html"); strings.Contains(page, password) {
		t.Error("the page shows the password")
	}
	c.unharmed()
}

// removesProxy sees that a used proxy cannot be removed, and removes it once nobody uses it.
func (c *console) removesProxy(n *apitest.Node) {
	c.t.Helper()
	last := "tr[data-proxy=office] .actions button:last-child"
	c.click(last)
	c.shows("dialog .warning", "shop")
	c.click("dialog .buttons button")
	c.open("#/accounts/shop")
	c.shows("main .side .open", "代理不通")
	c.choose("select[name=proxy]", "")
	c.until("the account goes out directly", func() bool { return n.Board.Load().Account("shop").Record.GetProxy() == "" })
	c.open("#/proxies")
	c.shows("tr[data-proxy=office]", "没有账号使用")
	c.click(last)
	c.write("dialog input[name=confirm]", "office")
	c.click("dialog button.danger")
	c.shows("main", "还没有代理")
}

// describeShop lets the account shop say what its browser and its gate show.
func describeShop(m *apitest.Master) {
	m.Accounts["shop"].Record.Noise = "off"
	m.Accounts["shop"].Status = &messages.AccountStatus{
		Account: "shop", Epoch: 1, State: string(messages.Watching), GateOpen: true, Gate: "127.18.212.2:36439", BrowserStarts: 2, BrowserEnd: "memory",
		Persona: &messages.Persona{
			Locale: "zh-CN", TimeZone: "Asia/Shanghai", Languages: []string{"zh-CN", "zh"}, Width: 1920, Height: 1080, Cores: 8, Noise: "off",
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", SelfTest: "ok",
			Shared: []string{"canvas", "webgl", "audio"},
		},
		Counts: &messages.GateCounts{
			BytesUp: 123_456, BytesDown: 98_765_432, Tunnels: 7, Dials: 61, Refused: map[string]int64{"browser_service": 12, "upstream_timeout": 1},
			Unlisted: map[string]int64{"cdn.example": 14, "pixel.example": 3, "fonts.example": 1},
		},
	}
	m.Nodes[0].Status.Carries, m.Nodes[0].Status.Mode, m.Nodes[0].Status.Chromium = 24, "headless", "156.0.7852.2"
	m.Nodes[0].Status.MemoryAvailable, m.Nodes[0].Status.Full = 3<<30, "10 of 10 accounts (max-accounts)"
}

// lastCommand is the newest command of its type that the node was given.
func lastCommand[M any](t *testing.T, n *apitest.Node) (last M) {
	t.Helper()
	found := false
	for _, command := range n.Commands() {
		if m, ok := command.(M); ok {
			last, found = m, true
		}
	}
	if !found {
		t.Fatalf("the node was given no %T", last)
	}
	return last
}
