package recording

import "testing"

func TestRequestsFindTheirAnswersInOrder(t *testing.T) {
	get := func(url, body string) Entry {
		return Entry{Kind: Response, Method: "GET", URL: url, Status: 200, Body: []byte(body)}
	}
	a := newAnswers(&Recording{Entries: []Entry{
		get("https://a.test/list?cursor=0&t=1", "page 0"),
		get("https://a.test/list?cursor=10&t=2", "page 10"),
		get("https://a.test/list?cursor=0&t=3", "page 0 again"),
		{Kind: Response, Method: "POST", URL: "https://a.test/api", Post: []byte(`{"op":"read"}`), Body: []byte("read")},
		{Kind: Response, Method: "POST", URL: "https://a.test/api", Post: []byte(`{"op":"list"}`), Body: []byte("list")},
	}})
	for _, c := range []struct{ method, url, post, want string }{
		{"GET", "https://a.test/list?t=91&cursor=10", "", "page 10"},
		{"GET", "https://a.test/list?t=92&cursor=0", "", "page 0"},
		{"GET", "https://a.test/list?t=93&cursor=0", "", "page 0 again"},
		{"GET", "https://a.test/list?t=94&cursor=0", "", "page 0 again"},
		{"GET", "https://a.test/list?t=1&cursor=0", "", "page 0"},
		{"POST", "https://a.test/api", `{"op":"list","at":7}`, "list"},
		{"POST", "https://a.test/api", `{"op":"read"}`, "read"},
		{"GET", "https://a.test/list?cursor=0", "", ""},
		{"GET", "https://a.test/other", "", ""},
		{"GET", "https://a.test/other", "", ""},
	} {
		got := ""
		if e := a.find(c.method, c.url, []byte(c.post)); e != nil {
			got = string(e.Body)
		}
		if got != c.want {
			t.Errorf("%s %s: %q instead of %q", c.method, c.url, got, c.want)
		}
	}
	if m := a.misses(); len(m) != 2 || m[1] != "GET https://a.test/other" {
		t.Errorf("missed %q", m)
	}
}
