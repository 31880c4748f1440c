package browser

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/platforms/page"
)

const formPage = `
<style>#cover{position:fixed;left:0;top:0;width:100%;height:100%;display:none}</style>
<div id=box contenteditable style="width:300px;height:40px;border:1px solid"></div>
<textarea id=area></textarea>
<button id=send onclick="this.textContent='sent '+event.isTrusted">发送</button>
<div style="height:3000px"></div>
<p id=far onclick="this.dataset.hit='yes'">far <b>away  words</b></p>
<div id=red style="width:200px;height:100px;background:#f00"></div>
<div id=cover></div>
<script>
window.events=[];
for (const type of ['beforeinput','input']) box.addEventListener(type, e => events.push(type+':'+e.isTrusted));
</script>`

func TestHands(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/form", html(formPage))
	mux.HandleFunc("/outer", html(`<h1>outer</h1><div style="height:2000px"></div><iframe id=inner src="https://other.test/inner" style="margin:30px;border:7px solid;padding:5px"></iframe>
		<iframe id=near src="/inner" style="border:3px solid"></iframe>`))
	mux.HandleFunc("/inner", html(`<button id=b onclick="this.textContent='clicked'">press me</button><input id=i>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))

	t.Run("ChineseIsTypedAsAnInputMethodDoes", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/form")
		const text = "你好，世界 👨‍👩‍👧 ok"
		box := find(t, tab, "#box")
		if err := box.Click(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := tab.Type(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if got, _ := box.Text(t.Context()); strings.ReplaceAll(got, "\u00a0", " ") != text {
			t.Errorf("typed %q", got)
		}
		if err := tab.Press(t.Context(), "Control+A"); err != nil {
			t.Fatal(err)
		}
		if err := tab.Press(t.Context(), "Backspace"); err != nil {
			t.Fatal(err)
		}
		if got, _ := box.Text(t.Context()); strings.TrimSpace(got) != "" {
			t.Errorf("not cleared: %q", got)
		}
		area := find(t, tab, "#area")
		if err := area.Focus(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := tab.Type(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if err := tab.Press(t.Context(), "Enter"); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := area.Attr(t.Context(), "value"); got != "a\n" || !ok || err != nil {
			t.Errorf("value %q %v %v", got, ok, err)
		}
	})
	t.Run("ClickIsTrustedAndRefusesWhatIsCovered", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/form")
		send := find(t, tab, "text=发送")
		if err := send.Click(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, _ := send.Text(t.Context()); got != "sent true" {
			t.Errorf("button says %q", got)
		}
		far := find(t, tab, "text=away words")
		if err := far.Click(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := eval(t, tab, `() => document.querySelector("#far").dataset.hit`); got != `"yes"` {
			t.Errorf("hit %s", got)
		}
		eval(t, tab, `() => { document.querySelector("#cover").style.display = "block" }`)
		if err := send.Click(t.Context()); !isMoved(err) {
			t.Errorf("covered: %v", err)
		}
		eval(t, tab, `() => { document.querySelector("#send").remove() }`)
		if err := send.Click(t.Context()); !isMoved(err) {
			t.Errorf("removed: %v", err)
		}
		if err := tab.Navigate(t.Context(), "https://site.test/form"); err != nil {
			t.Fatal(err)
		}
		if _, err := far.Text(t.Context()); !isMoved(err) {
			t.Errorf("stale: %v", err)
		}
	})
	t.Run("FramesOfOtherSitesAreReachedThroughTheirElement", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/outer")
		for _, name := range []string{"#inner", "#near"} {
			outer := find(t, tab, name)
			if err := tab.Scroll(t.Context(), nil, 1000); err != nil {
				t.Fatal(err)
			}
			var button page.Element
			until(t, "the frame", func() bool {
				var err error
				button, _, err = tab.Find(t.Context(), []string{"text=press me"}, outer)
				return err == nil && button != nil
			})
			if err := button.Click(t.Context()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, _ := button.Text(t.Context()); got != "clicked" {
				t.Errorf("%s: button says %q", name, got)
			}
			shot, err := button.Screenshot(t.Context())
			if picture, err2 := png.DecodeConfig(bytes.NewReader(shot)); err != nil || err2 != nil || picture.Width < 30 {
				t.Errorf("%s: screenshot %v %v %+v", name, err, err2, picture)
			}
			field, _, err := tab.Find(t.Context(), []string{"#i"}, outer)
			if err != nil || field == nil {
				t.Fatal(err)
			}
			if err := field.Click(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := tab.Type(t.Context(), "里面"); err != nil {
				t.Fatal(err)
			}
			if got, _, _ := field.Attr(t.Context(), "value"); got != "里面" {
				t.Errorf("%s: field holds %q", name, got)
			}
		}
	})
	t.Run("ReadingAndLooking", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/form")
		if title, err := tab.Title(t.Context()); title != "page" || err != nil {
			t.Errorf("title %q %v", title, err)
		}
		if u, err := tab.URL(t.Context()); u != "https://site.test/form" || err != nil {
			t.Errorf("url %q %v", u, err)
		}
		if el, n, err := tab.Find(t.Context(), []string{"#none", "text=nowhere"}, nil); el != nil || n != -1 || err != nil {
			t.Errorf("found %v %d %v", el, n, err)
		}
		if _, n, err := tab.Find(t.Context(), []string{"#none", "button"}, nil); n != 1 || err != nil {
			t.Errorf("alternative %d %v", n, err)
		}
		all, err := tab.FindAll(t.Context(), []string{"div,p"}, nil, 3)
		if len(all) != 3 || err != nil {
			t.Errorf("%d elements, %v", len(all), err)
		}
		if _, _, err := tab.Find(t.Context(), []string{"a[["}, nil); err == nil {
			t.Error("a broken selector is no error")
		}
		if visible, err := find(t, tab, "#cover").Visible(t.Context()); visible || err != nil {
			t.Errorf("cover visible: %v %v", visible, err)
		}
		if err := tab.Scroll(t.Context(), nil, 600); err != nil {
			t.Fatal(err)
		}
		until(t, "the page to scroll", func() bool { return eval(t, tab, "() => scrollY") == "600" })
		shot, err := find(t, tab, "#red").Screenshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(shot))
		if err != nil || picture.Bounds().Dx() != 200 || picture.Bounds().Dy() != 100 {
			t.Fatalf("picture of %v, %v", picture.Bounds(), err)
		}
		for _, at := range [][2]int{{0, 0}, {199, 99}} {
			if r, g, b, _ := picture.At(at[0], at[1]).RGBA(); r>>8 != 255 || g != 0 || b != 0 {
				t.Errorf("at %v it is %d %d %d", at, r>>8, g>>8, b>>8)
			}
		}
		if shot, err := tab.Screenshot(t.Context()); err != nil || len(shot) < 100 {
			t.Errorf("screenshot: %v", err)
		}
		if dom, err := tab.DOM(t.Context(), 30); len(dom) != 30 || err != nil {
			t.Errorf("dom %q %v", dom, err)
		}
		if got, err := tab.Eval(t.Context(), "(a) => ({twice: a.n * 2})", map[string]int{"n": 21}); string(got) != `{"twice":42}` || err != nil {
			t.Errorf("eval %s %v", got, err)
		}
		if _, err := tab.Eval(t.Context(), "() => 'x'.repeat(2000000)", nil); err == nil {
			t.Error("a huge answer is no error")
		}
		if _, err := tab.Eval(t.Context(), "() => window.events.length", nil); err == nil {
			t.Error("reads see the page's own variables")
		}
	})
	t.Run("TwoTabsWorkSideBySide", func(t *testing.T) {
		one := open(t, i, "main", "https://site.test/form")
		two := open(t, i, "second", "https://site.test/form")
		for _, tab := range []page.Tab{one, two, one} {
			before := time.Now()
			send := find(t, tab, "#send")
			if err := send.Click(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("click took %v", time.Since(before))
		}
		if err := i.CloseTab(t.Context(), "second"); err != nil {
			t.Fatal(err)
		}
		if _, err := two.URL(t.Context()); !isGone(err) {
			t.Errorf("closed tab: %v", err)
		}
		if err := i.CloseTab(t.Context(), "second"); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	})
	t.Run("NavigationErrorsAreTold", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/form")
		if err := tab.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.cut()
		if err := tab.Navigate(t.Context(), "https://site.test/form?2"); !isGate(err) {
			t.Errorf("navigate at a shut gate: %v", err)
		}
		if err := tab.Reload(t.Context()); !isGate(err) {
			t.Errorf("reload at a shut gate: %v", err)
		}
		r.reopen()
		if err := tab.Navigate(t.Context(), "https://site.test/form?3"); err != nil {
			t.Errorf("after reopening: %v", err)
		}
		if err := tab.Navigate(t.Context(), "https://site.test/form?3#part"); err != nil {
			t.Errorf("within the document: %v", err)
		}
	})
	t.Run("DialogsDoNotStopThePage", func(t *testing.T) {
		tab := open(t, i, "main", "https://site.test/form")
		eval(t, tab, `() => { setTimeout(() => { document.title = "said " + confirm("sure?") }, 0) }`)
		until(t, "the dialog to be dismissed", func() bool {
			title, err := tab.Title(t.Context())
			return err == nil && title == "said false"
		})
	})
}
