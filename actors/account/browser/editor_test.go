package browser

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"troupe/platforms/page"
)

// editorPage has what people write into: an input, a textarea, plain contenteditables, and an editor as Slate is one: it
// keeps its own model, takes only trusted beforeinput and paste events, prevents each, and draws what the model says.
const editorPage = `
<input id=input style="width:400px"><br>
<textarea id=area rows=4 cols=60></textarea>
<div id=plain contenteditable style="border:1px solid;min-height:20px"></div>
<div id=only contenteditable=plaintext-only style="border:1px solid;min-height:20px;white-space:pre-wrap"></div>
<div id=model contenteditable style="border:1px solid;min-height:20px;white-space:pre-wrap"></div>
<p id=sent></p>
<script>
window.log = [];
for (const el of [input, area, plain, only, model]) {
  for (const type of ["keydown", "keyup", "keypress", "paste", "beforeinput", "input"]) {
    el.addEventListener(type, (e) => log.push([el.id, type, e.isTrusted, e.inputType || e.key || "", e.shiftKey || false]));
  }
}
const lines = [""];
const chosen = () => !getSelection().isCollapsed; // everything, if anything
function insert(text) {
  if (chosen()) lines.splice(0, lines.length, "");
  const parts = text.replace(/\r\n?/g, "\n").split("\n");
  lines[lines.length - 1] += parts.shift();
  lines.push(...parts);
}
function draw() {
  model.replaceChildren(...lines.map((line) => {
    const p = document.createElement("div");
    p.append(line === "" ? document.createElement("br") : line);
    return p;
  }));
  getSelection().selectAllChildren(model);
  getSelection().collapseToEnd();
}
model.addEventListener("paste", (e) => {
  e.preventDefault();
  if (!e.isTrusted) return;
  insert(e.clipboardData.getData("text/plain"));
  draw();
});
model.addEventListener("beforeinput", (e) => {
  e.preventDefault();
  if (!e.isTrusted) return;
  switch (e.inputType) {
    case "insertText": case "insertFromPaste": insert(e.data ?? e.dataTransfer.getData("text/plain")); break;
    case "insertLineBreak": insert("\n"); break;
    case "deleteContentBackward": if (chosen()) lines.splice(0, lines.length, ""); else lines[lines.length - 1] = lines[lines.length - 1].slice(0, -1); break;
  }
  draw();
});
model.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey) return;
  e.preventDefault();
  sent.textContent = JSON.stringify(lines.join("\n"));
});
window.said = () => lines.join("\n");
</script>`

// holds reads back what an editor holds.
func holds(t *testing.T, tab page.Tab, id string) string {
	t.Helper()
	got, err := tab.EvalPage(t.Context(), `(id) => {
		const el = document.getElementById(id);
		return id === "model" ? said() : "value" in el ? el.value : el.innerText.replace(/\u00a0/g, " ").replace(/\n$/, "");
	}`, id)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := json.Unmarshal(got, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEditorsTakeWhatIsTypedAndPasted(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/edit", html(editorPage))
	r := newRig(t, mux)
	i := start(t, r.config(t))
	tab := open(t, i, "main", "https://site.test/edit")
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const signs = "你好，世界 👨‍👩‍👧🇨🇳👍🏽 e\u0301 <b>&amp;</b> \"'\\"
	for _, id := range []string{"input", "area", "plain", "only", "model"} {
		lines := []string{signs, "第二行", "end"}
		if id == "input" {
			lines = lines[:1]
		}
		whole := strings.Join(lines, "\n")
		step(find(t, tab, "#"+id).Click(t.Context()))
		step(tab.Paste(t.Context(), whole))
		if got := holds(t, tab, id); got != whole {
			t.Errorf("%s: pasted %q, it holds %q", id, whole, got)
		}
		step(tab.Clear(t.Context()))
		if got := holds(t, tab, id); got != "" {
			t.Errorf("%s: cleared, it holds %q", id, got)
		}
		for n, line := range lines {
			if n > 0 {
				step(tab.Press(t.Context(), "Shift+Enter"))
			}
			step(tab.Type(t.Context(), line))
		}
		if got := holds(t, tab, id); got != whole {
			t.Errorf("%s: typed %q, it holds %q", id, whole, got)
		}
	}
	if got, _ := find(t, tab, "#sent").Text(t.Context()); got != "" {
		t.Errorf("Shift+Enter sent %s", got)
	}
	step(tab.Press(t.Context(), "Enter"))
	if got, _ := find(t, tab, "#sent").Text(t.Context()); !strings.Contains(got, "第二行") {
		t.Errorf("Enter sent %s", got)
	}
	text, err := find(t, tab, "#model").Text(t.Context())
	if want := signs + "\n第二行\nend"; text != want || err != nil {
		t.Errorf("read back %q, %v", text, err)
	}

	var log [][5]any
	raw, err := tab.EvalPage(t.Context(), `() => log`, nil)
	step(err)
	step(json.Unmarshal(raw, &log))
	seen := map[string]bool{}
	for _, e := range log {
		if e[2] != true {
			t.Errorf("a forged event: %v", e)
		}
		seen[e[1].(string)+" "+e[3].(string)] = true
	}
	for _, want := range []string{"keydown Control", "keydown v", "paste ", "beforeinput insertFromPaste", "keyup Control", "keydown Shift", "keydown Enter", "beforeinput insertLineBreak", "beforeinput insertText"} {
		if !seen[want] {
			t.Errorf("no event %q", want)
		}
	}
}

func TestKeysHaveNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"Enter": true, "Shift+Enter": true, "Control+Shift+Z": true, "Control+A": true,
		"A": false, "Hyper+A": false, "Return": false, "": false, "Shift+": false,
	} {
		if _, _, err := keyNamed(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
