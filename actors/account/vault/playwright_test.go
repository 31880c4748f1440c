package vault

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func cookiesOf(t *testing.T, s *State) []chromiumCookie {
	t.Helper()
	list := make([]chromiumCookie, len(s.Cookies))
	for i, raw := range s.Cookies {
		if err := json.Unmarshal(raw, &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestPlaywrightFileIsImportedWhole(t *testing.T) {
	s, err := ImportPlaywright(readTestdata(t, "playwright.json"))
	if err != nil {
		t.Fatal(err)
	}
	wantCookies := []chromiumCookie{
		{Name: "sessionid", Value: "canary-1", Domain: ".shop.test", Path: "/", Expires: 1893456000.5, HTTPOnly: true, Secure: true, SameSite: "None"},
		{Name: "passing", Value: "", Domain: "shop.test", Path: "/app", Expires: -1, Session: true, SameSite: "Lax"},
		{
			Name: "parted", Value: "canary-2", Domain: "chat.test", Path: "/", Expires: 1893456000, Secure: true, SameSite: "None",
			PartitionKey: &partitionKey{"https://shop.test", true},
		},
		{
			Name: "__Host-own", Value: "x", Domain: "im.shop.test", Path: "/", Expires: 1893456000, Secure: true, SameSite: "Strict",
			PartitionKey: &partitionKey{"https://shop.test", false},
		},
	}
	if diff := cmp.Diff(wantCookies, cookiesOf(t, s)); diff != "" {
		t.Error(diff)
	}
	wantOrigins := []Origin{{Origin: "https://shop.test", LocalStorage: [][2]Text{{"token", "令牌😀"}, {"half", "\xed\xa0\xbd"}}}}
	if diff := cmp.Diff(wantOrigins, s.Origins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"origins[1].indexedDB"}, s.Ignored); diff != "" {
		t.Error(diff)
	}
	want := Contents{
		Cookies: 4, Session: 1, Partitioned: 2, Domains: []string{"chat.test", "im.shop.test", "shop.test"},
		Origins: []string{"https://shop.test"}, Entries: 2, Ignored: s.Ignored,
	}
	if diff := cmp.Diff(want, s.Contents()); diff != "" {
		t.Error(diff)
	}
}

func TestPlaywrightExportIsImportedAgain(t *testing.T) {
	first, err := ImportPlaywright(readTestdata(t, "playwright.json"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := first.ExportPlaywright()
	if err != nil {
		t.Fatal(err)
	}
	second, err := ImportPlaywright(file)
	if err != nil {
		t.Fatal(err)
	}
	first.Ignored = nil
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}

func TestChromiumsCookiesAreExportedAsPlaywrightHasThem(t *testing.T) {
	s := &State{Version: StateVersion, Cookies: []json.RawMessage{
		json.RawMessage(`{"name":"a","value":"1","domain":".a.test","path":"/","expires":1893456000.25,"size":2,"httpOnly":true,"secure":true,"session":false,"priority":"High","sourceScheme":"Secure","sourcePort":443}`),
		json.RawMessage(`{"name":"b","value":"2","domain":"a.test","path":"/","expires":-1,"size":2,"httpOnly":false,"secure":true,"session":true,"sameSite":"None","priority":"Medium","sourceScheme":"Secure","sourcePort":443,"partitionKey":{"topLevelSite":"https://b.test","hasCrossSiteAncestor":true}}`),
	}}
	got, err := s.ExportPlaywright()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(readTestdata(t, "exported.json")), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOwnFormIsImportedWithEveryAttribute(t *testing.T) {
	plain, err := testState().Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Import(plain)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testState(), got); diff != "" {
		t.Error(diff)
	}
}

func TestOtherFilesOfTheNodeSystemAreImported(t *testing.T) {
	const cookie = `{"name":"sid","value":"1","domain":"a.test"}`
	for name, file := range map[string]string{
		"storage state":   `{"cookies":[` + cookie + `],"origins":[]}`,
		"without origins": `{"cookies":[` + cookie + `]}`,
		"cookies only":    ` [` + cookie + `]`,
		"manual login":    `{"accountId":"acc-1","platform":"x","storageState":{"cookies":[` + cookie + `],"origins":[]},"timestamp":1}`,
		"login status":    `{"session_id":"s","cookies":[` + cookie + `],"fingerprint":{"userAgent":"x"}}`,
	} {
		s, err := Import([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []chromiumCookie{{Name: "sid", Value: "1", Domain: "a.test", Path: "/", Expires: -1, Session: true}}
		if diff := cmp.Diff(want, cookiesOf(t, s)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestWrongFilesAreRefusedWithTheirPlace also looks for values in the errors: each file holds one.
func TestWrongFilesAreRefusedWithTheirPlace(t *testing.T) {
	cookie := func(fields string) string {
		return `{"cookies":[{"name":"n","value":"v","domain":"a.test",` + fields + `}]}`
	}
	origin := func(fields string) string { return `{"origins":[{` + fields + `}]}` }
	for name, tc := range map[string]struct{ file, says string }{
		"empty":              {" \n", "the file is empty"},
		"not JSON":           {"{\"cookies\":\n canary}", "not JSON from byte 14 on (line 2)"},
		"a word":             {`"canary"`, "the file: must be an object"},
		"something else":     {`{"canary":"canary"}`, `the file: neither "cookies" nor "origins"`},
		"wrapped nothing":    {`{"storageState":"canary"}`, "storageState: must be an object"},
		"cookies no list":    {`{"cookies":{"canary":1}}`, "cookies: must be a list"},
		"cookie no object":   {`{"cookies":["canary"]}`, "cookies[0]: must be an object"},
		"second cookie":      {`[{"name":"n","value":"v","domain":"a.test"},{"value":"canary"}]`, "[1].name: missing"},
		"no value":           {`{"cookies":[{"name":"canary","domain":"a.test"}]}`, "cookies[0].value: missing"},
		"value is a number":  {`{"cookies":[{"name":"canary","value":4711,"domain":"a.test"}]}`, "cookies[0].value: must be a string"},
		"empty domain":       {`{"cookies":[{"name":"canary","value":"","domain":""}]}`, "cookies[0].domain: not a host name"},
		"domain with a path": {`{"cookies":[{"name":"n","value":"","domain":"a.test/canary"}]}`, "cookies[0].domain: not a host name"},
		"bad path":           {cookie(`"path":"canary"`), "cookies[0].path: does not begin with /"},
		"expires as text":    {cookie(`"expires":"canary"`), "cookies[0].expires: must be a number"},
		"expires too large":  {cookie(`"expires":1e999`), "cookies[0].expires: must be a number"},
		"secure as text":     {cookie(`"secure":"canary"`), "cookies[0].secure: must be true or false"},
		"unknown sameSite":   {cookie(`"sameSite":"canary"`), "cookies[0].sameSite: must be Strict, Lax or None"},
		"bad partition":      {cookie(`"partitionKey":4711`), "cookies[0].partitionKey: must be a string or an object"},
		"partition, no site": {cookie(`"partitionKey":{"canary":1}`), "cookies[0].partitionKey.topLevelSite: missing"},
		"partition, no host": {cookie(`"partitionKey":"canary"`), "cookies[0].partitionKey: not a site"},
		"no origin":          {origin(`"localStorage":[{"name":"canary"}]`), "origins[0].origin: missing"},
		"bad origin":         {origin(`"origin":"https://a.test/canary"`), "origins[0].origin: not an origin"},
		"a file's origin":    {origin(`"origin":"file:///canary"`), "origins[0].origin: not an origin"},
		"storage no list":    {origin(`"origin":"https://a.test","localStorage":{"canary":1}`), "origins[0].localStorage: must be a list"},
		"entry no object":    {origin(`"origin":"https://a.test","localStorage":["canary"]`), "origins[0].localStorage[0]: must be an object"},
		"entry, no value":    {origin(`"origin":"https://a.test","localStorage":[{"name":"canary"}]`), "origins[0].localStorage[0].value: missing"},
		"entry, value null":  {origin(`"origin":"https://a.test","localStorage":[{"name":"canary","value":null}]`), "localStorage[0].value: must be a string"},
		"own, newer":         {`{"v":99,"cookies":[]}`, "version 99 is newer"},
		"own, no state":      {`{"v":1,"cookies":"canary"}`, "not a state as troupe writes it"},
		"own, bad cookie":    {`{"v":1,"cookies":[{"name":"canary"}]}`, "cookies[0].value: missing"},
		"own, bad origin":    {`{"v":1,"cookies":[],"origins":[{"origin":"canary"}]}`, "origins[0].origin: not an origin"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Import([]byte(tc.file))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "4711") {
				t.Errorf("a value stands in the error: %v", err)
			}
		})
	}
}

// FuzzImportPlaywright: no file may bring the importer down, and what it took is written so that it takes the same again.
func FuzzImportPlaywright(f *testing.F) {
	f.Add(readTestdata(f, "playwright.json"))
	f.Add(readTestdata(f, "exported.json"))
	for _, file := range []string{
		`[]`, `[{"name":"n","value":"v","domain":"a.test","expires":1e400}]`, `{"origins":[{"origin":"https://[::1]:8"}]}`,
		`{"cookies":[{"name":"\ud800","value":"\udc00","domain":"a.test","partitionKey":{"topLevelSite":"https://b.test"}}]}`,
		`{"origins":[{"origin":"http://a.test","localStorage":[{"name":"\ud83d\ud83d\ude00","value":"\ud83d\ude00\ude00\\\"\n"}]}]}`,
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		first, err := Import(file)
		if err != nil {
			return
		}
		exported, err := first.ExportPlaywright()
		if err != nil {
			t.Fatal(err)
		}
		second, err := ImportPlaywright(exported)
		if err != nil {
			t.Fatalf("what was exported is refused: %v", err)
		}
		again, err := second.ExportPlaywright()
		if err != nil || string(again) != string(exported) {
			t.Fatalf("%v\n%s\n%s", err, exported, again)
		}
	})
}

// FuzzText: what JSON can say of a string, a Text keeps.
func FuzzText(f *testing.F) {
	for _, text := range []string{`""`, `"a\u0000\n\"\\/"`, `"\ud83d\ude00"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, "\"\xff\"", `"<\u2028>"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var text Text
		if json.Unmarshal(raw, &text) != nil {
			return
		}
		written, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var again Text
		if err := json.Unmarshal(written, &again); err != nil || again != text {
			t.Fatalf("%s became %s: %v", raw, written, err)
		}
		var usual, rewritten string
		if json.Unmarshal(raw, &usual) != nil || json.Unmarshal(written, &rewritten) != nil || usual != rewritten {
			t.Fatalf("%q is %q to others", rewritten, usual)
		}
	})
}
