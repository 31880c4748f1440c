package engine

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const owner = "200000000017"

// TestAnswersBecomeTheseItems maps recorded answers with the sandbox's own definition.
func TestAnswersBecomeTheseItems(t *testing.T) {
	d := sandboxDefinition(t)
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded answers:", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		listen, _, _ := strings.Cut(name, "-")
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rec := page.Record{Kind: page.Response, Status: 200, URL: "https://creator.sandbox.test/api/x?work_id=1", Body: b}
			golden(t, "testdata/"+name+".golden", render(t, read(t.Context(), listen, d.Listen[listen], bodyOf(rec, owner))))
		})
	}
}

// render writes what an answer came to, one item a line.
func render(t *testing.T, a *answer) string {
	t.Helper()
	var b strings.Builder
	line := func(v any) {
		j, err := json.Marshal(v) // protojson varies its white space on purpose
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(j, '\n'))
	}
	line(map[string]any{"good": a.good, "more": a.more, "odd": a.odd, "kind": kindOf(a.err)})
	for _, i := range a.items {
		j, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(i)
		if err != nil {
			t.Fatal(err)
		}
		line(json.RawMessage(j))
	}
	if a.profile != nil {
		j, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(a.profile)
		if err != nil {
			t.Fatal(err)
		}
		line(json.RawMessage(j))
	}
	return b.String()
}

func kindOf(err error) string {
	if err == nil {
		return ""
	}
	return platforms.KindOf(err).String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs:\n%s", file, got)
	}
}

func TestAMissingKeyIsNeverAnEmptyList(t *testing.T) {
	d := sandboxDefinition(t)
	for _, c := range []struct {
		name, body string
		good       bool
		kind       string
	}{
		{"empty", `{"status_code":0,"works":[],"has_more":false}`, true, ""},
		{"null", `{"status_code":0,"works":null,"has_more":false}`, true, ""},
		{"renamed", `{"status_code":0,"work_list":[]}`, true, "page_changed"},
		{"not an object", `[]`, true, "page_changed"},
		{"not JSON", `<html>`, true, "page_changed"},
		{"nothing", ``, true, "page_changed"},
		{"refused", `{"status_code":8}`, false, ""},
		{"rows renamed", `{"status_code":0,"works":[{"ID":"1"}]}`, true, "page_changed"},
	} {
		rec := page.Record{Kind: page.Response, Status: 200, Body: []byte(c.body)}
		if a := read(t.Context(), "works", d.Listen["works"], bodyOf(rec, owner)); a.good != c.good || kindOf(a.err) != c.kind || len(a.items) != 0 {
			t.Errorf("%s: good %v, %v", c.name, a.good, a.err)
		}
	}
}

// Who waits for an answer may run out of time while it is read: that does not make it another page's.
func TestAnAnswerIsReadToItsEnd(t *testing.T) {
	c := &client{}
	c.Definition = sandboxDefinition(t)
	rec := page.Record{
		Kind: page.Response, Method: "GET", URL: "https://creator.sandbox.test/api/works", Status: 200,
		Body: []byte(`{"status_code":0,"works":[],"has_more":false}`),
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	for _, a := range c.answers(late, rec, owner) {
		if a.listen == "works" && a.good && a.err == nil {
			return
		}
	}
	t.Error("it was not understood")
}

func TestAnotherAuthorsWorkIsNotOurs(t *testing.T) {
	i, err := entity(messages.Contents, map[string]any{"id": "1", "author_id": "someone"}, owner, 0)
	if err != nil || i != nil {
		t.Errorf("%v %v", i, err)
	}
}

func TestOneVisitorOfTwoAccountsHasTwoConversations(t *testing.T) {
	row := map[string]any{"peer_id": "300000000001"}
	a, errA := entity(messages.Conversations, row, "1", 0)
	b, errB := entity(messages.Conversations, row, "2", 0)
	if errA != nil || errB != nil || a.GetConversation().GetId() == b.GetConversation().GetId() {
		t.Errorf("%v %v %v %v", a, b, errA, errB)
	}
	if _, err := entity(messages.Conversations, map[string]any{"peer_id": ""}, "1", 0); err == nil {
		t.Error("a conversation with nobody")
	}
}

func TestAbsentCountersStayAbsent(t *testing.T) {
	i, err := entity(messages.Comments, map[string]any{"id": "1", "work_id": "2", "create_time": json.Number("1790000000"), "like_count": ""}, owner, 0)
	if err != nil || i.GetComment().LikeCount != nil {
		t.Errorf("%v %v", i, err)
	}
	i, err = entity(messages.Comments, map[string]any{"id": "1", "work_id": "2", "create_time": json.Number("1790000000"), "like_count": json.Number("0")}, owner, 0)
	if err != nil || i.GetComment().LikeCount == nil {
		t.Errorf("%v %v", i, err)
	}
}

func FuzzMappingNeverPanicsNorInventsIds(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	d := sandboxDefinition(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		rec := page.Record{Kind: page.Response, Status: 200, Body: b}
		body := bodyOf(rec, owner)
		for name, l := range d.Listen {
			for _, i := range read(t.Context(), name, l, body).items {
				if _, id, ok := i.Key(); !ok || id == "" {
					t.Errorf("%s: an item without an id", name)
				}
			}
		}
	})
}

func BenchmarkPush(b *testing.B) {
	d := sandboxDefinition(b)
	raw, err := os.ReadFile("testdata/push-message.json")
	if err != nil {
		b.Fatal(err)
	}
	rec := page.Record{Kind: page.Frame, Text: true, Body: raw}
	b.ReportAllocs()
	for b.Loop() {
		read(b.Context(), "push", d.Listen["push"], bodyOf(rec, owner))
	}
}

func sandboxDefinition(t testing.TB) *definition.Definition {
	t.Helper()
	d, err := definition.Load(os.DirFS("../sandbox"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
