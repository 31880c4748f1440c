package definition_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"troupe/platforms/definition"
)

const pushProto = `syntax = "proto3";
package im;
enum Kind { NONE = 0; TEXT = 7; }
message Frame { string type = 1; bytes payload = 2; }
message Push { repeated Message messages = 1; map<string, string> ext = 2; uint64 big = 3; }
message Message { int64 id = 1; Kind kind = 2; string content = 3; }
`

// piped is a definition whose listen "works" has these stages and expressions, as YAML.
func piped(t testing.TB, lines string) (*definition.Definition, error) {
	t.Helper()
	src, err := sandboxSource()
	if err != nil {
		t.Fatal(err)
	}
	old := "require: [.works, .has_more]\n    more: .has_more"
	if !strings.Contains(src, old) {
		t.Fatal("the sandbox's definition changed")
	}
	src = strings.Replace(src, old, strings.ReplaceAll(lines, "\n", "\n    "), 1)
	return definition.Parse(map[string]string{definition.File: src, "answered.js": "() => 1", "im.proto": pushProto})
}

// push is a frame around a zipped message with a 19-digit id whose content is JSON in a text.
func push(t testing.TB) []byte {
	t.Helper()
	message := protowire.AppendTag(nil, 1, protowire.VarintType)
	message = protowire.AppendVarint(message, 7123456789012345678)
	message = protowire.AppendTag(message, 2, protowire.VarintType)
	message = protowire.AppendVarint(message, 7)
	message = protowire.AppendTag(message, 3, protowire.BytesType)
	message = protowire.AppendString(message, `{"text":"在吗","n":1234567890123456789}`)
	body := protowire.AppendTag(nil, 1, protowire.BytesType)
	body = protowire.AppendBytes(body, message)
	body = protowire.AppendTag(body, 3, protowire.VarintType)
	body = protowire.AppendVarint(body, 1<<64-1)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	frame := protowire.AppendTag(nil, 1, protowire.BytesType)
	frame = protowire.AppendString(frame, "pb")
	frame = protowire.AppendTag(frame, 2, protowire.BytesType)
	return protowire.AppendBytes(frame, zipped.Bytes())
}

const pushStages = `decode:
  - protobuf: im.Frame
  - { at: 'select(.type == "pb") | .payload', through: [base64, gzip, { protobuf: im.Push }] }
  - { at: '.payload.messages[]?.content', through: [json_string] }
more: .has_more`

func TestBytesBecomeJSONWithEveryDigit(t *testing.T) {
	d, err := piped(t, pushStages)
	if err != nil {
		t.Fatal(err)
	}
	v, err := d.Listen["works"].Value(t.Context(), push(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(v)
	want := `{"payload":{"big":18446744073709551615,"messages":[{"content":{"n":1234567890123456789,"text":"在吗"},"id":7123456789012345678,"kind":"TEXT"}]},"type":"pb"}`
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
}

func TestWhatDoesNotDecodeIsAnErrorAndNeverEmpty(t *testing.T) {
	d, err := piped(t, pushStages)
	if err != nil {
		t.Fatal(err)
	}
	other := protowire.AppendTag(nil, 15, protowire.VarintType) // a message whose fields all moved
	other = protowire.AppendVarint(other, 1)
	zeros := bytes.Repeat([]byte{0}, 20)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	for range 17 {
		_, _ = w.Write(make([]byte, 1<<20)) // a buffer takes it all
	}
	_ = w.Close()
	frame := func(payload []byte) []byte {
		b := protowire.AppendTag(nil, 1, protowire.BytesType)
		b = protowire.AppendString(b, "pb")
		b = protowire.AppendTag(b, 2, protowire.BytesType)
		return protowire.AppendBytes(b, payload)
	}
	for name, body := range map[string][]byte{"other fields": other, "no protobuf": zeros, "no zip": frame([]byte("plain")), "a zip bomb": frame(bomb.Bytes())} {
		if v, err := d.Listen["works"].Value(t.Context(), body); err == nil {
			t.Errorf("%s became %v", name, v)
		}
	}
}

func TestHugeMessagesAreCut(t *testing.T) {
	d, err := piped(t, "decode: { protobuf: im.Push }\nmore: .has_more")
	if err != nil {
		t.Fatal(err)
	}
	many := bytes.Repeat([]byte{0x0a, 0x00}, 600_000) // empty messages
	if _, err := d.Listen["works"].Value(t.Context(), many); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

func TestProtoMistakesHaveFileAndLine(t *testing.T) {
	src, err := sandboxSource()
	if err != nil {
		t.Fatal(err)
	}
	_, err = definition.Parse(map[string]string{
		definition.File: src, "answered.js": "() => 1", "im.proto": "syntax = \"proto3\";\npackage im;\nmessage A { strin x = 1; }\n",
	})
	if err == nil || !strings.Contains(err.Error(), "im.proto:3: ") {
		t.Error(err)
	}
}

func TestQueriesKeepEveryDigit(t *testing.T) {
	d, err := piped(t, "require: [.works]\nmore: '.id, (.id | tostring), (.text | fromjson | .id), .id + 1'")
	if err != nil {
		t.Fatal(err)
	}
	l := d.Listen["works"]
	v, err := l.Value(t.Context(), []byte(`{"id":7123456789012345678,"text":"{\"id\":7123456789012345679}"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.More.All(t.Context(), v, definition.Vars{})
	if s := fmt.Sprint(got); err != nil || s != "[7123456789012345678 7123456789012345678 7123456789012345679 7123456789012345679]" {
		t.Errorf("%v %v", s, err)
	}
}

func TestAnEndlessQueryIsCutAndNamed(t *testing.T) {
	t.Parallel() // it takes the query's whole time
	d, err := piped(t, "require: [.works]\nmore: 'def loop: loop; loop'")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = d.Listen["works"].More.First(context.Background(), nil, definition.Vars{})
	if err == nil || !strings.Contains(err.Error(), "loop") || !strings.Contains(err.Error(), "was cut after") || time.Since(began) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestPostedBodiesAreReadAsJSONOrForm(t *testing.T) {
	for body, want := range map[string]string{`{"id":7123456789012345678}`: `{"id":7123456789012345678}`, "a=1&b=%E5%9C%A8": `{"a":"1","b":"在"}`, "": "null"} {
		if got, err := json.Marshal(definition.Posted([]byte(body))); err != nil || string(got) != want {
			t.Errorf("%q became %s %v", body, got, err)
		}
	}
}

func TestAnswersAreToldApartByQueryAndPost(t *testing.T) {
	src, err := sandboxSource()
	if err != nil {
		t.Fatal(err)
	}
	src = strings.Replace(src, "response: https://creator.sandbox.test/api/works\n",
		"response: [{ url: 'https://creator.sandbox.test/api/works', query: { tab: 'own*' } }, { url: 'https://creator.sandbox.test/api/v2/works', method: POST, post: '.tab == 0' }]\n", 1)
	d, err := definition.Parse(map[string]string{definition.File: src, "answered.js": "() => 1"})
	if err != nil {
		t.Fatal(err)
	}
	l := d.Listen["works"]
	for _, c := range []struct {
		method, url, post string
		want              bool
	}{
		{"GET", "https://creator.sandbox.test/api/works?tab=own_1&n=2", "", true},
		{"GET", "https://creator.sandbox.test/api/works/?tab=own_1", "", true},
		{"GET", "https://creator.sandbox.test/api/works?tab=liked", "", false},
		{"GET", "https://creator.sandbox.test/api/works", "", false},
		{"POST", "https://creator.sandbox.test/api/v2/works", `{"tab":0}`, true},
		{"POST", "https://creator.sandbox.test/api/v2/works", `{"tab":1}`, false},
		{"POST", "https://creator.sandbox.test/api/v2/works", "", false},
		{"GET", "https://creator.sandbox.test/api/v2/works", `{"tab":0}`, false},
	} {
		if got := l.AnswersPost(t.Context(), c.method, c.url, []byte(c.post)); got != c.want {
			t.Errorf("%s %s %s: %v", c.method, c.url, c.post, got)
		}
	}
	if !d.Hears("POST", "https://creator.sandbox.test/api/v2/works") || d.Hears("GET", "https://creator.sandbox.test/pictures/1") {
		t.Error("what is heard")
	}
	if !d.HearsSocket(false, "wss://im.sandbox.test/push?x=1") || d.HearsSocket(true, "wss://im.sandbox.test/push") {
		t.Error("what is heard of sockets")
	}
}

func FuzzPipelineNeverPanics(f *testing.F) {
	d, err := piped(f, pushStages)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(push(f))
	f.Add([]byte{0x0a, 0x02, 'p', 'b', 0x12, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = d.Listen["works"].Value(t.Context(), b) // any error will do
	})
}
