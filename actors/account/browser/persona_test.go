package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"troupe/actors/account/persona"
)

func TestPersonaIsTheSameInNineContextsAndAfterARestart(t *testing.T) {
	cfg := testConfig(t, "")
	site, r := newProbeSite(t, cfg.Persona, true)
	cfg = r.config(t)
	i := start(t, cfg)
	answers, asked := site.look(t, i)
	own := *i.identity.Load()

	if wrong := persona.Compare(cfg.Persona, own, answers); len(wrong) > 0 {
		t.Errorf("pages see something else: %s", persona.Words(wrong))
	}
	for _, context := range persona.Contexts {
		if answers[context]["canvas"] == "" || answers[context]["webgl"] == "" {
			t.Errorf("%s has no canvas or no WebGL: %v", context, answers[context])
		}
	}
	wantHeaders(t, cfg.Persona, own, asked)

	t.Run("ItIsWhatThisChromiumSaysByItself", func(t *testing.T) {
		native, nativeAsked := ownWords(t, cfg, r, site)
		for item, got := range answers[persona.Page] {
			switch item {
			case "user_agent", "language", "languages", "locale", "time_zone", "screen", "webdriver":
				continue // the persona's business
			}
			if want, ok := native[item]; ok && got != want {
				t.Errorf("%s is %q with the persona and %q without", item, got, want)
			}
		}
		if agent := strings.Replace(native["user_agent"], "HeadlessChrome", "Chrome", 1); agent != answers[persona.Page]["user_agent"] {
			t.Errorf("agent is %q by itself", native["user_agent"])
		}
		for address, header := range nativeAsked {
			if with := asked[address]; with != nil && !slices.Equal(names(header), names(with)) {
				t.Errorf("%s is asked for with headers %v, without the persona with %v", address, names(with), names(header))
			}
		}
	})
	t.Run("HintsThatASiteAsksFor", func(t *testing.T) {
		site.forget()
		open(t, i, "main", networkProbe)
		_, asked := site.seen()
		for name, want := range hintHeaders(persona.Overrides(cfg.Persona, own)) {
			if got := asked[networkProbe].Get(name); got != want {
				t.Errorf("%s is %s, not %s", name, got, want)
			}
		}
	})
	t.Run("AfterARestart", func(t *testing.T) {
		if err := i.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, _ := site.look(t, start(t, cfg))
		if diff := cmp.Diff(answers, again); diff != "" {
			t.Errorf("changed with the restart: %s", diff)
		}
	})
}

// wantHeaders checks every request that was made for the contexts.
func wantHeaders(t *testing.T, p persona.Persona, own persona.Identity, asked map[string]http.Header) {
	t.Helper()
	const language = "zh-CN,zh;q=0.9,en;q=0.8"
	low := []string{"Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform"}
	hints := hintHeaders(persona.Overrides(p, own))
	for address, header := range asked {
		if got := header.Get("User-Agent"); got != persona.UserAgent(own.Version) {
			t.Errorf("%s was asked for by %q", address, got)
		}
		if got := header.Get("Accept-Language"); got != language && !(got == "" && header.Get("Service-Worker") == "script") {
			t.Errorf("%s was asked for in %q", address, got)
		}
		for _, name := range low {
			if got := header.Get(name); got != "" && got != hints[name] {
				t.Errorf("%s was asked for with %s %s", address, name, got)
			}
		}
	}
	for _, address := range []string{networkProbe, mirrorSite + "/frame", foreignSite + "/frame", mirrorSite + "/popup", answerFrom(persona.Page)} {
		if asked[address] == nil {
			t.Errorf("%s was not asked for", address)
		}
		for _, name := range low {
			if got := asked[address].Get(name); got != hints[name] {
				t.Errorf("%s was asked for with %s %q", address, name, got)
			}
		}
	}
}

func names(header http.Header) []string {
	var list []string
	for name := range header {
		if strings.HasPrefix(name, "Sec-Ch") || strings.HasPrefix(name, "Accept") || name == "User-Agent" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// ownWords is what the installed Chromium says in its page without any switch or override of ours, and its requests.
func ownWords(t *testing.T, cfg Config, r *rig, site *probeSite) (persona.Answer, map[string]http.Header) {
	t.Helper()
	site.forget()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	profile := openTempDir(t)
	cmd := exec.CommandContext(ctx, cfg.Bin, "--headless=new", "--no-sandbox", "--user-data-dir="+profile,
		"--proxy-server=http://"+cfg.Proxy, "--ignore-certificate-errors-spki-list="+r.pin, fullMirror)
	cmd.Env = append(os.Environ(), "TMPDIR="+openTempDir(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	defer func() {
		cancel()
		<-done
		until(t, "its processes to end", func() bool { // one that goes on would write into its profile when that is removed
			left, err := remains(record{PID: cmd.Process.Pid}, profile)
			return err == nil && len(left) == 0
		})
	}()
	var answers map[string]persona.Answer
	var asked map[string]http.Header
	until(t, "Chromium's own answers", func() bool {
		answers, asked = site.seen()
		return len(answers) == len(persona.Contexts)-1 // nobody opens the popup
	})
	return answers[persona.Page], asked
}

// TestNoiseIsTheAccountsOwn compares accounts. That without noise all show the machine's own values is part of the test
// above, where a Chromium without a persona shows them too.
func TestNoiseIsTheAccountsOwn(t *testing.T) {
	type hashes struct{ Canvas, File, WebGL, Audio, Spectrum string }
	seen := map[string]hashes{}
	for _, account := range []struct {
		name, noise string
		seed        uint64
	}{{"off", persona.NoiseOff, 1}, {"seed 1", persona.NoiseSeed, 1}, {"seed 2", persona.NoiseSeed, 2}} {
		cfg := testConfig(t, openTempDir(t)+"/acc")
		cfg.Persona = persona.Make(account.seed, "", "", account.noise, persona.Machine{Cores: 8})
		i := start(t, cfg)
		report, err := i.Persona(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if report.Verdict() != "ok" {
			t.Errorf("%s: %s", account.name, report.Verdict())
		}
		if report.Items["cores"] != "8" {
			t.Errorf("%s: %s processors", account.name, report.Items["cores"])
		}
		got := hashes{report.Items["canvas"], report.Items["canvas_file"], report.Items["webgl"], report.Items["audio"], report.Items["audio_spectrum"]}
		seen[account.name] = got
		for _, item := range []string{"canvas: " + got.Canvas, "webgl: " + got.WebGL, "audio: " + got.Audio} {
			if slices.Contains(report.Shared, item) != (account.noise == persona.NoiseOff) {
				t.Errorf("%s: the report says of what is shared: %v", account.name, report.Shared)
			}
		}
		if account.name == "seed 1" {
			noiseLooksNative(t, i, cfg)
		}
		if err := i.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2]string{{"off", "seed 1"}, {"off", "seed 2"}, {"seed 1", "seed 2"}} {
		a, b := seen[pair[0]], seen[pair[1]]
		if a.Canvas == b.Canvas || a.File == b.File || a.WebGL == b.WebGL || a.Audio == b.Audio || a.Spectrum == b.Spectrum {
			t.Errorf("%s and %s have a hash in common: %+v %+v", pair[0], pair[1], a, b)
		}
	}
}

// noiseLooksNative checks the noise from within a page.
func noiseLooksNative(t *testing.T, i *Instance, cfg Config) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := i.openMirror(ctx, blankMirror, false)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close(ctx)
	for name, function := range map[string]string{
		"functions read as native ones": `() => [
			[HTMLCanvasElement.prototype, "toDataURL"], [HTMLCanvasElement.prototype, "toBlob"], [OffscreenCanvas.prototype, "convertToBlob"],
			[CanvasRenderingContext2D.prototype, "getImageData"], [WebGLRenderingContext.prototype, "readPixels"],
			[AudioBuffer.prototype, "getChannelData"], [AnalyserNode.prototype, "getFloatFrequencyData"], [Function.prototype, "toString"],
		].every(([owner, name]) => Function.prototype.toString.call(owner[name]) === "function " + name + "() { [native code] }"
			&& owner[name].name === name && !Object.hasOwn(owner[name], "prototype"))`,
		"also through a frame's toString": `() => {
			const frame = document.body.appendChild(document.createElement("iframe"));
			const text = frame.contentWindow.Function.prototype.toString.call(HTMLCanvasElement.prototype.toDataURL);
			const back = Function.prototype.toString.call(frame.contentWindow.HTMLCanvasElement.prototype.toDataURL);
			frame.remove();
			return text === back && text === "function toDataURL() { [native code] }";
		}`,
		"misuse fails as it does natively": `() => {
			try { HTMLCanvasElement.prototype.toDataURL.call({}); } catch (err) { return err instanceof TypeError && err.message === "Illegal invocation"; }
		}`,
		"an empty canvas is empty": `() => Object.assign(document.createElement("canvas"), {width: 0}).toDataURL() === "data:,"`,
		"plain colours stay": `() => {
			const c = document.createElement("canvas").getContext("2d");
			c.fillStyle = "#f0f";
			c.fillRect(0, 0, 9, 9);
			return c.getImageData(3, 3, 1, 1).data.join() === "255,0,255,255" && c.getImageData(200, 100, 1, 1).data.join() === "0,0,0,0";
		}`,
		"a part reads like the whole, and what was read reads the same again": `() => {
			const c = document.createElement("canvas").getContext("2d");
			const shade = c.createLinearGradient(0, 0, 300, 150);
			shade.addColorStop(0, "#123"); shade.addColorStop(1, "#fec");
			c.fillStyle = shade;
			c.fillRect(0, 0, 300, 150);
			const whole = c.getImageData(0, 0, 300, 150), part = c.getImageData(100, 70, 1, 50);
			for (let y = 0; y < 50; y++) for (let k = 0; k < 4; k++)
				if (part.data[y * 4 + k] !== whole.data[((70 + y) * 300 + 100) * 4 + k]) return false;
			c.putImageData(whole, 0, 0);
			return c.getImageData(0, 0, 300, 150).data.join() === whole.data.join();
		}`,
		"samples written by a page come back": `() => {
			const b = new AudioBuffer({length: 4, sampleRate: 44100});
			b.getChannelData(0).set([0.5, -0.25, 1, 0]);
			return b.getChannelData(0).join() === "0.5,-0.25,1,0";
		}`,
	} {
		got, err := newTab(i, m.tab).EvalPage(ctx, function, nil)
		if err != nil || string(got) != "true" {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	const canvas = `() => { const c = document.createElement("canvas").getContext("2d"); c.fillText("noise", 9, 9); return c.canvas.toDataURL(); }`
	before, err := newTab(i, m.tab).EvalPage(ctx, canvas, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := map[string]any{"expression": persona.Script(cfg.Persona)}
	if err := m.tab.call(ctx, "Runtime.evaluate", again, nil); err != nil {
		t.Fatal(err)
	}
	if after, err := newTab(i, m.tab).EvalPage(ctx, canvas, nil); err != nil || string(after) != string(before) {
		t.Errorf("a script that runs twice changes the canvas: %v", err)
	}
}

func TestMismatchEndsTheStartBeforeAnythingIsAskedFor(t *testing.T) {
	_, r := newProbeSite(t, persona.Make(1, "", "", "", persona.Machine{Cores: 2}), false)
	cfg := r.config(t)
	cfg.Persona.TimeZone, cfg.Persona.Locale = "Mars/Olympus", "tlh-QO"
	if err := cfg.Persona.Check(); err != nil {
		t.Fatalf("what only Chromium can judge is judged before: %v", err)
	}
	i, err := Start(t.Context(), cfg)
	if err == nil {
		i.Kill()
		t.Fatal("started")
	}
	wrong, _ := errors.AsType[PersonaMismatch](err)
	for _, item := range []string{"locale", "time_zone"} {
		if !slices.ContainsFunc(wrong.Items, func(m persona.Mismatch) bool { return m.Item == item && len(m.Contexts) == len(persona.Contexts) }) {
			t.Errorf("%s is not named: %v", item, err)
		}
	}
	if asked := r.requests(); len(asked) > 0 {
		t.Errorf("asked the network for %v", asked)
	}
}

func TestEveryModeShowsThePersona(t *testing.T) {
	for _, mode := range []Mode{Headful, Shell} {
		t.Run(string(mode), func(t *testing.T) {
			cfg := testConfig(t, openTempDir(t)+"/acc")
			cfg.Host = testHost(t, HostConfig{Mode: mode, Dir: openTempDir(t), Log: testLog()})
			i := start(t, cfg) // which looks
			report, ok := i.host.looks.passed.Load(i.look())
			if text := fmt.Sprint(report); !ok || strings.Contains(text, "Headless") || !strings.Contains(text, "Chromium;"+i.version) {
				t.Errorf("it shows %s", text)
			}
		})
	}
}
