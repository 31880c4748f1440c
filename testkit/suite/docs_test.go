package suite

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/testkit/proc"
	"troupe/testkit/site"
)

var update = flag.Bool("update", false, "write the answers of this run into docs/api.md")

// apiDocument is the document whose examples are run.
const apiDocument = "../../docs/api.md"

// fence is a block of a document.
type fence struct {
	kind, text string
	from, to   int // where text stands in the document
}

var fences = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func fencesOf(document string) (list []fence) {
	for _, m := range fences.FindAllStringSubmatchIndex(document, -1) {
		list = append(list, fence{document[m[2]:m[3]], document[m[4]:m[5]], m[4], m[5]})
	}
	return list
}

// TestEveryExampleOfTheAPIAnswersAsShown runs each sh block of docs/api.md in its order. It has to succeed (a refusal, where
// one is shown), and what is shown after it has to have the shape of the real answer.
func TestEveryExampleOfTheAPIAnswersAsShown(t *testing.T) {
	s := prepared(t)
	s.asksForAPerson("sb_2")
	s.thumb()
	d := s.desk()
	if err := os.WriteFile(filepath.Join(d.dir, ".curlrc"), []byte("fail-with-body\nshow-error\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(apiDocument)
	if err != nil {
		t.Fatal(err)
	}
	document := string(raw)
	list := fencesOf(document)
	shown := map[int]string{} // by the number of the block
	for i, f := range list {
		if f.kind != "sh" {
			continue
		}
		var after fence
		if i+1 < len(list) {
			after = list[i+1]
		}
		shown[i+1] = d.apiExample(f.text, after)
	}
	if len(shown) < 25 {
		t.Fatalf("only %d examples found", len(shown))
	}
	s.repliesEnd()
	if *update && !t.Failed() {
		writeAnswers(t, document, list, shown)
	}
}

// asksForAPerson logs an account in and lets its site ask for a captcha, so that there is an alarm to be shown.
func (s *stage) asksForAPerson(account string) {
	s.t.Helper()
	owner, err := s.site.CreateOwner(site.NewOwner{Nickname: account})
	if err != nil {
		s.t.Fatal(err)
	}
	s.logIn(account, owner.UID)
	if err := s.site.Captcha(owner.UID, true); err != nil {
		s.t.Fatal(err)
	}
	s.must("POST", "/accounts/"+account+"/collect", nil, nil)
	s.awaitState(account, "challenge", 30*time.Second)
}

// TestTheReadmesTourRunsAsWritten takes each command of the tour in README.md as a newcomer would, with its captcha already met.
func TestTheReadmesTourRunsAsWritten(t *testing.T) {
	s := prepared(t)
	s.asksForAPerson("sb_2")
	d := s.desk()
	if err := os.Symlink(filepath.Dir(proc.Program(t)), filepath.Join(d.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tour, _ := strings.Cut(string(readme), "\n## A tour in five minutes\n")
	tour, _, _ = strings.Cut(tour, "\n## ")
	list := fencesOf(tour)
	if len(list) < 6 {
		t.Fatalf("only %d blocks found", len(list))
	}
	for _, f := range list {
		until := ""
		if strings.Contains(f.text, "--follow") {
			until = "sb_1"
		}
		script := "export TROUPE_ADDR=127.0.0.1:3000\n" + f.text
		if out, errs, err := d.run("set -e\n"+d.here(script), "", until); err != nil && until == "" || !strings.Contains(out, until) {
			t.Errorf("%s%v\n%s%s", f.text, err, out, errs)
		}
	}
	s.awaitState("sb_1", "watching", 30*time.Second)
	if starts := s.account("sb_1").BrowserStarts; starts != 2 {
		t.Errorf("sb_1 started %d browsers, want another one after the kill", starts)
	}
	if n := s.posts("Thank you!"); n != 1 {
		t.Errorf("the tour's reply was posted %d times", n)
	}
}

// here puts the stage in the place of the addresses that the document uses.
func (d *desk) here(text string) string {
	return strings.NewReplacer("127.0.0.1:3000", strings.TrimPrefix(d.node.URL, "http://"), "/var/lib/troupe", d.node.Dir).Replace(text)
}

// apiExample runs one block and compares what came with what is shown; it returns what the document could show.
func (d *desk) apiExample(script string, shown fence) string {
	d.t.Helper()
	out, errs, err := d.run("set -e\n"+d.here(script), "", "")
	refusal := shown.kind == "json" && strings.HasPrefix(strings.TrimSpace(shown.text), `{"error"`)
	switch {
	case refusal && err == nil:
		d.t.Errorf("%swas not refused:\n%s", script, out)
		return ""
	case !refusal && err != nil:
		d.t.Errorf("%s%v\n%s%s", script, err, out, errs)
		return ""
	}
	switch shown.kind {
	case "json":
		if err := sameShape(shown.text, out); err != nil && !*update {
			d.t.Errorf("%sshows another answer than it gets: %v\nwant:\n%sgot:\n%s", script, err, shown.text, out)
		}
		return pretty(out)
	case "text":
		return d.stream(script, shown.text, out)
	}
	return ""
}

// stream compares events: every one that is shown has to come, with data of its shape.
func (d *desk) stream(script, shown, out string) string {
	d.t.Helper()
	came := events(out)
	for _, want := range events(shown) {
		err := fmt.Errorf("no event %q came", want.kind)
		for _, got := range came {
			if got.kind == want.kind && err != nil {
				err = sameShape(want.data, got.data)
			}
		}
		if err != nil && !*update {
			d.t.Errorf("%s%v\nwant:\n%sgot:\n%s", script, err, shown, out)
		}
	}
	var text strings.Builder
	told := map[string]bool{}
	for _, e := range came {
		if !told[e.kind] {
			fmt.Fprintf(&text, "id: %s\nevent: %s\ndata: %s\n\n", e.id, e.kind, oneLine(e.data))
		}
		told[e.kind] = true
	}
	return text.String()
}

type sentEvent struct{ id, kind, data string }

func events(text string) (list []sentEvent) {
	var e sentEvent
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
			list = append(list, e)
		}
	}
	return list
}

func writeAnswers(t *testing.T, document string, list []fence, shown map[int]string) {
	t.Helper()
	for i := len(list) - 1; i >= 0; i-- {
		if text := shown[i]; text != "" {
			document = document[:list[i].from] + strings.TrimRight(text, "\n") + "\n" + document[list[i].to:]
		}
	}
	if err := os.WriteFile(apiDocument, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryRouteStandsInTheDocument compares the table at the end of docs/api.md with the table of routes.
func TestEveryRouteStandsInTheDocument(t *testing.T) {
	raw, err := os.ReadFile(apiDocument)
	if err != nil {
		t.Fatal(err)
	}
	document, table := string(raw), routeTable()
	if strings.Contains(document, table) {
		return
	}
	const heading = "## Every route\n"
	before, _, found := strings.Cut(document, heading)
	if !*update || !found {
		t.Fatalf("docs/api.md lacks the table of routes as it is now (-update writes it):\n%s", table)
	}
	if err := os.WriteFile(apiDocument, []byte(before+heading+"\n"+table), 0o644); err != nil {
		t.Fatal(err)
	}
}

func routeTable() string {
	var b strings.Builder
	b.WriteString("| | path | parameters | role | what |\n|---|---|---|---|---|\n")
	for _, r := range api.Routes() {
		query := ""
		if len(r.Query) > 0 {
			query = "`" + strings.Join(r.Query, "` `") + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", r.Method, r.Pattern, query, r.Role, r.Summary)
	}
	return b.String()
}

// sameShape says what of the shown JSON is not in the real one: every key has to be there with a value of its kind, and every
// element of an array has to be like one of the real elements. What the document leaves out does not matter.
func sameShape(shown, answer string) error {
	var want, got any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		return fmt.Errorf("the document's JSON: %w", err)
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return compare("", want, got)
}

// passing are keys that an answer has only at some times: while a round runs there is no next one.
var passing = map[string]bool{
	"next_round": true, "reason": true, "step": true, "evidence": true, "browser_end": true,
	"self_test": true, "shared": true, "user_agent": true, "unlisted": true, "refused": true,
}

// counted are objects whose keys are what happened so far.
var counted = map[string]bool{"refused": true}

func compare(at string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no object", at)
		}
		for key, value := range want {
			came, ok := object[key]
			if !ok && passing[key] || ok && counted[key] {
				continue
			}
			if !ok {
				return fmt.Errorf("%s.%s is missing", at, key)
			}
			if err := compare(at+"."+key, value, came); err != nil {
				return err
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok {
			return fmt.Errorf("%s is no array", at)
		}
		for _, element := range want {
			err := errors.New(at + " is empty")
			for _, came := range list {
				if err = compare(at+"[]", element, came); err == nil {
					break
				}
			}
			if err != nil {
				return err
			}
		}
	default:
		if w, g := fmt.Sprintf("%T", want), fmt.Sprintf("%T", got); w != g {
			return fmt.Errorf("%s is %s, not %s", at, g, w)
		}
	}
	return nil
}
