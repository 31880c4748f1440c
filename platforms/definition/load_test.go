package definition_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
)

func TestSandboxLoads(t *testing.T) {
	d, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	if d.Platform != "sandbox" || d.Title.ZH != "沙盒" || len(d.Digest) != 64 {
		t.Errorf("%s %s %s", d.Platform, d.Title.ZH, d.Digest)
	}
	for _, kind := range definition.ReplyKinds {
		if len(d.ReplyFlow(kind)) == 0 || len(d.ThreadFlow(kind)) == 0 {
			t.Errorf("no flow for %v", kind)
		}
	}
	if d.ReplyFlow(messages.ReplyKind_REPLY_UNKNOWN) != nil {
		t.Error("a flow for nothing")
	}
}

func TestRoundStaysWithinItsSpan(t *testing.T) {
	d := load(t)
	for range 1000 {
		if r := d.Round(); r < 15*time.Second || r > 30*time.Second {
			t.Fatal(r)
		}
	}
}

func TestRegistryRefusesAPlatformTwice(t *testing.T) {
	if _, err := definition.NewRegistry(sandbox.FS, sandbox.FS); err == nil || !strings.Contains(err.Error(), "defined twice") {
		t.Error(err)
	}
	r, err := definition.NewRegistry(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	if r.Get("sandbox") == nil || r.Get("douyin") != nil || len(r.All()) != 1 {
		t.Error("the registry holds something else than the sandbox")
	}
}

func load(t *testing.T) *definition.Definition {
	t.Helper()
	d, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// source is the sandbox's own definition, to be spoilt line by line.
func source(t *testing.T) string {
	t.Helper()
	b, err := sandbox.FS.ReadFile(definition.File)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(src string) (*definition.Definition, error) {
	return definition.Load(fstest.MapFS{
		definition.File: {Data: []byte(src)},
		"answered.js":   {Data: []byte(`() => ""`)},
	})
}

func TestProblemsAreNamedWithTheirLine(t *testing.T) {
	src := source(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown word", "version: 1", "version: 1\nverzion: 2", `unknown word "verzion"; known here: platform`},
		{"unknown word in a flow", "- refresh: refresh", "- refesh: refresh", `unknown word "refesh"; known here: open refresh frame await`},
		{"verb that is not known", "- refresh: refresh", "- if: {}", `unknown word "if"`},
		{"word twice", "version: 1", "version: 1\nversion: 2", `"version" stands here twice`},
		{"mapping where a value belongs", "version: 1", "version: { is: 1 }", "write one plain value here"},
		{"value where a mapping belongs", "hosts:\n  sites: [creator.sandbox.test, www.sandbox.test]", "hosts: 7\norigins2:", "write some of these words here: sites resources"},
		{"alias of nothing", "confirm: *commented", "confirm: *commentary", "there is no anchor &commentary"},
		{"wrong type", "version: 1", "version: one", "is no whole number"},
		{"time zone", "time_zone: Asia/Shanghai", "time_zone: Mars/Olympus", "no IANA time zone"},
		{"page outside the sites", "https://creator.sandbox.test/messages", "https://evil.example/messages", "not among hosts.sites"},
		{"plain http", "https://creator.sandbox.test/messages", "http://creator.sandbox.test/messages", "no https address"},
		{"no such find", "image: qr_image", "image: qr_picture", `find has no "qr_picture"`},
		{"no such listen", "- await: me", "- await: myself", `listen has no "myself"`},
		{"empty pattern", "response: https://creator.sandbox.test/api/me", "response: ''", "matches nothing"},
		{"no such page", "open: login", "open: lobby", `pages has no "lobby"`},
		{"no such function", "function: answered, is: \"{{target.comment_id}}\"", "function: guessed, is: \"{{target.comment_id}}\"", "no page function guessed.js"},
		{"jq does not parse", "more: .has_more", "more: .has_more |", "jq:"},
		{"jq with an unknown function", "more: .has_more", "more: frobnicate", "jq: function not defined: frobnicate/0"},
		{"jq with an unknown variable", "more: .has_more", "more: $secret", "jq: variable not defined"},
		{"jq reads no input", "more: .has_more", "more: input", "jq: "},
		{"unknown field of an entity", "(.works // [])[] | work", ".works[]? | {id, likes: 1}", `Content has no field "likes"`},
		{"field in a shared definition", "is_pinned: .pinned", "is_pined: .pinned", `Conversation has no field "is_pined"`},
		{"field that is not the page's", "(.works // [])[] | work", ".works[]? | {id, is_new: true}", `field "is_new" is not the page's to say`},
		{"unknown collection", "yields: { contents:", "yields: { works:", `there is no collection "works"`},
		{"round without a unit", "round: 15s-30s", "round: 15-30", "not a span of time"},
		{"rate", "navigate_at_most: 12/min", "navigate_at_most: often", "not a rate"},
		{"commit in a look", "- refresh: refresh", "- commit: { click: refresh }", "only a reply may commit"},
		{"two commits", "- commit: { click: work_send }", "- commit: { click: work_send }\n    - commit: { click: work_send }", "exactly one commit; this one has 2"},
		{"nothing committed", "    - commit: { click: work_send }\n", "", "exactly one commit; this one has 0"},
		{"recipient not asserted", `    - assert: { url: true, is: "{{pages.comments}}?work_id={{target.work_id}}" }` + "\n", "", "before an assert of who is answered"},
		{"send button clicked early", "- clear: work_editor", "- click: work_send", "nothing else may"},
		{"Enter before the commit", "- clear: work_editor", "- press: Enter", "Enter may send"},
		{"content not typed", "into: work_editor, text: \"{{reply.content}}\"", "into: work_editor, text: hello", "reply.content is typed exactly once"},
		{"something after the commit", "- commit: { click: work_send }", "- commit: { click: work_send }\n    - press: Escape", "after the commit comes one confirm"},
		{"else is missing", "else: unknown                                                  # settled", "# settled", `write "else: unknown"`},
		{"sent without an answer", "sent: { listen: message_posted, when: .status_code == 0, id: .message.id }", "sent: { text: 发送成功 }", "counts as sent by the platform's own answer"},
		{"page function that reads nothing", "response: https://creator.sandbox.test/api/me", "function: whoami", "no page function whoami.js"},
		{"unknown stage", "response: https://creator.sandbox.test/api/me", "decode: [rot13]\n    response: https://creator.sandbox.test/api/me", `"rot13" is no stage`},
		{"message that no .proto declares", "response: https://creator.sandbox.test/api/me", "decode: [{ protobuf: im.Push }]\n    response: https://creator.sandbox.test/api/me", `declares the message "im.Push"`},
		{"asking in a look", "- refresh: refresh", "- ask: { for: password, into: refresh }", "has a person to ask"},
		{"way without its section", "ways: [qr]", "ways: [qr, sms]", "needs a section login.sms"},
		{"each without a bound", "- refresh: refresh", "- each: { of: works, rows: '.works[] | {key: .id}', steps: [{ pause: 1s }] }", "a loop needs a bound"},
		{"each in a reply", "- clear: work_editor", "- each: { of: works, rows: '.works[] | {key: .id}', at_most: 2, steps: [{ pause: 1s }] }", "each stands in a look"},
		{"commit in each", "- refresh: refresh", "- each: { of: works, rows: '.works[] | {key: .id}', at_most: 2, steps: [{ commit: { click: refresh } }] }", "only a reply may commit"},
		{"name of each outside of it", "- refresh: refresh", "- open: 'https://creator.sandbox.test/{{each.key}}'", "{{each.key}} is not known here"},
		{"another row after the assert", "    - commit: { click: reply_send }                                    #", "    - click: { find: reply_button, in: row }\n    - commit: { click: reply_send } #", "click may turn to another person"},
		{"awaiting what must be read", "- await: me", "- read: me", "is no page function: await it"},
		{"time without a unit", "every: 12h", "every: 12", "is no time"},
		{"allowance", "navigate_at_most: 12/min", "navigate_at_most: 12/min\n  replies: { hour: 5, day: 2 }", "an hour's allowance is part of the day's"},
		{"quiet part of the day", "navigate_at_most: 12/min", "navigate_at_most: 12/min\n  quiet: [{ from: 23:00, to: 25:00, round: 5m }]", "is no time of day"},
		{"unknown name", "{{target.work_id}}\"\n    - await: comments\n    - assert", "{{target.wrok_id}}\"\n    - await: comments\n    - assert", "{{target.wrok_id}} is not known here"},
		{"content outside a reply", "- open: desk\n    - await: recent_messages", "- open: \"{{pages.desk}}?q={{reply.content}}\"\n    - await: recent_messages", "{{reply.content}} is not known here"},
		{"expression in a text", "{{target.work_id}}\"\n    - await: comments\n    - assert", "{{target.work_id + 1}}\"\n    - await: comments\n    - assert", "a plain name"},
		{"loop without a bound", "more: more_works, at_most: 100", "more: more_works", "a loop needs a bound"},
		{"row before locate", "- clear: work_editor", "- click: row", `find has no "row"`},
		{"no thread", "  work: *comments_again\n", "", `thread needs a flow "work"`},
		{"proof by cookie alone", `url: ["https://creator.sandbox.test/home", "https://creator.sandbox.test/desk"]`, "url: []", "by a page and a cookie"},
		{"sign of nothing", "- { visible: captcha }", "- {}", "a sign needs"},
		{"prefix", "prefix: sb", "prefix: Sandbox One", "the prefix of account ids"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(src, c.old) {
				t.Fatalf("the definition has no %q any more", c.old)
			}
			spoilt := strings.Replace(src, c.old, c.new, 1)
			_, err := parse(spoilt)
			problems, ok := errors.AsType[definition.Problems](err)
			if !ok {
				t.Fatalf("%v", err)
			}
			at := slices.IndexFunc(problems, func(p definition.Problem) bool { return strings.Contains(p.Text, c.want) })
			if at < 0 {
				t.Fatalf("no problem says %q:\n%v", c.want, err)
			}
			near(t, spoilt, c.old, src, problems[at])
		})
	}
}

// near checks that a problem's line is where the definition was spoilt, or in the section around it.
func near(t *testing.T, spoilt, old, src string, p definition.Problem) {
	t.Helper()
	first := strings.Count(src[:strings.Index(src, old)], "\n") + 1
	if strings.Contains(src[:strings.Index(src, old)], "jq: |") && !strings.Contains(src[:strings.Index(src, old)], "listen:") {
		first = strings.Count(src, "\n") // a shared definition is found wrong where it is used
	}
	if total := strings.Count(spoilt, "\n") + 1; p.Line < 1 || p.Line > total || p.Line > first+4 {
		t.Errorf("line %d of %d, spoilt at %d: %s", p.Line, total, first, p.Text)
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	src := source(t)
	for _, change := range [][2]string{{"version: 1", "version: 0"}, {"locale: zh-CN", "locale: ''"}, {"- await: me", "- await: myself"}} {
		src = strings.Replace(src, change[0], change[1], 1)
	}
	_, err := parse(src)
	for i, want := range []string{"platform.yaml:6: version: ", "platform.yaml:9: locale: ", "probe[1].await: listen has no"} {
		lines := strings.Split(fmt.Sprint(err), "\n")
		if len(lines) != 3 || !strings.Contains(lines[i], want) {
			t.Errorf("want %q in line %d of\n%v", want, i, err)
		}
	}
}

// TestTenMistakesAreNamedAtOnce spoils ten lines in ten ways: words, values, names, expressions and proofs.
func TestTenMistakesAreNamedAtOnce(t *testing.T) {
	src := source(t)
	changes := []struct{ old, new, want string }{
		{"version: 1\n", "version: one\n", "no whole number"},
		{"time_zone: Asia/Shanghai", "time_zone: Mars/Olympus", "no IANA time zone"},
		{"https://creator.sandbox.test/messages", "https://evil.example/messages", "not among hosts.sites"},
		{"more: .has_more", "more: .has_more |", "jq:"},
		{"- await: me", "- await: myself", `listen has no "myself"`},
		{"valid: 60s", "valid: soon", "not a span of time"},
		{"round: 15s-30s", "rounds: 15s-30s", `unknown word "rounds"`},
		{"- refresh: refresh", "- commit: { click: refresh }", "only a reply may commit"},
		{`    - assert: { url: true, is: "{{pages.comments}}?work_id={{target.work_id}}" }` + "\n", "", "before an assert of who is answered"},
		{"- { visible: captcha }", "- { visible: captchas }", `find has no "captchas"`},
	}
	for _, c := range changes {
		if !strings.Contains(src, c.old) {
			t.Fatalf("the definition has no %q any more", c.old)
		}
		src = strings.Replace(src, c.old, c.new, 1)
	}
	_, err := parse(src)
	problems, _ := errors.AsType[definition.Problems](err)
	for _, c := range changes {
		at := slices.IndexFunc(problems, func(p definition.Problem) bool { return strings.Contains(p.Text, c.want) })
		if at < 0 {
			t.Errorf("no problem says %q", c.want)
			continue
		}
		if c.new != "" {
			if line := strings.Count(src[:strings.Index(src, strings.TrimSpace(c.new))], "\n") + 1; problems[at].Line != line {
				t.Errorf("%q is said of line %d, not %d", c.want, problems[at].Line, line)
			}
		}
	}
	if len(problems) > len(changes)+2 { // a step that cannot be read may miss elsewhere
		t.Errorf("%d problems:\n%v", len(problems), err)
	}
}

func TestDigestChangesWithEveryPart(t *testing.T) {
	src := source(t)
	a, _ := definition.Parse(map[string]string{definition.File: src, "answered.js": "() => 1"})
	b, _ := definition.Parse(map[string]string{definition.File: src, "answered.js": "() => 2"})
	c, _ := definition.Parse(map[string]string{definition.File: src + "\n", "answered.js": "() => 1"})
	if a == nil || b == nil || c == nil || a.Digest == b.Digest || a.Digest == c.Digest {
		t.Error("the digest does not tell them apart")
	}
}

func FuzzParseNeverPanics(f *testing.F) {
	b, err := sandbox.FS.ReadFile(definition.File)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("reply: { comment: [ { commit: } ] }")
	f.Add("listen: { a: { yields: { comments: '{id}' } } }")
	f.Fuzz(func(_ *testing.T, src string) {
		_, _ = definition.Parse(map[string]string{definition.File: src}) // any error will do
	})
}
