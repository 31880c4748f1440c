package douyin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"troupe/testkit/site/stage"
)

func TestLoginByQR(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{})
	must(t, err)
	for name, c := range map[string]struct {
		do   func(token string)
		want string
	}{
		"waits":     {func(string) {}, "new"},
		"scanned":   {func(token string) { must(t, s.Scan(token)) }, "scanned"},
		"expired":   {func(token string) { must(t, s.Expire(token)) }, "expired"},
		"refused":   {func(token string) { must(t, s.Refuse(token)) }, "refused"},
		"confirmed": {func(token string) { must(t, s.Confirm(token, o.UID)) }, "confirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVisitor(t, s)
			token := v.code()
			c.do(token)
			if got := v.poll(token); got["status"] != c.want {
				t.Errorf("poll: %v", got)
			}
			at, _ := v.page(hostCreator + "/creator-micro/home")
			if in := at == hostCreator+"/creator-micro/home"; in != (c.want == "confirmed") || in != (v.cookie(cookieSession) != "") {
				t.Errorf("ended at %s", at)
			}
		})
	}
}

func TestVerificationCodeComesBeforeTheSession(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{})
	must(t, err)
	s.RequireCode("246810")
	v := newVisitor(t, s)
	token := v.code()
	must(t, s.Confirm(token, o.UID))
	if got := v.poll(token); got["status"] != "confirmed" || v.cookie(cookieSession) != "" {
		t.Fatalf("poll: %v, session %q", got, v.cookie(cookieSession))
	}
	if at, page := v.page(hostCreator + "/creator-micro/home"); at != hostCreator+"/creator-micro/home" || !strings.Contains(page, `"code":true`) {
		t.Fatalf("%s does not ask for the code", at)
	}
	try := func(code string) json.Number {
		return v.post(hostLogin+"/passport/web/validate_code/", url.Values{"code": {code}})["data"].(map[string]any)["error_code"].(json.Number)
	}
	if try("000000") != "1202" || v.cookie(cookieSession) != "" || try("246810") != "0" || v.cookie(cookieSession) == "" {
		t.Error("a wrong code must be refused, the right one let in")
	}
}

func TestLapseLooksAsItWasAsked(t *testing.T) {
	for how, c := range map[string]struct {
		at, config string
		url        bool
	}{
		"":         {hostCreator + "/", `"card":true`, true},
		"silently": {hostCreator + "/creator-micro/home", `"card":false`, false},
		"card":     {hostCreator + "/creator-micro/home", `"card":true`, false},
	} {
		t.Run("how "+how, func(t *testing.T) {
			s, v, _ := still(t)
			must(t, s.Logout(s.Owners()[0].UID, how))
			at, page := v.page(hostCreator + "/creator-micro/home")
			if at != c.at || !strings.Contains(page, c.config) {
				t.Errorf("home led to %s: %s", at, page)
			}
			answer := v.get(hostCreator + "/aweme/v1/creator/pc/user_info")
			if _, led := answer["login_url"]; answer["status_code"] != json.Number("8") || led != c.url {
				t.Errorf("JSON says %v", answer)
			}
			if m := v.im("/v2/message/get_message_by_init", cmdInit, nil); m["status_code"] != 8.0 {
				t.Errorf("private messages say %v", m)
			}
		})
	}
}

func TestRefusalsStandInTheAuditLog(t *testing.T) {
	s, v, m := still(t)
	o := s.Owners()[0]
	k := s.Works(o.UID)[0]
	root := s.Comments(k.ID)[0]
	yes, no := true, false
	for _, c := range []struct {
		name string
		set  func()
		text string
		code int
	}{
		{"well", func() {}, "谢谢", 0},
		{"words", func() {}, "违规内容", refuseWords.code},
		{"often", func() { must(t, s.Limit(o.UID, "comment", true)) }, "谢谢", refuseOften.code},
		{"private", func() { s.calm(); must(t, s.EditWork(EditWork{Work: k.ID, Private: &yes})) }, "谢谢", 15421},
		{"closed", func() { must(t, s.EditWork(EditWork{Work: k.ID, Private: &no, Closed: &yes})) }, "谢谢", refuseClosed.code},
		{"gone", func() { must(t, s.EditWork(EditWork{Work: k.ID, Closed: &no})); must(t, s.HideComment(root.ID, true)) }, "谢谢", refuseGone.code},
	} {
		c.set()
		answer := v.post(hostCreator+"/aweme/v1/creator/comment/reply/", url.Values{"comment_Id": {root.Opaque}, "item_id": {k.ItemID}, "text": {c.text}})
		posts := s.Posts()
		last := posts[len(posts)-1].Post
		if answer["status_code"] != json.Number(fmt.Sprint(c.code)) || last.Code != c.code || last.Target != root.ID || last.Kind != "reply" {
			t.Errorf("%s: answered %v, entered %+v", c.name, answer, last)
		}
	}
	send := func(text string) map[string]any {
		return v.im("/v1/message/send", cmdSend, fields{"conversation_id": m.Conversation, "content": contentOf(typeText, text, "", false), "message_type": 7, "client_message_id": "c1"})
	}
	if got := send("在的"); got["server_message_id"] == nil || got["status"] != nil {
		t.Errorf("sent: %v", got)
	}
	must(t, s.Limit(o.UID, "stranger", true))
	if got := send("还在吗"); got["status"] != 1.0 || got["check_message"] != refuseStranger.text {
		t.Errorf("second message to a stranger: %v", got)
	}
}

func TestOnlyOpeningMarksAsRead(t *testing.T) {
	s, v, m := still(t)
	o := s.Owners()[0]
	v.im("/v2/message/get_message_by_init", cmdInit, nil)
	v.im("/v1/message/get_user_message", cmdUserMessage, nil)
	v.im("/v1/message/get_by_conversation", cmdByConversation, fields{"conversation_id": m.Conversation})
	if reads, _ := s.Audit(stage.AuditQuery{Kind: stage.KindRead}); len(reads) != 0 || s.Conversations(o.UID)[0].Unread != 7 {
		t.Errorf("looking left %d unread and %d marks", s.Conversations(o.UID)[0].Unread, len(reads))
	}
	v.im("/v1/conversation/mark_read", cmdMarkRead, fields{"conversation_id": m.Conversation, "read_index": s.world.messages[m.ID].index})
	if reads, _ := s.Audit(stage.AuditQuery{Kind: stage.KindRead}); len(reads) != 1 || s.Conversations(o.UID)[0].Unread != 0 {
		t.Errorf("the mark left %d unread and %d entries", s.Conversations(o.UID)[0].Unread, len(reads))
	}
}

func TestListsAreWholeAndFreeOfDoubles(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{Empty: true})
	must(t, err)
	must(t, s.Fill(Fill{Owner: o.UID, Works: 107, Comments: 350, Conversations: 220, Messages: 1780, Notices: 30}))
	v := loggedIn(t, s, o.UID)
	works := v.pages(hostCreator+"/janus/douyin/creator/pc/work_list?count=12", "max_cursor", "max_cursor", "aweme_list", "aweme_id")
	notices := v.pages(hostWWW+"/aweme/v1/web/notice/?count=10", "max_time", "min_time", "notice_list_v2", "nid_str")
	if len(works) != 107 || len(notices) != 30 {
		t.Errorf("%d works, %d notices", len(works), len(notices))
	}
	comments := map[string]bool{}
	for id := range works {
		for cid := range v.pages(hostCreator+pathRead+"/comment/list/select/?aweme_id="+id, "cursor", "cursor", "comments", "cid") {
			comments[cid] = true
			for below := range v.pages(hostCreator+pathRead+"/comment/list/reply/?count=10&comment_id="+cid, "cursor", "cursor", "comments", "cid") {
				comments[below] = true
			}
		}
	}
	if len(comments) != 350 {
		t.Errorf("%d comments", len(comments))
	}
	messages, convs, cursor := map[string]bool{}, 0, "0"
	for more := true; more; {
		body := v.im("/v2/message/get_message_by_init", cmdInit, fields{"cursor": cursor})
		for _, opened := range body["opened"].([]any) {
			convs++
			for _, m := range opened.(map[string]any)["messages"].([]any) {
				messages[m.(map[string]any)["server_message_id"].(string)] = true
			}
		}
		cursor, more = body["next"].(string), body["has_more"] == true
	}
	if convs != 220 || len(messages) != 2000 {
		t.Errorf("%d conversations, %d messages", convs, len(messages))
	}
}

// pages walks through a list and returns the ids of its rows, which must all be different.
func (v *visitor) pages(address, ask, cursor, rows, id string) map[string]bool {
	v.t.Helper()
	all, at := map[string]bool{}, "0"
	for range 100 {
		join := "&"
		if !strings.Contains(address, "?") {
			join = "?"
		}
		answer := v.get(address + join + ask + "=" + at)
		for _, row := range answer[rows].([]any) {
			key := row.(map[string]any)[id].(string)
			if all[key] {
				v.t.Fatalf("%s twice in %s", key, address)
			}
			all[key] = true
		}
		if more := fmt.Sprint(answer["has_more"]); more == "false" || more == "0" {
			return all
		}
		at = answer[cursor].(json.Number).String()
	}
	v.t.Fatalf("%s does not end", address)
	return nil
}

func TestControlAPIDoesWhatTheMethodsDo(t *testing.T) {
	s := start(t, Options{Seed: 1})
	ask := func(op, body string, out any) error {
		resp, err := http.Post(s.PhoneURL()+"/__ctl/"+op, "application/json", strings.NewReader(body))
		must(t, err)
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", op, resp.Status)
		}
		return json.NewDecoder(resp.Body).Decode(out)
	}
	var o Owner
	var m Message
	var b Behaviour
	var none struct{}
	must(t, ask("owner", `{"nickname":"小厨","empty":true}`, &o))
	must(t, ask("message", `{"owner":"`+o.UID+`","new_name":"小明","text":"在吗"}`, &m))
	must(t, ask("message", `{"owner":"`+o.UID+`","no_name":true,"text":"在吗"}`, &m))
	must(t, ask("recall", `{"id":"`+m.ID+`"}`, &none))
	must(t, ask("rename", `{"uid":"`+m.SenderID+`","nickname":"改名"}`, &none))
	must(t, ask("behaviour", `{"generation":"A","swallow":2}`, &b))
	if b.Generation != "A" || b.Swallow != 2 || b.IDs != "both" || s.Behaves() != b {
		t.Errorf("behaviour is %+v", b)
	}
	if c := s.Conversations(o.UID); len(c) != 2 || c[0].PeerName != "改名" || !s.Messages(o.UID)[1].Recalled {
		t.Errorf("conversations are %+v", c)
	}
	for op, body := range map[string]string{"behaviour": `{"generation":"C"}`, "captcha": `{"owner":"` + o.UID + `","how":"x"}`, "limit": `{"owner":"1","what":"comment"}`, "work": `{"owner":"1"}`, "tamper": `{"do":"x"}`} {
		if ask(op, body, &none) == nil {
			t.Errorf("%s took %s", op, body)
		}
	}
	must(t, ask("reset", `{}`, &none))
	if s.Behaves() != defaultBehaviour() {
		t.Error("reset left the behaviour changed")
	}
}

func TestTamperedAnswersAreWhatWasAskedFor(t *testing.T) {
	s, v, _ := still(t)
	o := s.Owners()[0]
	const route = "/aweme/v1/web/notice/"
	for do, want := range map[string]func(status int, kind, body string) bool{
		"status":  func(status int, _, body string) bool { return status == 500 && body == "" },
		"empty":   func(status int, _, body string) bool { return status == 200 && body == "" },
		"blocked": func(_ int, _, body string) bool { return body == "blocked" },
		"plain":   func(_ int, kind, body string) bool { return kind == "text/plain" && body == "{}" },
		"drop":    func(_ int, _, body string) bool { return !strings.Contains(body, "notice_list_v2") },
		"rename":  func(_ int, _, body string) bool { return strings.Contains(body, `"other":[`) },
		"retype":  func(_ int, _, body string) bool { return strings.Contains(body, `"notice_list_v2":"[`) },
		"late":    func(_ int, _, body string) bool { return strings.Contains(body, "notice_list_v2") },
	} {
		must(t, s.Tamper(stage.Tamper{Route: hostWWW + route, Do: do, Key: "notice_list_v2", To: "other", MS: 20, N: 1}))
		resp, body := v.do(http.MethodGet, hostWWW+route, "", "")
		if !want(resp.StatusCode, resp.Header.Get("Content-Type"), string(body)) {
			t.Errorf("%s: %s %q", do, resp.Status, body)
		}
		if answer := v.get(hostWWW + route); answer["notice_list_v2"] == nil {
			t.Errorf("%s lasted longer than asked for", do)
		}
	}
	must(t, s.Captcha(o.UID, "page"))
	if _, body := v.do(http.MethodGet, hostWWW+route, "", ""); len(body) != 0 {
		t.Errorf("behind the captcha: %q", body)
	}
	if _, page := v.page(hostWWW + "/"); !strings.Contains(page, "<title>验证码中间页</title>") {
		t.Error("no verify page")
	}
}

func TestPagesHaveTheTroubleThatWasAskedFor(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{Empty: true})
	must(t, err)
	k, err := s.AddWork(NewWork{Owner: o.UID})
	must(t, err)
	for i := range 30 {
		_, err := s.AddComment(NewComment{Work: k.ID, Text: fmt.Sprint(i), At: time.Unix(1_790_000_000+int64(i), 0), Silent: true})
		must(t, err)
	}
	v := loggedIn(t, s, o.UID)
	page := func(cursor int) (texts []string, answer map[string]any) {
		answer = v.get(fmt.Sprint(hostCreator, pathRead, "/comment/list/select/?count=10&aweme_id=", k.ID, "&cursor=", cursor))
		for _, row := range answer["comments"].([]any) {
			texts = append(texts, row.(map[string]any)["text"].(string))
		}
		return texts, answer
	}
	for name, c := range map[string]struct {
		set  func(*Behaviour)
		want string
		more any
	}{
		"as it is":     {func(*Behaviour) {}, "19 18 17 16 15 14 13 12 11 10 cursor 20", true},
		"duplicates":   {func(b *Behaviour) { b.Duplicates = true }, "20 19 18 17 16 15 14 13 12 11 10 cursor 20", true},
		"shuffled":     {func(b *Behaviour) { b.Shuffled = true }, "10 11 12 13 14 15 16 17 18 19 cursor 20", true},
		"dropped rows": {func(b *Behaviour) { b.DroppedRows = 7 }, "12 11 10 cursor 20", true},
		"same cursor":  {func(b *Behaviour) { b.RepeatCursor = true }, "19 18 17 16 15 14 13 12 11 10 cursor 10", true},
		"int":          {func(b *Behaviour) { b.HasMore = "int" }, "19 18 17 16 15 14 13 12 11 10 cursor 20", json.Number("1")},
		"str":          {func(b *Behaviour) { b.HasMore = "str" }, "19 18 17 16 15 14 13 12 11 10 cursor 20", "1"},
	} {
		s.calm()
		must(t, s.Behave(c.set))
		texts, answer := page(10)
		if got := strings.Join(texts, " ") + " cursor " + fmt.Sprint(answer["cursor"]); got != c.want || answer["has_more"] != c.more {
			t.Errorf("%s: %s, has_more %v", name, got, answer["has_more"])
		}
	}
}
