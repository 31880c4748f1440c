package douyin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/page"
	"troupe/testkit"
	"troupe/testkit/rig"
	"troupe/testkit/site/stage"
)

// window is a site and a Chromium that reaches nothing else.
type window struct {
	t       *testing.T
	site    *Site
	owner   Owner
	browser page.Browser
	tab     page.Tab
}

func openWindow(t *testing.T, account messages.AccountID, n NewOwner) *window {
	t.Helper()
	s := start(t, Options{Seed: 3})
	o, err := s.CreateOwner(n)
	if err != nil {
		t.Fatal(err)
	}
	way, err := gate.Listen(gate.Options{
		Account: account, Epoch: 1, Listen: gate.Address(account), Sites: []string{hostWWW, hostCreator, hostChat}, Resources: Hosts(), PeerUID: -1,
		Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = way.Close() })
	way.Extend(lease.BootTime() + time.Hour)
	b, err := browser.Start(t.Context(), browser.Config{
		Account: account, Epoch: 1, Node: "n1", Host: rig.Host(t, browser.SandboxOff), Dir: filepath.Join(t.TempDir(), string(account)), Fresh: true, Proxy: way.Addr(),
		Pins: []string{s.SPKI()}, Persona: persona.Make(1, "", "", "", persona.Machine{Cores: 2}), Origins: []string{"https://" + hostCreator, "https://" + hostWWW},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	b.Traffic().Watch(func(page.RecordKind, string, string) bool { return true })
	r := &window{t: t, site: s, owner: o, browser: b}
	if r.tab, err = b.Tab(r.ctx(), "work"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *window) ctx() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	r.t.Cleanup(cancel)
	return ctx
}

func (r *window) must(err error) {
	r.t.Helper()
	if err != nil {
		shot, _ := r.tab.DOM(r.ctx(), 4000)
		r.t.Fatalf("%v\n%s", err, shot)
	}
}

func (r *window) open(url string) { r.t.Helper(); r.must(r.tab.Navigate(r.ctx(), url)) }

// find waits for an element.
func (r *window) find(d page.Document, selector string) page.Element {
	r.t.Helper()
	ctx := r.ctx()
	for {
		el, _, err := d.Find(ctx, []string{selector}, nil)
		if el != nil && err == nil {
			if shown, err := el.Visible(ctx); err == nil && shown {
				return el
			}
		}
		if ctx.Err() != nil {
			r.must(&notThere{selector})
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type notThere struct{ what string }

func (n *notThere) Error() string { return "not there: " + n.what }

func (r *window) click(d page.Document, selector string) {
	r.t.Helper()
	r.must(r.find(d, selector).Click(r.ctx()))
}

// until waits for something to become true.
func (r *window) until(what string, ok func() bool) {
	r.t.Helper()
	ctx := r.ctx()
	for !ok() {
		if ctx.Err() != nil {
			r.must(&notThere{what})
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (r *window) text(d page.Document, selector string) string {
	text, _ := r.find(d, selector).Text(r.ctx())
	return text
}

// eval runs an expression in the page's own world.
func (r *window) eval(function string) string {
	r.t.Helper()
	out, err := r.tab.EvalPage(r.ctx(), function, nil)
	r.must(err)
	var text string
	if json.Unmarshal(out, &text) != nil {
		return string(out)
	}
	return text
}

// logIn scans the code on the login page, with /phone as a person does.
func (r *window) logIn() {
	r.t.Helper()
	r.open("https://" + hostCreator + "/")
	r.find(r.tab, `#animate_qrcode_container img[src^="data:image/png;base64,"]`)
	for _, button := range []string{"scan", "confirm"} {
		resp, err := http.PostForm(r.site.PhoneURL()+"/phone", map[string][]string{"do": {button}, "owner": {r.owner.UID}})
		r.must(err)
		r.must(resp.Body.Close())
		if button == "scan" {
			r.find(r.tab, "text=需在手机上进行确认")
		}
	}
	if got := r.text(r.tab, `[class*="unique_id"]`); got != "抖音号："+r.owner.UniqueID {
		r.t.Fatalf("home shows %q", got)
	}
	if ok, err := r.browser.HasCookie(r.ctx(), "https://"+hostCreator+"/", cookieSession); err != nil || !ok {
		r.t.Fatalf("no session cookie after the login: %v", err)
	}
}

func (r *window) posts() []stage.Entry { return r.site.Posts() }

// full says whether every walk through the pages is made. Those that always are meet each kind of page; platforms/douyin, which
// stands on them, meets the rest.
func full() bool { return testkit.Full }

func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	r := openWindow(t, "dy_1", NewOwner{Nickname: "小厨"})
	r.logIn()
	for _, walk := range []struct {
		name   string
		always bool
		walk   func(*window)
	}{
		{"comments are listed, unfolded and answered", true, (*window).comments},
		{"the chat is a frame of another site", false, (*window).chat},
		{"the home page hears of messages and notices and reads nothing", true, (*window).home},
		{"the dialog reads, marks and answers", true, (*window).dialog},
		{"lists use their rows again", false, (*window).rows},
		{"a visible captcha counts what touches it", false, (*window).captcha},
	} {
		if walk.always || full() {
			t.Run(walk.name, func(t *testing.T) { r.t = t; walk.walk(r) })
		}
	}
}

func (r *window) comments() {
	k := r.site.Works(r.owner.UID)[1]
	c, err := r.site.AddComment(NewComment{Work: k.ID, Author: "路人", Text: "怎么做的？"})
	r.must(err)
	_, err = r.site.AddComment(NewComment{ReplyTo: c.ID, Author: "热心人", Text: "看简介"})
	r.must(err)
	for _, generation := range []string{"A", "B"} {
		r.must(r.site.Behave(func(b *Behaviour) { b.Generation = generation }))
		r.open("https://" + hostCreator + "/creator-micro/interactive/comment?item_id=" + k.ID + "&enter_from=content_manage_v2")
		r.find(r.tab, "text=怎么做的？")
		r.click(r.tab, "text=查看1条回复")
		r.find(r.tab, "text=看简介")
		r.click(r.tab, "text=收起")
		r.find(r.tab, "text=查看1条回复")
		row := r.find(r.tab, `[class*="container-"]`)
		reply, _, err := r.tab.Find(r.ctx(), []string{`[class*="operations-"] > :nth-child(2)`}, row)
		r.must(err)
		r.must(reply.Click(r.ctx()))
		r.click(r.tab, `[contenteditable][placeholder="回复 路人："]`)
		r.must(r.tab.Type(r.ctx(), "小火"+generation))
		before := len(r.posts())
		r.click(r.tab, `[class*="reply-box-"] button.douyin-creator-interactive-button`)
		r.find(r.tab, "text=回复成功")
		if p := r.posts(); len(p) != before+1 || p[before].Post.Code != 0 || p[before].Post.Target != c.ID || p[before].Post.Text != "小火"+generation ||
			!strings.Contains(p[before].Detail, "untrusted=0") {
			r.t.Fatalf("generation %s: posted %+v", generation, p[before:])
		}
		r.must(r.site.Delete(r.posts()[before].Post.ID))
	}
}

func (r *window) chat() {
	r.open("https://" + hostCreator + "/creator-micro/data/following/chat")
	conv := r.site.Conversations(r.owner.UID)[3]
	row := r.find(r.tab, "text="+conv.PeerName)
	r.must(row.Click(r.ctx()))
	var inner page.Document
	r.until("the frame's header", func() bool {
		var err error
		if inner, err = r.tab.Frame(r.ctx(), []string{`iframe[src*="summon.bytedance.com"]`}); err != nil {
			return false
		}
		el, _, err := inner.Find(r.ctx(), []string{`[class*="box-header-name"]`}, nil)
		if err != nil || el == nil {
			return false
		}
		name, err := el.Text(r.ctx())
		return err == nil && name == conv.PeerName
	})
	r.click(inner, "[contenteditable]")
	r.must(r.tab.Type(r.ctx(), "马上寄"))
	r.click(inner, "button.chat-btn")
	r.until("the message", func() bool {
		p := r.posts()
		last := p[len(p)-1].Post
		return last.Kind == "message" && last.Target == conv.PeerID && last.Text == "马上寄" && last.Code == 0
	})
}

func (r *window) home() {
	reads, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindRead})
	r.open("https://" + hostWWW + "/")
	r.find(r.tab, `[data-e2e="im-entry"] [x-semi-prop="count"]`)
	seq := r.browser.Traffic().Seq()
	m, err := r.site.AddMessage(NewMessage{Owner: r.owner.UID, Author: "新朋友", Text: "第一次来"})
	r.must(err)
	_, err = r.browser.Traffic().Wait(r.ctx(), seq, func(rec page.Record) bool {
		return rec.Kind == page.Frame && strings.Contains(rec.URL, hostPush) && strings.Contains(string(rec.Body), "第一次来")
	})
	r.must(err)
	r.until("the message in the page store", func() bool { return strings.Contains(r.eval(storeOf), m.Conversation) })
	_, err = r.site.AddComment(NewComment{Work: r.site.Works(r.owner.UID)[0].ID, Author: "路人", Text: "来看你了"})
	r.must(err)
	_, err = r.browser.Traffic().Wait(r.ctx(), seq, func(rec page.Record) bool {
		return strings.Contains(rec.URL, "/aweme/v1/web/notice/detail/") && strings.Contains(string(rec.Body), "来看你了")
	})
	r.must(err)
	r.find(r.tab, "text=来看你了")
	r.click(r.tab, "text=通知")
	r.find(r.tab, ".notice-panel .card")
	r.click(r.tab, "text=通知")
	if after, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindRead}); len(after) != len(reads) {
		r.t.Fatalf("looking marked %d conversations as read", len(after)-len(reads))
	}
}

// storeOf walks from the entry up to the store, as the page's own code could.
const storeOf = `() => { const el = document.querySelector('[data-e2e="im-entry"]'); let f = el[Object.keys(el).find((k) => k.startsWith("__reactFiber$"))];
	for (let i = 0; f && i < 50; i++, f = f.return) if (f.memoizedProps.imStore) return i + " " + f.memoizedProps.imStore.converSationListOrigin.map((c) => c.id).join(" "); return "none"; }`

func (r *window) dialog() {
	r.click(r.tab, `[data-e2e="im-entry"]`)
	r.click(r.tab, `[data-e2e="conversation-item"][data-index="0"]`)
	r.until("the header", func() bool { return r.text(r.tab, ".componentsRightPanelHeadertitle") == "新朋友" })
	r.find(r.tab, `[data-e2e="msg-item-content"]`)
	r.until("the read mark", func() bool { return r.site.Conversations(r.owner.UID)[0].Unread == 0 })
	r.click(r.tab, `[data-e2e="msg-input"] [contenteditable]`)
	r.must(r.tab.Type(r.ctx(), "欢迎"))
	r.must(r.tab.Press(r.ctx(), "Enter"))
	r.until("the answer", func() bool {
		p := r.posts()
		return p[len(p)-1].Post.Text == "欢迎" && p[len(p)-1].Post.Code == 0
	})
	r.until("the empty editor", func() bool { return r.text(r.tab, `[data-e2e="msg-input"] [contenteditable]`) == "" })
	r.click(r.tab, `[data-e2e="msg-input"] [contenteditable]`)
	r.must(r.tab.Paste(r.ctx(), "一\n二")) // what is pasted stands there, line by line; inserted in pieces, a line break would send
	r.until("both lines", func() bool {
		return strings.Join(strings.Fields(r.text(r.tab, `[data-e2e="msg-input"] [contenteditable]`)), " ") == "一 二"
	})
	if p := r.posts(); p[len(p)-1].Post.Text != "欢迎" {
		r.t.Fatalf("pasting sent %q", p[len(p)-1].Post.Text)
	}
	r.must(r.tab.Clear(r.ctx()))
	r.must(r.tab.Type(r.ctx(), "一\n二"))
	r.until("the text up to the break", func() bool { // a line break sends: whoever inserts one loses the rest
		p := r.posts()
		return p[len(p)-1].Post.Text == "一"
	})
	r.site.Retitle(r.owner.UID, "别人")
	r.until("the changed header", func() bool { return r.text(r.tab, ".componentsRightPanelHeadertitle") == "别人" })
	before := r.eval(classOf)
	r.site.RenameHashes()
	r.open("https://" + hostWWW + "/")
	if now := r.eval(classOf); now == before || !strings.HasPrefix(now, "feed-") {
		r.t.Fatalf("%q was %q before the new build", now, before)
	}
}

const classOf = `() => document.querySelector('[class*="feed-"]')?.className || ""`

func (r *window) rows() {
	r.must(r.site.Fill(Fill{Owner: r.owner.UID, Conversations: 60}))
	all := len(r.site.Conversations(r.owner.UID))
	r.open("https://" + hostWWW + "/")
	r.find(r.tab, `[data-e2e="im-entry"] [x-semi-prop="count"]`)
	r.click(r.tab, `[data-e2e="im-entry"]`)
	held := r.find(r.tab, `[data-e2e="conversation-item"][data-index="0"]`)
	r.until("all conversations", func() bool { return r.eval(`() => String(chats.list().length)`) == strconv.Itoa(all) })
	if n, err := strconv.Atoi(r.eval(`() => String(document.querySelectorAll('[data-e2e="conversation-item"]').length)`)); err != nil || n > 20 {
		r.t.Errorf("%d rows are in the document", n)
	}
	r.site.Recycle(r.owner.UID)
	r.until("another person in the same row", func() bool {
		index, _, err := held.Attr(r.ctx(), "data-index")
		return err == nil && index != "0"
	})
	last := `[data-e2e="conversation-item"][data-index="` + strconv.Itoa(all-1) + `"]`
	r.until("the end of the list", func() bool {
		r.must(r.tab.Scroll(r.ctx(), r.find(r.tab, ".conversationConversationListwrapper"), 4000))
		el, _, err := r.tab.Find(r.ctx(), []string{last}, nil)
		return err == nil && el != nil
	})
}

func (r *window) captcha() {
	r.must(r.site.Captcha(r.owner.UID, "overlay"))
	r.click(r.tab, "#captcha-verify-image")
	r.until("the touch in the audit log", func() bool {
		touched, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindCaptchaClick})
		return len(touched) > 0
	})
	r.must(r.site.Captcha(r.owner.UID, "page"))
	r.until("the verify page", func() bool { title, _ := r.tab.Title(r.ctx()); return title == "验证码中间页" })
	r.must(r.site.PressPhone("", "solve", r.owner.UID))
	r.find(r.tab, `[data-e2e="im-entry"]`)
}
