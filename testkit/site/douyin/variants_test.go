package douyin

import (
	"testing"

	"troupe/testkit/site/stage"
)

// TestVariantsInChromium walks through what the site shows only when it is asked to.
func TestVariantsInChromium(t *testing.T) {
	if !full() {
		t.Log("runs in a full test")
		return
	}
	t.Parallel()
	r := openWindow(t, "dy_2", NewOwner{Nickname: "小厨"})
	t.Run("an expired code is renewed, a verification code let in", func(t *testing.T) { r.t = t; r.codes() })
	t.Run("the older works list and the choice of a work", func(t *testing.T) { r.t = t; r.picker() })
	t.Run("the chat without a frame", func(t *testing.T) { r.t = t; r.inline() })
	t.Run("a work's public page", func(t *testing.T) { r.t = t; r.public() })
	t.Run("the login card under the page's own address", func(t *testing.T) { r.t = t; r.card() })
}

func (r *window) codes() {
	const picture = `#animate_qrcode_container img[src^="data:image/png;base64,"]`
	r.must(r.site.Behave(func(b *Behaviour) { b.GuestAvatar = false }))
	r.open("https://" + hostWWW + "/")
	r.click(r.tab, "text=登录")
	first, _, err := r.find(r.tab, "#login-panel-new "+picture).Attr(r.ctx(), "src")
	r.must(err)
	r.must(r.site.Expire(""))
	r.click(r.tab, "text=二维码失效，点击刷新")
	r.until("another picture", func() bool {
		src, _, err := r.find(r.tab, picture).Attr(r.ctx(), "src")
		return err == nil && src != first
	})
	r.site.RequireCode("2468")
	r.open("https://" + hostCreator + "/creator-micro/home")
	r.find(r.tab, picture)
	r.must(r.site.Confirm("", r.owner.UID))
	r.click(r.tab, "text=获取验证码")
	r.find(r.tab, "text=验证码已发送")
	r.click(r.tab, `input[placeholder="请输入验证码"]`)
	r.must(r.tab.Type(r.ctx(), "1357"))
	r.click(r.tab, "div.uc-ui-verify_sms-verify_button")
	r.find(r.tab, "text=验证码错误，请重新输入")
	r.must(r.find(r.tab, `input[type="tel"]`).Focus(r.ctx()))
	r.must(r.tab.Clear(r.ctx()))
	r.must(r.tab.Type(r.ctx(), "2468"))
	r.click(r.tab, "div.uc-ui-verify_sms-verify_button")
	r.find(r.tab, `[class*="unique_id-"]`)
}

func (r *window) picker() {
	r.must(r.site.Behave(func(b *Behaviour) { b.OldWorks, b.Generation = true, "A" }))
	works := r.site.Works(r.owner.UID)
	r.open("https://" + hostCreator + "/creator-micro/content/manage")
	r.find(r.tab, `[class*="video-card-"]`)
	r.open("https://" + hostCreator + "/creator-micro/interactive/comment")
	r.click(r.tab, "text=选择作品")
	r.click(r.tab, ".douyin-creator-interactive-sidesheet-body > :nth-child(2)")
	chosen := works[len(works)-2]
	r.until("the chosen work", func() bool {
		return r.eval(`() => location.search`) == "?item_id="+chosen.ID+"&enter_from=content_manage_v2"
	})
	r.find(r.tab, `[class*="operations-"]`)
	r.click(r.tab, "[role=combobox]")
	r.click(r.tab, "text=最新发布")
	r.find(r.tab, `[class*="operations-"]`)
	r.must(r.find(r.tab, `[class*="top-box-"] [contenteditable]`).Click(r.ctx()))
	r.must(r.tab.Type(r.ctx(), "置顶"))
	r.click(r.tab, `[class*="top-box-"] button`)
	r.find(r.tab, "text=发送成功")
	if p := r.posts(); len(p) != 1 || p[0].Post.Kind != "comment" || p[0].Post.Work != chosen.ID || p[0].Post.Code != 0 {
		r.t.Errorf("posted %+v", p)
	}
	unknown, _ := r.site.Audit(stage.AuditQuery{Kind: stage.KindUnknown})
	if len(unknown) != 0 {
		r.t.Errorf("asked for what is not there: %+v", unknown)
	}
}

func (r *window) inline() {
	r.must(r.site.Behave(func(b *Behaviour) { b.Frame = false }))
	conv := r.site.Conversations(r.owner.UID)[3]
	r.open("https://" + hostCreator + "/creator-micro/data/following/chat")
	r.click(r.tab, "text="+conv.PeerName)
	r.until("the header", func() bool { return r.text(r.tab, `[class*="box-header-name-"]`) == conv.PeerName })
	r.find(r.tab, ".ReactVirtualized__Grid__innerScrollContainer > * [class*='box-item-message-']")
	r.must(r.site.Behave(func(b *Behaviour) { b.RedirectChat = true }))
	r.open("https://" + hostCreator + "/creator-micro/data/following/chat")
	if at, err := r.tab.URL(r.ctx()); err != nil || at != "https://"+hostWWW+"/messages" {
		r.t.Errorf("the chat went to %s, %v", at, err)
	}
}

func (r *window) public() {
	k := r.site.Works(r.owner.UID)[0]
	r.open("https://" + hostWWW + "/video/" + k.ID)
	r.find(r.tab, `[data-e2e="comment-list"] [class*="operations-"]`)
}

func (r *window) card() {
	r.must(r.site.Logout(r.owner.UID, "card"))
	r.open("https://" + hostCreator + "/creator-micro/home")
	r.find(r.tab, "#animate_qrcode_container img")
	if at, err := r.tab.URL(r.ctx()); err != nil || at != "https://"+hostCreator+"/creator-micro/home" {
		r.t.Errorf("the card is at %s, %v", at, err)
	}
}
