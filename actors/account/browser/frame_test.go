package browser

import (
	"errors"
	"math"
	"net/http"
	"testing"

	"troupe/platforms/page"
)

func TestViewsGoInAndOut(t *testing.T) {
	// turned by 90 degrees, twice as large
	turned, ok := viewOf(quad{{100, 50}, {100, 250}, {0, 250}, {0, 50}}, 100, 50)
	if !ok {
		t.Fatal("no view")
	}
	inner, ok := viewOf(quad{{10, 10}, {30, 10}, {30, 20}, {10, 20}}, 40, 20)
	if !ok {
		t.Fatal("no inner view")
	}
	both := turned.within(inner)
	p := point{8, 4}
	got, want := both.out(p), turned.out(inner.out(p))
	back := both.in(got)
	for _, d := range []float64{got.x - want.x, got.y - want.y, back.x - p.x, back.y - p.y} {
		if math.Abs(d) > 1e-9 {
			t.Errorf("%v is at %v, %v, back at %v", p, got, want, back)
		}
	}
	if _, ok := viewOf(quad{}, 100, 50); ok {
		t.Error("a frame without area can be seen")
	}
}

// TestHandsReachIntoFrames clicks and types in frames that are scrolled, turned, slanted, and in one another.
func TestHandsReachIntoFrames(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/outer", html(`<style>iframe{width:420px;height:300px}</style><div style="height:1200px"></div>
		<iframe id=near src="/middle" style="margin:20px;border:9px solid;padding:11px;transform:rotate(12deg) scale(0.8)"></iframe>
		<iframe id=far src="https://far.test/middle" style="border:3px dotted;padding:4px 30px;transform:skewX(10deg) scale(1.2)"></iframe>
		<div style="zoom:1.5"><iframe id=zoomed src="https://zoomed.test/inner"></iframe></div>
		<iframe id=empty style="margin:50px"></iframe><div style="height:900px"></div>
		<script>empty.contentDocument.body.innerHTML = '<button id=b onclick="this.textContent=1+(+this.textContent||0)">press</button><input id=i>'</script>`))
	mux.HandleFunc("/middle", html(`<div style="height:500px">middle</div>
		<iframe id=deep src="https://deep.test/inner" style="transform:rotate(-8deg);border:2px solid"></iframe>
		<iframe id=beside src="/inner" style="transform:scale(0.9)"></iframe>`))
	mux.HandleFunc("/inner", html(`<div style="height:400px">inner</div>
		<div style="overflow:auto;height:60px;border:1px solid"><div style="height:300px"></div><button id=b onclick="this.textContent=event.isTrusted ? 1+(+this.textContent||0) : 'forged'">press</button><br><input id=i><div style="height:300px"></div></div>
		<div style="height:400px"></div>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	tab := open(t, i, "main", "https://site.test/outer")
	enter := func(t *testing.T, in page.Document, name string) page.Document {
		t.Helper()
		var doc page.Document
		until(t, name, func() bool {
			var err error
			if doc, err = in.Frame(t.Context(), []string{"#none", name}); err != nil && !errors.Is(err, page.ErrNoFrame) && !errors.Is(err, page.ErrMoved) {
				t.Fatal(err)
			}
			return err == nil
		})
		return doc
	}
	inside := func(t *testing.T, doc page.Document) {
		t.Helper()
		var button, field page.Element
		until(t, "the button", func() bool {
			var err error
			if button, _, err = doc.Find(t.Context(), []string{"#b"}, nil); err != nil {
				t.Fatal(err)
			}
			field, _, err = doc.Find(t.Context(), []string{"#i"}, nil)
			return err == nil && button != nil && field != nil
		})
		if err := button.ClickIf(t.Context(), `(el) => el.id === "b"`); err != nil {
			t.Fatal(err)
		}
		if got, err := button.Text(t.Context()); got != "1" || err != nil {
			t.Errorf("the button says %q, %v", got, err)
		}
		if err := field.Click(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := tab.Type(t.Context(), "里面"); err != nil {
			t.Fatal(err)
		}
		if got, _, err := field.Attr(t.Context(), "value"); got != "里面" || err != nil {
			t.Errorf("the field holds %q, %v", got, err)
		}
		if got, err := doc.Eval(t.Context(), `() => document.querySelector("#i").value`, nil); string(got) != `"里面"` || err != nil {
			t.Errorf("the document says %s, %v", got, err)
		}
		if err := button.Hover(t.Context()); err != nil {
			t.Error(err)
		}
		if shot, err := button.Screenshot(t.Context()); len(shot) == 0 || err != nil {
			t.Error("no picture:", err)
		}
	}
	for _, way := range [][]string{
		{"#empty"}, {"#zoomed"}, {"#near", "#beside"}, {"#near", "#deep"}, {"#far", "#beside"}, {"#far", "#deep"},
	} {
		t.Run(way[len(way)-1]+"In"+way[0], func(t *testing.T) {
			doc := page.Document(tab)
			for _, name := range way {
				doc = enter(t, doc, name)
			}
			inside(t, doc)
		})
	}
	t.Run("ThePagesOwnWorldIsReadInEveryFrame", func(t *testing.T) {
		for _, name := range []string{"#near", "#far"} {
			doc := enter(t, tab, name)
			if got, err := doc.EvalPage(t.Context(), `(n) => { window.count = (window.count || 0) + n; return window.count }`, 2); string(got) != "2" || err != nil {
				t.Errorf("%s: %s %v", name, got, err)
			}
			if got, err := doc.EvalPage(t.Context(), `() => window.count`, nil); string(got) != "2" || err != nil {
				t.Errorf("%s: %s %v", name, got, err)
			}
			if got, err := doc.Eval(t.Context(), `() => typeof window.count`, nil); string(got) != `"undefined"` || err != nil {
				t.Errorf("%s: %s %v", name, got, err)
			}
		}
	})
	t.Run("ADocumentThatWasLeftIsStale", func(t *testing.T) {
		for _, name := range []string{"#near", "#far"} {
			doc := enter(t, tab, name)
			eval(t, tab, `() => { document.querySelector("`+name+`").src = "/inner?again" }`)
			until(t, "the frame to navigate", func() bool { _, err := doc.URL(t.Context()); return isMoved(err) })
			if _, _, err := doc.Find(t.Context(), []string{"#b"}, nil); !isMoved(err) {
				t.Errorf("%s: find: %v", name, err)
			}
			if _, err := doc.EvalPage(t.Context(), `() => 1`, nil); !isMoved(err) {
				t.Errorf("%s: eval: %v", name, err)
			}
		}
		doc := enter(t, tab, "#zoomed")
		el, _, err := doc.Find(t.Context(), []string{"#b"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		eval(t, tab, `() => { document.querySelector("#zoomed").remove() }`)
		if err := el.Click(t.Context()); !isMoved(err) {
			t.Errorf("an element of a frame that left: %v", err)
		}
		if _, err := tab.Frame(t.Context(), []string{"#zoomed"}); !errors.Is(err, page.ErrNoFrame) {
			t.Errorf("no frame: %v", err)
		}
	})
}

// TestTheRowIsProvenWhereTheMouseIs has a list move under the mouse, as lists do when something new arrives.
func TestTheRowIsProvenWhereTheMouseIs(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/list", html(`<style>#list div{height:40px;border:1px solid}</style><div id=list></div><p id=hits></p><script>
		function show(ids) { list.innerHTML = ""; for (const id of ids) { const row = document.createElement("div"); row.dataset.id = id; row.textContent = "row " + id; row.onclick = () => { hits.textContent += row.dataset.id }; list.append(row); } }
		show(["a", "b", "c"]);
		let when = "mousemove";
		for (const kind of ["mousemove", "pointerdown", "mouseup"]) addEventListener(kind, () => { if (window.trap && when === kind) { trap(); window.trap = null } }, true);
		addEventListener("arm", (e) => { [window.trap, when] = [{
			rename: () => { list.children[1].dataset.id = "x" },     // the same element shows another row, as virtual lists do
			insert: () => { list.prepend(Object.assign(document.createElement("div"), {textContent: "new"})) },
			redraw: () => show(["new", "a", "b", "c"]),
		}[e.detail.split(" ")[0]], e.detail.split(" ")[1]] });
	</script>`))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	tab := open(t, i, "main", "https://site.test/list")
	row := func() page.Element { return find(t, tab, `[data-id="b"]`) }
	const proof = `(el) => el.dataset.id === "b"`
	for _, trap := range []string{
		"rename mousemove", "insert mousemove", "redraw mousemove", "rename pointerdown", "redraw pointerdown", "rename mouseup",
	} {
		if err := tab.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		el := row()
		eval(t, tab, `() => { dispatchEvent(new CustomEvent("arm", {detail: "`+trap+`"})) }`)
		if err := el.ClickIf(t.Context(), proof); !isMoved(err) {
			t.Errorf("%s: %v", trap, err)
		}
		if got := eval(t, tab, `() => document.querySelector("#hits").textContent`); got != `""` {
			t.Errorf("%s: clicked %s", trap, got)
		}
	}
	if err := tab.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := row().ClickIf(t.Context(), proof); err != nil {
		t.Error(err)
	}
	if got := eval(t, tab, `() => document.querySelector("#hits").textContent`); got != `"b"` {
		t.Errorf("clicked %s", got)
	}
	for name, proof := range map[string]string{"throws": `() => { throw 1 }`, "promises": `async () => true`, "is no function": `nothing`} {
		if err := row().ClickIf(t.Context(), proof); err == nil {
			t.Errorf("a proof that %s is good enough", name)
		}
	}
	if got := eval(t, tab, `() => document.querySelector("#hits").textContent`); got != `"b"` {
		t.Errorf("clicked %s", got)
	}
}
