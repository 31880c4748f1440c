package recording

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"troupe/platforms/definition"
)

// The canaries: each stands for a secret of its kind, and may be in no file.
const (
	cookie    = "c4nary-cookie-0001"
	userToken = "c4naryUserToken0002"
	csrf      = "c4nary0003csrf"
	xsec      = "ABc4nary0004xsec="
	bogus     = "c4nary0005Bogus"
	msToken   = "c4nary0006msToken"
	signature = "c4nary0007signature"
	bearer    = "c4nary.0008-bearer"
	signedIn  = "eyJc4nary0009.eyJjYW5hcnki.c4nary"
	telephone = "13800138000"
	ticket    = "c4nary0010ticket"
)

var canaries = []string{cookie, userToken, csrf, xsec, "ABc4nary0004xsec", bogus, msToken, signature, bearer, signedIn, telephone, ticket}

// planted is a recording with secrets in every place that a site can put them.
func planted(t *testing.T) *Recording {
	t.Helper()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(`{"user_token":"` + userToken + `","rows":[1]}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	binary := "\x08\x96\x01\x12\x13" + userToken + "\x1a\x0b" + telephone + "\x00\xff" + signedIn
	nested, err := json.Marshal(`{"ticket":"` + ticket + `","phone":` + telephone + `}`)
	if err != nil {
		t.Fatal(err)
	}
	return &Recording{
		Format: Format, Platform: "test", Owner: "1", Texts: TextsKept,
		Entries: []Entry{
			{
				Kind: Response, Tab: "watch", Method: "GET", Type: "text/html", Status: 200,
				URL: "https://u:" + cookie + "@a.test/?xsec_token=" + xsec + "&a_bogus=" + bogus + "&msToken=" + msToken + "&X-Bogus=" + bogus + "&signature=" + signature + "#" + userToken,
				Body: []byte(`<meta name="csrf-token" content="` + csrf + `"><a href="/x?msToken=` + msToken + `">call ` + telephone + `</a>` +
					`<div data-token="` + userToken + `">` + cookie + `</div><input type=hidden name=csrf value=` + csrf + `>` +
					`<script>window.__INIT__={"user_token":"` + userToken + `",sessionid:'` + cookie + `'};let session=await start()</script>` +
					`<script type="application/json">{"ticket":"` + ticket + `","html":"</p>"}</script>`),
			},
			{Kind: Redirect, Method: "GET", URL: "https://a.test/old?ticket=" + ticket, To: "https://a.test/new?msToken=" + msToken},
			{
				Kind: Response, Tab: "watch", Method: "POST", URL: "https://a.test/api", Type: "application/json", Status: 200,
				Post: []byte("user_token=" + userToken + "&phone=" + telephone + "&text=hello"),
				Body: []byte(`{"data":{"X-Secsdk-Csrf-Token":"` + csrf + `","sessionid":"` + cookie + `","note":"Bearer ` + bearer + `","jwt":"` + signedIn + `",` +
					`"extra":` + string(nested) + `,"mobile":` + telephone + `,"tel":"+86` + telephone + `","cover":"https://img.test/1.jpg?x-signature=` + signature + `&x-expires=9",` +
					`"echo":"your cookie is ` + cookie + `","id":1234567890123456789}}`),
			},
			{Kind: Response, Method: "GET", URL: "https://a.test/app.js", Type: "text/javascript", Status: 200, Body: []byte(`const sign = (token) => hash("` + userToken + `", token); const n = 5;`)},
			{Kind: Response, Method: "GET", URL: "https://a.test/zip", Type: "application/octet-stream", Status: 200, Body: zipped.Bytes()},
			{Kind: Frame, URL: "wss://im.test/push?token=" + userToken, Body: []byte(binary)},
			{Kind: Sent, URL: "wss://im.test/push", Text: true, Body: []byte(`{"auth":"` + bearer + `"}`)},
		},
		Pages:  []Page{{Tab: "watch", URL: "https://a.test/?msToken=" + msToken, DOM: `<p title="` + cookie + `">` + telephone + `</p>`, Picture: []byte("PNG")}},
		Result: Result{Items: map[string]json.RawMessage{"comments/1": json.RawMessage(`{"content":"call ` + telephone + `"}`)}},
	}
}

func TestNoSecretIsInAnyFile(t *testing.T) {
	rec := planted(t)
	binary := len(rec.Entries[5].Body)
	newRedactor(&definition.Definition{}, Redaction{Secrets: []string{cookie, bearer}}).recording(rec)
	if got := len(rec.Entries[5].Body); got != binary {
		t.Errorf("the binary frame has %d bytes instead of %d", got, binary)
	}
	files, err := rec.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if r, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			var plain bytes.Buffer
			if _, err := plain.ReadFrom(r); err != nil {
				t.Fatal(err)
			}
			content = plain.Bytes()
			if !strings.Contains(plain.String(), `"rows":[1]`) {
				t.Errorf("%s lost what is no secret: %s", name, content)
			}
		}
		for _, canary := range canaries {
			if bytes.Contains(content, []byte(canary)) {
				t.Errorf("%s holds %s:\n%s", name, canary, content)
			}
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	rec := planted(t)
	newRedactor(&definition.Definition{}, Redaction{}).recording(rec)
	for i, wants := range map[int][]string{
		0: {"let session=await start()", `"html":"<\/p>"`, "data-token="},
		2: {`"id":1234567890123456789`, `"mobile":0`},
		3: {"const sign = (token) => hash(", "const n = 5;"},
	} {
		for _, want := range wants {
			if !bytes.Contains(rec.Entries[i].Body, []byte(want)) {
				t.Errorf("entry %d lost %s: %s", i, want, rec.Entries[i].Body)
			}
		}
	}
	if got := string(rec.Entries[2].Post); !strings.Contains(got, "text=hello") {
		t.Errorf("posted: %s", got)
	}
}

func TestTextsAreHiddenAtTheSameLength(t *testing.T) {
	const words = "明天8点见 at the café 😀"
	rec := &Recording{
		Format: Format, Texts: TextsHidden,
		Entries: []Entry{
			{Kind: Response, URL: "https://a.test/api", Type: "application/json", Body: []byte(`{"text":"` + words + `","type":"text","inner":"{\"nickname\":\"路过的猫\"}"}`)},
			{Kind: Frame, URL: "wss://a.test/", Body: []byte("\x00\x01" + words + "\xff")},
		},
		Pages:  []Page{{Tab: "watch", DOM: "<p>" + words + "</p><b>路过的猫</b><button>发送</button>", Picture: []byte("PNG")}},
		Result: Result{Items: map[string]json.RawMessage{"messages/1": json.RawMessage(`{"content":"` + words + `"}`)}},
	}
	lengths := []int{len(rec.Entries[0].Body), len(rec.Entries[1].Body), len(rec.Pages[0].DOM)}
	newRedactor(&definition.Definition{}, Redaction{HideTexts: true}).recording(rec)
	if got := []int{len(rec.Entries[0].Body), len(rec.Entries[1].Body), len(rec.Pages[0].DOM)}; !slices.Equal(got, lengths) {
		t.Errorf("lengths %v instead of %v", got, lengths)
	}
	files, err := rec.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		for _, text := range []string{words, "明天", "路过的猫"} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s holds %s", name, text)
			}
		}
	}
	var answer, item struct{ Text, Type, Content string }
	if err := json.Unmarshal(rec.Entries[0].Body, &answer); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(rec.Result.Items["messages/1"], &item); err != nil {
		t.Fatal(err)
	}
	if answer.Text != item.Content || answer.Type != "text" {
		t.Errorf("the answer says %q of type %q, the item %q", answer.Text, answer.Type, item.Content)
	}
	if rec.Pages[0].Picture != nil || !strings.Contains(rec.Pages[0].DOM, "发送") {
		t.Errorf("the page is %+v", rec.Pages[0])
	}
}

func TestAFolderIsReadAsItWasWritten(t *testing.T) {
	rec, dir := planted(t), t.TempDir()
	if err := rec.Save(dir); err != nil {
		t.Fatal(err)
	}
	read, err := Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	first, err := rec.Files()
	if err != nil {
		t.Fatal(err)
	}
	again, err := read.Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != len(again) {
		t.Errorf("%d files, then %d", len(first), len(again))
	}
	for name, content := range first {
		if !bytes.Equal(again[name], content) {
			t.Errorf("%s changed from\n%s to\n%s", name, content, again[name])
		}
	}
}
