package xiaohongshu

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
		Account: account, Epoch: 1, Listen: gate.Address(account), Sites: []string{hostWWW, hostCreator}, Resources: Hosts(), PeerUID: -1,
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
		Pins: []string{s.SPKI()}, Persona: persona.Make(1, "", "", "", persona.Machine{Cores: 2}), Origins: []string{"https://" + hostWWW, "https://" + hostCreator},
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

const qrPicture = `.login-container .qrcode-img[src^="data:image/png;base64,"]`

// logIn scans the code of the card that comes by itself, with /phone as a person does.
func (r *window) logIn() {
	r.t.Helper()
	r.open("https://" + hostWWW + "/explore")
	r.find(r.tab, qrPicture)
	if state := r.eval(userState); !strings.HasPrefix(state, "true ") {
		r.t.Fatalf("a guest is %q", state)
	}
	r.phone("scan", "text=请在手机上确认")
	r.phone("confirm", ".main-container .user .link-wrapper .channel")
	if state := r.eval(userState); state != "false "+r.owner.UID+" 小厨" {
		r.t.Fatalf("the owner is %q", state)
	}
}

// phone presses a button on the phone and waits for what the page shows of it.
func (r *window) phone(button, then string) {
	r.t.Helper()
	resp, err := http.PostForm(r.site.PhoneURL()+"/phone", map[string][]string{"do": {button}, "owner": {r.owner.UID}})
	r.must(err)
	r.must(resp.Body.Close())
	r.find(r.tab, then)
}

// userState reads the page's state through its wrap.
const userState = `() => { const u = window.__INITIAL_STATE__.user.userInfo, v = u._rawValue ?? u; return [v.guest, v.userId, v.nickname].join(" "); }`

// reads counts how often a conversation was marked as read.
func (r *window) reads() int {
	list, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindRead})
	return len(list)
}

func (r *window) lastPost() stage.Post {
	if posts := r.site.Posts(); len(posts) > 0 {
		return *posts[len(posts)-1].Post
	}
	return stage.Post{Code: -1}
}

func TestPagesInChromium(t *testing.T) {
	t.Parallel()
	r := openWindow(t, "xhs_1", NewOwner{Nickname: "小厨"})
	t.Run("the code logs in and the state says so", func(t *testing.T) { r.t = t; r.logIn() })
	t.Run("the creator centre bounces once, has a login of its own, and its list swallows a scroll", func(t *testing.T) { r.t = t; r.manager() })
	t.Run("a mention is answered by its place in the state", func(t *testing.T) { r.t = t; r.mentions() })
	t.Run("a note's comments unfold and are answered", func(t *testing.T) { r.t = t; r.note() })
	t.Run("a conversation is read only when it is opened", func(t *testing.T) { r.t = t; r.chat() })
	t.Run("risks stand before the pages", func(t *testing.T) { r.t = t; r.risks() })
	unknown, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindUnknown})
	if len(unknown) != 0 {
		t.Errorf("asked for what is not there: %+v", unknown)
	}
}

func (r *window) manager() {
	r.must(r.site.Fill(Fill{Owner: r.owner.UID, Notes: 12}))
	r.open("https://" + hostCreator + "/new/note-manager")
	if at, err := r.tab.URL(r.ctx()); err != nil || !strings.HasPrefix(at, "https://"+hostCreator+"/login") {
		r.t.Fatalf("the first visit ended at %s, %v", at, err)
	}
	before := r.eval(switchOf)
	r.site.RenameHashes()
	r.open("https://" + hostCreator + "/login")
	if now := r.eval(switchOf); now == before || !strings.HasPrefix(now, "css-") {
		r.t.Fatalf("the switch is %q, was %q before the new build", now, before)
	}
	r.click(r.tab, `[class*="login-box"] > img[class*="css-"]`)
	r.find(r.tab, `[class*="login-box"] div > p + img[src^="data:image/png;base64,"]`)
	r.must(r.site.Expire(""))
	r.click(r.tab, "text=点击刷新")
	r.until("another code", func() bool { return len(r.site.QRs()) == 1 })
	r.phone("scan", "text=请在手机上确认")
	r.phone("confirm", ".account-name")
	r.must(r.site.Behave(func(b *Behaviour) { b.Posted = "v5" }))
	r.open("https://" + hostCreator + "/new/note-manager")
	r.find(r.tab, "text=全部笔记(16)")
	card := r.find(r.tab, "div.content .note-card")
	cards := func() string { return r.eval(`() => String(document.querySelectorAll(".note-card").length)`) }
	if n := cards(); n != "10" {
		r.t.Fatalf("%s cards on the first page", n)
	}
	r.until("the second page", func() bool {
		r.must(r.tab.Scroll(r.ctx(), card, -300))
		r.must(r.tab.Scroll(r.ctx(), card, 3000))
		return cards() == "16"
	})
}

const switchOf = `() => document.querySelector('[class*="login-box"] > img')?.className || ""`

func (r *window) mentions() {
	n := r.site.Notes(r.owner.UID)[0]
	c, err := r.site.AddComment(NewComment{Note: n.ID, Author: "路人", Text: "怎么做的？"})
	r.must(err)
	gone, err := r.site.AddComment(NewComment{Note: n.ID, Author: "访客", Text: "删掉的"})
	r.must(err)
	r.must(r.site.HideComment(gone.ID, "DELETED"))
	r.open("https://" + hostWWW + "/notification")
	const first = ".tabs-content-container > .container"
	r.find(r.tab, first)
	if got := r.eval(mentionState); got != "DELETED "+gone.ID+",NORMAL "+c.ID {
		r.t.Fatalf("state is %q", got)
	}
	if r.eval(`() => String(document.querySelectorAll(".tabs-content-container > .container")[0].querySelector(".action-reply"))`) != "null" {
		r.t.Error("a deleted comment can be answered")
	}
	r.click(r.tab, first+":nth-child(2) .action-reply")
	r.click(r.tab, `textarea.comment-input[placeholder*="路人"]`)
	r.must(r.tab.Type(r.ctx(), "小火慢炖"))
	r.click(r.tab, first+" button.submit")
	r.until("the textarea's end", func() bool { return r.eval(`() => String(document.querySelector("textarea"))`) == "null" })
	posts := r.site.Posts()
	if p := r.lastPost(); p.Target != c.ID || p.Text != "小火慢炖" || p.Code != 0 || !strings.Contains(posts[len(posts)-1].Detail, "untrusted=0") {
		r.t.Fatalf("posted %+v", posts)
	}
	r.site.Reorder(r.owner.UID)
	r.until("the turned list", func() bool { return strings.HasSuffix(r.eval(mentionState), "DELETED "+gone.ID) })
	r.click(r.tab, ".reds-tab-item:nth-child(3)")
	r.find(r.tab, "text=开始关注你了")
}

const mentionState = `() => { const m = window.__INITIAL_STATE__.notification.notificationMap; return (m._rawValue ?? m).mentions.messageList.map((r) => r.commentInfo.illegalInfo.illegalStatus + " " + r.commentInfo.id).join(","); }`

func (r *window) note() {
	n, err := r.site.AddNote(NewNote{Owner: r.owner.UID, Title: "一口锅"})
	r.must(err)
	c, err := r.site.AddComment(NewComment{Note: n.ID, Author: "路人", Text: "好看"})
	r.must(err)
	for _, text := range []string{"第一", "第二", "第三"} {
		_, err = r.site.AddComment(NewComment{ReplyTo: c.ID, Author: "热心人", Text: text})
		r.must(err)
	}
	r.open("https://" + hostWWW + "/explore/" + n.ID)
	r.find(r.tab, "text=当前笔记暂时无法浏览")
	r.open("https://" + hostWWW + "/explore/" + n.ID + "?xsec_token=" + n.Token + "&xsec_source=pc_user")
	r.find(r.tab, "#comment-"+c.ID+".comment-item")
	r.click(r.tab, "text=展开 2 条回复")
	r.find(r.tab, "text=第三")
	r.find(r.tab, ".end-container")
	r.click(r.tab, "#comment-"+c.ID+" .right .interactions .reply")
	r.find(r.tab, `p.content-input[placeholder="回复 路人"]`)
	r.click(r.tab, "div.input-box div.content-edit p.content-input")
	r.must(r.tab.Type(r.ctx(), "谢谢夸奖"))
	r.click(r.tab, "div.bottom button.submit")
	r.find(r.tab, "text=谢谢夸奖")
	if p := r.lastPost(); p.Kind != "reply" || p.Target != c.ID || p.Code != 0 {
		r.t.Fatalf("posted %+v", p)
	}
	r.must(r.site.Limit(r.owner.UID, "comment", true))
	r.click(r.tab, "div.content-edit span")
	r.must(r.tab.Type(r.ctx(), "再来一条"))
	r.click(r.tab, "div.bottom button.submit")
	r.find(r.tab, "text=评论过快")
	if p := r.lastPost(); p.Kind != "comment" || p.Target != n.ID || p.Code != refuseFast.code {
		r.t.Fatalf("posted %+v", p)
	}
}

func (r *window) chat() {
	r.must(r.site.Fill(Fill{Owner: r.owner.UID, Conversations: 40}))
	r.must(r.site.Behave(func(b *Behaviour) { b.EditorMS = 200 }))
	r.open("https://" + hostWWW + "/chat")
	r.find(r.tab, ".xhs-im-conv-item__badge")
	seq := r.browser.Traffic().Seq()
	stranger := true
	m, err := r.site.AddMessage(NewMessage{Owner: r.owner.UID, Author: "新朋友", Text: "第一次来", Stranger: &stranger})
	r.must(err)
	_, err = r.browser.Traffic().Wait(r.ctx(), seq, func(rec page.Record) bool {
		return strings.Contains(rec.URL, "/api/im/web/v3/chats") && strings.Contains(string(rec.Body), "第一次来")
	})
	r.must(err)
	row := `.xhs-im-conv-item[data-conv-id$="` + m.PeerID + `"]`
	r.find(r.tab, row)
	if n, err := strconv.Atoi(r.eval(`() => String(document.querySelectorAll(".xhs-im-conv-item").length)`)); err != nil || n > 20 {
		r.t.Errorf("%d rows are in the document", n)
	}
	if n := r.reads(); n != 0 {
		r.t.Fatalf("looking marked %d conversations as read", n)
	}
	held := r.find(r.tab, row)
	r.site.Recycle(r.owner.UID)
	r.until("another person in the same row", func() bool {
		id, _, err := held.Attr(r.ctx(), "data-conv-id")
		return err == nil && !strings.HasSuffix(id, m.PeerID)
	})
	r.click(r.tab, row)
	r.until("the header", func() bool { return r.text(r.tab, ".xhs-im-chat-window__header-name") == "新朋友" })
	r.until("the read mark", func() bool { return r.reads() == 1 && r.site.Conversations(r.owner.UID)[0].Unread == 0 })
	r.send("欢迎光临")
	r.find(r.tab, ".chat-item__bubble--me")
	if p := r.lastPost(); p.Kind != "message" || p.Target != m.PeerID || p.Text != "欢迎光临" || p.Code != 0 {
		r.t.Fatalf("posted %+v", p)
	}
	frames, _ := r.browser.Traffic().Since(seq)
	for _, rec := range frames {
		if rec.Kind == page.Sent && strings.Contains(string(rec.Body), "欢迎") {
			r.t.Error("the frame can be read")
		}
	}
	r.send("还在吗")
	r.find(r.tab, ".chat-item--system")
	if p := r.lastPost(); p.Code != refuseStranger.code {
		r.t.Fatalf("posted %+v", p)
	}
	r.site.Retitle(r.owner.UID, "别人")
	r.until("the changed header", func() bool { return r.text(r.tab, ".xhs-im-chat-window__header-name") == "别人" })
}

// send writes into the open conversation and presses Enter.
func (r *window) send(text string) {
	r.t.Helper()
	before := len(r.site.Posts())
	r.click(r.tab, ".xhs-im-input-bar-editor")
	r.must(r.tab.Type(r.ctx(), text))
	r.must(r.tab.Press(r.ctx(), "Enter"))
	r.until("the message on the site", func() bool { return len(r.site.Posts()) == before+1 })
}

func (r *window) risks() {
	r.must(r.site.Captcha(r.owner.UID, "overlay"))
	r.click(r.tab, ".red-captcha-slider")
	r.until("the touch in the audit log", func() bool {
		touched, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindCaptchaClick})
		return len(touched) > 0
	})
	r.must(r.site.Captcha(r.owner.UID, "300012"))
	r.find(r.tab, "text=IP存在风险")
	r.must(r.site.Captcha(r.owner.UID, "461"))
	r.until("the captcha's address", func() bool {
		at, err := r.tab.URL(r.ctx())
		return err == nil && strings.Contains(at, "/website-login/captcha")
	})
	r.find(r.tab, "text=请通过验证")
	r.must(r.site.PressPhone("", "solve", r.owner.UID))
	r.find(r.tab, ".xhs-im-conv-item")
	r.must(r.site.Behave(func(b *Behaviour) { b.Poll, b.Wrap = "old", false }))
	r.must(r.site.Logout(r.owner.UID, ""))
	r.open("https://" + hostWWW + "/explore")
	r.find(r.tab, qrPicture)
	r.site.RequireCode("2468")
	r.must(r.site.Confirm("", r.owner.UID))
	r.click(r.tab, "text=获取验证码")
	r.find(r.tab, "text=验证码已发送")
	r.click(r.tab, `input[placeholder="请输入验证码"]`)
	r.must(r.tab.Type(r.ctx(), "2468"))
	r.click(r.tab, ".verify-submit")
	r.find(r.tab, ".main-container .user .link-wrapper .channel")
}
