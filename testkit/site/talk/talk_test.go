package talk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"troupe/testkit/site/guestbook"
	"troupe/testkit/site/talk"
)

// TestControlAPISaysDeletesAndCalms goes the way that tests in another process go.
func TestControlAPISaysDeletesAndCalms(t *testing.T) {
	web, err := guestbook.Start(talk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	}()
	post := func(op, body string, into any) int {
		t.Helper()
		r, err := http.Post(web.PhoneURL()+"/__ctl/"+op, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		raw, err := io.ReadAll(r.Body)
		if err == nil && into != nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", op, raw, err)
		}
		return r.StatusCode
	}
	var w talk.Work
	var c, answer talk.Comment
	post("work", `{"title":"新文章"}`, &w)
	post("comment", `{"work":"`+w.ID+`","author":"小明","text":"好看"}`, &c)
	post("comment", `{"to":"`+c.ID+`","author":"小红","text":"同感"}`, &answer)
	if answer.Root != c.ID || answer.Work != w.ID {
		t.Errorf("the answer is %+v", answer)
	}
	if status := post("comment", `{"to":"999","author":"小红","text":"同感"}`, nil); status != http.StatusBadRequest {
		t.Errorf("an answer to nothing: %d", status)
	}
	post("faults", `{"captcha":true,"limited":true}`, nil)
	if f := web.Faults(); !f.Captcha || !f.Limited || f.Changed {
		t.Errorf("%+v", f)
	}
	post("reset", "", nil)
	post("delete", `{"id":"`+c.ID+`"}`, nil)
	if len(web.Comments()) != 0 || len(web.Works()) != 1 || web.Faults() != (talk.Faults{}) {
		t.Errorf("%+v %+v %+v", web.Comments(), web.Works(), web.Faults())
	}
}
