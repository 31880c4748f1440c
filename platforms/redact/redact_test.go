package redact_test

import (
	"strings"
	"testing"

	"troupe/platforms/redact"
)

func TestSecretsAreTakenOut(t *testing.T) {
	for _, c := range []struct{ name, in, secret string }{
		{"token in JSON", `{"xsec_token": "ABx9", "id": "1"}`, "ABx9"},
		{"number in JSON", `{"sms_code":123456}`, "123456"},
		{"escaped text", `{"ts_sign":"a\"b"}`, `a\"b`},
		{"cookie header", "Cookie: sessionid=0a1b2c; theme=dark", "0a1b2c"},
		{"form", "item_id=@1&csrf_token=zz", "zz"},
		{"bearer", "Authorization: Bearer abc.def", "abc.def"},
		{"jwt", "x eyJhbGciOi.eyJzdWIi.sig y", "eyJzdWIi"},
		{"phone", "请拨打 13812345678 谢谢", "13812345678"},
		{"phone with country", "+8613812345678", "13812345678"},
	} {
		if got := redact.Text(c.in); strings.Contains(got, c.secret) || !strings.Contains(got, redact.Mark) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestWhatIsNoSecretStays(t *testing.T) {
	for _, s := range []string{
		`{"author_id":"7123456789012345678","signature":"爱做饭","create_time":1790000000}`,
		"7138123456789012345", `{"text":"好看👍","cid":"73"}`, `<div class="session-list">key</div>`,
	} {
		if got := redact.Text(s); got != s {
			t.Errorf("%s became %s", s, got)
		}
	}
}

func TestAddressesKeepWhatTheySay(t *testing.T) {
	got := redact.URL("https://me:pw@a.test/list?cursor=20&a_bogus=Zx1&x=d3a8f0c1d3a8f0c1d3a8f0c1d3a8f0c1zz&note_id=64f0#t=1")
	if got != "https://a.test/list?a_bogus=redacted&cursor=20&note_id=64f0&x=redacted" {
		t.Error(got)
	}
}

func FuzzTextNeverPanics(f *testing.F) {
	f.Add(`{"token":"a`)
	f.Fuzz(func(_ *testing.T, s string) {
		redact.URL(s)
		redact.Text(s)
	})
}
