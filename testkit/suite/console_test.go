package suite

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	webapp "troupe/actors/gateway/console"
	"troupe/messages"
	"troupe/testkit/hostile"
	"troupe/testkit/site"
)

// markup is a comment that would be markup, script and disorder, were it anything but text.
const markup = "<img src=x onerror=alert(1)><script>alert(2)</script><b>粗</b> \u202etxet\u202c {{1+1}} ${x} 你好"

// TestConsoleTakesAnAccountFromItsAdditionToAReplyAndThroughACaptcha is a person's first day: all of it on the console,
// none of it with a reload.
func TestConsoleTakesAnAccountFromItsAdditionToAReplyAndThroughACaptcha(t *testing.T) {
	s := newStage(t)
	c := openConsole(t, s.node.URL)
	c.shows("main", "还没有账号")
	c.accessible("accounts, none")

	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: "小厨娘阿月"})
	if err != nil {
		t.Fatal(err)
	}
	account := s.loginThrough(c, owner)
	c.shows("main h1", owner.Nickname)
	s.round(account)

	c.open("#/inbox")
	comment := s.comment(account, markup)
	c.shows(`a[data-topic]`, "<img src=x")
	c.accessible("inbox")
	c.click(`a[data-topic]`)
	said := fmt.Sprintf(`[data-item="%s"]`, comment.ID)
	c.find(said)
	if text := c.text(said + " .text"); text != markup {
		t.Errorf("the comment reads %q", text)
	}
	if n := c.count("main img, main script, main b"); n != 0 {
		t.Errorf("%d elements came out of a comment", n)
	}
	c.until("it is read", func() bool {
		return c.count("a[data-topic][aria-current]") == 1 && c.count("a[data-topic][aria-current] .number") == 0
	})

	c.click(said + " button")
	c.write("textarea", "一小勺就够了")
	c.click("form button.primary")
	c.shows("[data-item].own", "已发送")
	if n := s.posts("一小勺就够了"); n != 1 {
		t.Errorf("posted %d times", n)
	}
	c.accessible("a thread")

	s.captchaThrough(c, account, owner.UID)
	c.open("#/nodes")
	c.shows("main", "worker-1")
	c.accessible("nodes")
	c.open("#/proxies")
	c.shows("main", "还没有代理")
	c.accessible("proxies")
	c.open("#/accounts")
	c.shows("tr[data-account]", "监看中")
	c.accessible("accounts")
	c.unharmed()
}

// loginThrough adds an account for owner on the console and logs it in, the phone's buttons being pressed.
func (s *stage) loginThrough(c *console, owner site.Owner) (account string) {
	c.t.Helper()
	c.click("text=添加账号")
	c.accessible("the dialog to add")
	c.choose("select[name=platform]", "sandbox")
	c.write("input[name=name]", owner.Nickname)
	c.click("dialog button.primary")
	c.find("img[data-qr]")
	c.accessible("login")
	if err := s.site.Scan(""); err != nil {
		c.t.Fatal(err)
	}
	c.find(`[data-phase=scanned]`)
	if err := s.site.Confirm("", owner.UID); err != nil {
		c.t.Fatal(err)
	}
	c.find(`[data-phase=success]`)
	var hash string
	c.eval(&hash, `() => location.hash`, nil)
	account = strings.Split(hash, "/")[2]
	s.owners[account] = owner.UID
	return account
}

// captchaThrough shows a captcha, sees its alarm and its evidence, solves it and resumes the account, on the console.
func (s *stage) captchaThrough(c *console, account, owner string) {
	c.t.Helper()
	c.open("#/accounts/" + account)
	c.shows("main", "最近的查看")
	if err := s.site.Captcha(owner, true); err != nil {
		c.t.Fatal(err)
	}
	c.shows("header .alarms", "1 个告警")
	c.shows("main h1", "需要验证")
	c.shows("main .side .open", "需要人工验证")
	c.accessible("an account with an alarm")
	if err := s.site.Captcha(owner, false); err != nil {
		c.t.Fatal(err)
	}
	c.click("text=恢复")
	c.shows("main h1", "监看中")
	c.until("the alarm is gone", func() bool { return c.count("header .alarms") == 0 })
}

// TestConsoleCatchesUpExactlyAfterTheNodesDeath kills the node under an open thread. What arrives meanwhile is there
// afterwards, once, without a reload, and so is the reply that was written while nobody took it.
func TestConsoleCatchesUpExactlyAfterTheNodesDeath(t *testing.T) {
	s := newStage(t)
	account := s.watched("木匠老周")
	first := s.comment(account, "生前的评论")
	s.eventually("the comment is stored", 10*time.Second, func() bool { return s.has(account, "comments", first.ID) })
	c := openConsole(t, s.node.URL)
	c.open("#/inbox/all/" + url.PathEscape(s.topicOf(account, first.ID)))
	c.find(fmt.Sprintf(`[data-item="%s"]`, first.ID))
	c.eval(nil, `() => { document.documentElement.dataset.since = "before"; }`, nil)

	s.node.Kill()
	c.shows(".shell > [role=status]", "断开")
	c.accessible("offline")
	var missed []string
	for i := range 3 {
		missed = append(missed, s.comment(account, fmt.Sprintf("死后的评论 %d", i)).ID)
	}
	c.write("textarea", "离线时写的回复")
	c.click("form button.primary")
	c.find(`[data-sending][data-state=waiting]`)

	s.node.Restart()
	c.moveTo(s.node.URL)
	c.shows("header .link", "实时")
	for _, id := range missed {
		c.find(fmt.Sprintf(`[data-item="%s"]`, id))
	}
	c.shows("[data-item].own", "已发送")
	c.until("the thread is exactly what the node holds", func() bool { return slices.Equal(c.thread(), s.thread(account, first.ID)) })
	if c.text(".shell > [role=status]") != "" {
		t.Error("the console still says that it is offline")
	}
	var since string
	if c.eval(&since, `() => document.documentElement.dataset.since ?? ""`, nil); since != "before" {
		t.Error("the page was loaded again")
	}
	c.unharmed()
}

// topicOf is the topic that a comment stands in.
func (s *stage) topicOf(account, comment string) string {
	s.t.Helper()
	for _, i := range s.items(account, messages.Comments) {
		if i.ID == comment {
			return i.Topic
		}
	}
	s.t.Fatalf("account %s holds no comment %s", account, comment)
	return ""
}

// thread is the ids of the comments in a comment's topic, as the API lists them.
func (s *stage) thread(account, comment string) (ids []string) {
	s.t.Helper()
	var answer struct{ Messages []api.Item }
	s.must("GET", "/topics/"+url.PathEscape(s.topicOf(account, comment))+"/messages", nil, &answer)
	for _, i := range answer.Messages {
		ids = append(ids, i.ID)
	}
	slices.Sort(ids)
	return ids
}

// thread is the ids of all items of the open thread, gathered by scrolling through it.
func (c *console) thread() (ids []string) {
	c.t.Helper()
	c.eval(&ids, `async () => {
		const list = document.querySelector(".viewport[role=log]"), seen = [];
		const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
		for (let y = 0; ; y += list.clientHeight / 2) {
			list.scrollTop = y;
			await frame();
			await frame();
			for (const el of list.querySelectorAll("[data-item]")) if (!seen.includes(el.dataset.item)) seen.push(el.dataset.item);
			if (y + list.clientHeight >= list.scrollHeight) return seen;
		}
	}`, nil)
	slices.Sort(ids)
	return ids
}

// TestConsoleScrollsThousandsAndShowsEveryEndOfAReply: 2,000 topics and 5,000 messages, of which only what is in sight
// stands in the document; and a reply that fails, one that nobody knows about, one that is sent by the keyboard.
func TestConsoleScrollsThousandsAndShowsEveryEndOfAReply(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	const topics, lines = 2000, 5000
	var items []*messages.Item
	for i := range topics {
		items = append(items, apitest.Chat(fmt.Sprintf("me:v%04d", i), fmt.Sprintf("m%04d", i), fmt.Sprintf("第 %d 位访客", i))...)
	}
	for i := range lines {
		items = append(items, apitest.Chat("me:v0000", fmt.Sprintf("long%04d", i), fmt.Sprintf("第 %d 条：%s", i, strings.Repeat("长话", i%40)))[1])
	}
	n.Observe("shop", items...)
	c := openConsole(t, n.Server.URL)
	c.open("#/inbox/shop/" + url.PathEscape("shop.c.me:v0000"))
	c.find(`.viewport[role=log] [data-item]`)
	c.accessible("a long thread")
	for _, list := range []struct {
		role string
		rows int
	}{{"list", topics}, {"log", lines}} {
		c.scrollsThrough(list.role, list.rows)
	}

	for _, end := range []struct{ state, reason, shown string }{
		{messages.ReplyFailedState, "评论已关闭", "评论已关闭"},
		{messages.ReplyUnknownState, "", "结果未知"},
	} {
		content := "会以 " + end.state + " 结束"
		c.write("textarea", content)
		c.eval(nil, `() => document.querySelector("textarea").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }))`, nil)
		c.find(`[data-sending][data-state=queued]`)
		n.Update(func(m *apitest.Master) { m.Reply(m.Replies[len(m.Replies)-1].GetId(), end.state, end.reason) })
		c.shows("[data-sending][data-state="+end.state+"]", end.shown)
	}
	c.accessible("replies that did not arrive")
	c.unharmed()
}

// scrollsThrough jumps through a list and then scrolls it as fast as a hand does, counts its rows and times its frames.
func (c *console) scrollsThrough(role string, rows int) {
	c.t.Helper()
	var seen struct {
		Most          int
		Worst, Median float64
		Height        int
	}
	c.eval(&seen, `async (role) => {
		const list = document.querySelector(".viewport[role=" + role + "]"), frames = [];
		const end = () => list.scrollHeight - list.clientHeight;
		const frame = () => new Promise(requestAnimationFrame);
		let most = 0;
		const count = () => (most = Math.max(most, list.querySelectorAll(".row").length));
		for (let i = 0; i <= 20; i++, count()) {
			list.scrollTop = end() * i / 20;
			await frame();
		}
		list.scrollTop = end() / 2;
		await frame();
		for (let i = 0, last = await frame(); i < 60; i++, count()) {
			list.scrollTop += 120;
			const now = await frame();
			frames.push(now - last);
			last = now;
		}
		frames.sort((a, b) => a - b);
		return { most, worst: frames.at(-1), median: frames[frames.length >> 1], height: list.scrollHeight };
	}`, role)
	c.t.Logf("%s of %d: %d rows in the document at most, a frame took %.0f ms, the worst %.0f ms", role, rows, seen.Most, seen.Median, seen.Worst)
	if seen.Most == 0 || seen.Most > 80 {
		c.t.Errorf("%s: %d rows in the document", role, seen.Most)
	}
	if seen.Height < rows*30 {
		c.t.Errorf("%s: %d px for %d rows", role, seen.Height, rows)
	}
}

// TestConsoleRunsNothingThatAStrangerWrote shows 500 hostile texts in every field that a platform fills: no script runs, none breaks the
// page's policy, and the page goes on.
func TestConsoleRunsNothingThatAStrangerWrote(t *testing.T) {
	t.Parallel()
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	var items []*messages.Item
	for i, text := range hostile.Texts() {
		text = strings.ToValidUTF8(text, "\ufffd")
		work, comment := fmt.Sprintf("w%d", i/25), fmt.Sprintf("c%d", i)
		made := append(apitest.Chat(fmt.Sprintf("me:v%d", i), fmt.Sprintf("m%d", i), text), apitest.Work(work, text), apitest.Comment(comment, work, text))
		for _, item := range append(made, apitest.Discussion(fmt.Sprintf("d%d", i), comment, work, text), apitest.Notice(fmt.Sprintf("n%d", i), text)) {
			item = proto.CloneOf(item) // persons are shared
			hostile.Fill(item, text)
			if chat := item.GetConversation(); chat != nil {
				chat.Status = "active" // others are not shown
			}
			items = append(items, item)
		}
	}
	n.Observe("shop", items...)
	c := openConsole(t, n.Server.URL)
	c.open("#/inbox")
	var height int
	c.find(".viewport[role=list] .row") // works
	c.click("button[data-tab=private]")
	c.until("all conversations are listed", func() bool {
		c.eval(&height, `() => document.querySelector(".viewport[role=list]")?.scrollHeight ?? 0`, nil)
		return height > 500*30
	})
	for part := range 25 { // a screen of rows each
		c.eval(nil, `async (part) => {
			const list = document.querySelector(".viewport[role=list]");
			list.scrollTop = (list.scrollHeight - list.clientHeight) * part / 24;
			await new Promise(requestAnimationFrame);
		}`, part)
	}
	for _, topic := range []string{"shop.c.me:v7", "shop.c.me:v300", "shop.w.w0", "shop.w.w10", "shop.w.w19"} {
		c.open("#/inbox/shop/" + url.PathEscape(topic))
		c.find(".viewport[role=log] [data-item]")
	}
	c.open("#/accounts/shop")
	c.shows("main h1", "小店")
	var ran bool
	c.eval(nil, `() => new Promise((done) => setTimeout(done, 500))`, nil) // what would run after the page was drawn
	raw, err := c.tab.EvalPage(t.Context(), `(mark) => mark in window`, hostile.Mark)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &ran); err != nil || ran {
		t.Errorf("a stranger's script ran: %s %v", raw, err)
	}
	c.unharmed()
}

// TestConsoleIsSmallAndItsPageForbidsForeignCode weighs what a first visit loads and reads the headers it comes with.
func TestConsoleIsSmallAndItsPageForbidsForeignCode(t *testing.T) {
	t.Parallel()
	if !webapp.Built() {
		t.Fatal("the console is not built (make console)")
	}
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Console = webapp.Handler() })
	index, header := fetch(t, n.Server.URL+"/")
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if header.Get("Cache-Control") != "no-cache" || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page's headers are %v", header)
	}
	scripts := regexp.MustCompile(`src="\./(assets/[^"]+\.js)"`).FindAllSubmatch(index, -1)
	if len(scripts) != 1 {
		t.Fatalf("%d scripts in the page", len(scripts))
	}
	code, header := fetch(t, n.Server.URL+"/"+string(scripts[0][1]))
	if !strings.Contains(header.Get("Cache-Control"), "immutable") {
		t.Errorf("the script's headers are %v", header)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(code); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if packed.Len() > 80_000 {
		t.Errorf("%d bytes of JavaScript, packed", packed.Len())
	}
	c := openConsole(t, n.Server.URL)
	c.find("tr[data-account]")
	var load float64
	c.eval(&load, `() => performance.getEntriesByType("navigation")[0].loadEventEnd`, nil)
	t.Logf("%d bytes of JavaScript, packed; first load %.0f ms", packed.Len(), load)
}
