package browser

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/go-rod/rod/lib/proto"

	"troupe/actors/account/persona"
)

// TestTargetsAttachedTwiceAnswerAndKeepTheirNoise has a second session with Chromium attach to everything as well: each
// target waits for two debuggers, and is told everything once.
func TestTargetsAttachedTwiceAnswerAndKeepTheirNoise(t *testing.T) {
	cfg := testConfig(t, openTempDir(t)+"/acc")
	cfg.Persona = persona.Make(7, "", "", persona.NoiseSeed, persona.Machine{Cores: 4})
	i := start(t, cfg)
	once, err := i.Persona(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var second proto.TargetAttachToBrowserTargetResult
	if err := i.browser.call(t.Context(), "Target.attachToBrowserTarget", nil, &second); err != nil {
		t.Fatal(err)
	}
	s := &session{client: i.browser.client, id: second.SessionID, ctx: i.browser.ctx}
	if err := s.call(t.Context(), "Target.setAutoAttach", autoAttach(browserTargets), nil); err != nil {
		t.Fatal(err)
	}
	twice, err := i.observe(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if twice.Verdict() != "ok" {
		t.Error(twice.Verdict())
	}
	for _, item := range []string{"canvas", "canvas_address", "webgl", "audio"} {
		if once.Items[item] != twice.Items[item] {
			t.Errorf("%s changed from %s to %s", item, once.Items[item], twice.Items[item])
		}
	}
}

// TestNoPausedTargetIsForgotten opens many frames and workers at once, and workers in workers: each of them is paused at its
// start, and a forgotten one would never say a word.
func TestNoPausedTargetIsForgotten(t *testing.T) {
	const many = 8
	var mu sync.Mutex
	said := map[string]string{}
	mux := http.NewServeMux()
	mux.HandleFunc("/said", func(_ http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		mu.Lock()
		defer mu.Unlock()
		said[req.URL.Query().Get("from")] = fmt.Sprint(string(b), err)
	})
	const say = `const say = (from) => fetch("https://site.test/said?from=" + from, {method: "POST", mode: "no-cors", body: String(navigator.hardwareConcurrency)});`
	script := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, say+body)
		}
	}
	mux.HandleFunc("/worker.js", script(`say("worker" + name); new Worker("/inner.js", {name});`))
	mux.HandleFunc("/inner.js", script(`say("inner" + name);`))
	mux.HandleFunc("/frame", html(`<script>`+say+`const name = location.search; say("frame" + name); new Worker("/worker.js", {name});</script>`))
	mux.HandleFunc("/many", html(fmt.Sprintf(`<body><script>for (let n = 0; n < %d; n++) {
		const frame = document.createElement("iframe");
		frame.src = "https://other" + n + ".test/frame?" + n;
		document.body.append(frame);
	}</script>`, many)))
	r := newRig(t, mux)
	cfg := r.config(t)
	cfg.Persona = persona.Make(7, "", "", persona.NoiseSeed, persona.Machine{Cores: 6})
	i := start(t, cfg)
	defer func() {
		if t.Failed() {
			t.Logf("only these spoke: %v", said)
		}
	}()
	open(t, i, "main", "https://site.test/many")
	until(t, "all frames and workers to speak", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(said) == 3*many
	})
	for from, cores := range said {
		if cores != "6<nil>" {
			t.Errorf("%s has %s processors", from, cores)
		}
	}
}

// TestOnlyThePageThatStaysIsLeftOfAStart looks for what the start opened: the mirror's worker would keep a process.
func TestOnlyThePageThatStaysIsLeftOfAStart(t *testing.T) {
	cfg := testConfig(t, openTempDir(t)+"/acc")
	cfg.Sites = []string{"site.test"} // where pages may go is no matter of the mirror
	cfg.Persona.Seed++                // not seen yet in this process
	i := start(t, cfg)
	until(t, "nothing but the page to be attached: Chromium ends the mirror's worker after its page", func() bool {
		i.targets.mu.Lock()
		defer i.targets.mu.Unlock()
		var kinds []string
		for _, target := range i.targets.byID {
			kinds = append(kinds, string(target.kind))
		}
		return slices.Equal(kinds, []string{"page"})
	})
}
