package xiaohongshu

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"troupe/testkit/site/stage"
)

func TestLoginChangesTheGuestsSession(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{})
	must(t, err)
	for name, c := range map[string]struct {
		do        func(id string)
		main, cas string
	}{
		"waits":     {func(string) {}, "0", "2"},
		"scanned":   {func(id string) { must(t, s.Scan(id)) }, "1", "3"},
		"confirmed": {func(id string) { must(t, s.Confirm(id, o.UID)) }, "2", "1"},
		"expired":   {func(id string) { must(t, s.Expire(id)) }, "3", "-1"},
		"refused":   {func(id string) { must(t, s.Refuse(id)) }, "3", "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, form := range []string{"new", "old"} {
				v := newVisitor(t, s)
				id := v.code()
				guest := v.cookie(cookieSession)
				c.do(id)
				got := v.poll
				if form == "old" {
					got = func(id string) string {
						return fmt.Sprint(v.get("/api/sns/web/v1/login/qrcode/status?qr_id=" + id).Data["code_status"])
					}
				}
				if got := got(id); got != c.main {
					t.Errorf("%s form: %s", form, got)
				}
				in := v.get("/api/sns/web/v2/user/me").Code == 0
				if changed := v.cookie(cookieSession) != guest; guest == "" || in != (name == "confirmed") || changed != in {
					t.Errorf("%s form: logged in %v, session changed %v", form, in, changed)
				}
			}
			v := newVisitor(t, s)
			v.page(hostCreator + "/login")
			id := v.ask(http.MethodPost, hostCustomer+"/api/cas/customer/web/qr-code", fields{}).Data["id"].(string)
			c.do(id)
			if got := fmt.Sprint(v.ask(http.MethodGet, hostCustomer+"/api/cas/customer/web/qr-code?qr_code_id="+id, nil).Data["status"]); got != c.cas {
				t.Errorf("creator centre: %s", got)
			}
		})
	}
}

func TestTheCreatorCentreHasASessionOfItsOwn(t *testing.T) {
	for sso, want := range map[string][]string{ // where visits of home, home, publish, home end
		"bounce":  {"/login", "/new/home", "/publish/publish", "/new/home"},
		"publish": {"/login", "/login", "/publish/publish", "/new/home"},
		"off":     {"/login", "/login", "/login", "/login"},
	} {
		s, v, _ := still(t)
		must(t, s.Behave(func(b *Behaviour) { b.SSO = sso }))
		for i, path := range []string{"/new/home", "/new/home", "/publish/publish", "/new/home"} {
			if at, _ := v.page(hostCreator + path); at != hostCreator+want[i] {
				t.Errorf("%s: visit %d of %s ended at %s", sso, i, path, at)
			}
		}
		must(t, s.Logout(s.Owners()[0].UID, "creator"))
		if v.get("/api/sns/web/v2/user/me").Code != 0 || v.ask(http.MethodGet, hostCreator+"/api/galaxy/user/info", nil).Code != -100 {
			t.Errorf("%s: the creator centre's session must end alone", sso)
		}
	}
}

func TestVerificationCodeComesBeforeTheSession(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{})
	must(t, err)
	s.RequireCode("246810")
	v := newVisitor(t, s)
	id := v.code()
	must(t, s.Confirm(id, o.UID))
	if got := v.post("/api/qrcode/userinfo", fields{"qrId": id}).Data; got["needVerify"] != true || fmt.Sprint(got["codeStatus"]) != "1" {
		t.Fatalf("poll: %v", got)
	}
	in := func() bool { return v.get("/api/sns/web/v2/user/me").Code == 0 }
	try := func(code string) int { return v.get("/api/sns/web/v1/login/check_code?code=" + code).Code }
	if try("000000") != refuseCode.code || in() || try("246810") != 0 || !in() {
		t.Error("a wrong code must be refused, the right one let in")
	}
}

func TestLapseLooksAsItWasAsked(t *testing.T) {
	for how, pageShowsOwner := range map[string]bool{"": false, "silently": true} {
		s, v, _ := still(t)
		must(t, s.Logout(s.Owners()[0].UID, how))
		_, page := v.page(hostWWW + "/explore")
		if got := !strings.Contains(page, `"me":null`); got != pageShowsOwner {
			t.Errorf("%q: the page shows an owner: %v", how, got)
		}
		if got := v.get("/api/im/web/chat/get_unread"); got.Code != -100 || got.Success {
			t.Errorf("%q: answered %+v", how, got)
		}
	}
}

func TestRisksAnswerAsSeen(t *testing.T) {
	s, v, _ := still(t)
	o := s.Owners()[0]
	for _, kind := range []string{"461", "471", "406", "300011", "300012", "300015"} {
		must(t, s.Captcha(o.UID, kind))
		resp, text := v.do(http.MethodGet, hostAPI+"/api/sns/web/v2/user/me", "")
		byStatus := len(kind) == 3
		if byStatus && fmt.Sprint(resp.StatusCode) != kind || !byStatus && !strings.Contains(string(text), `"code":`+kind) {
			t.Errorf("%s: %s %s", kind, resp.Status, text)
		}
		if challenged := resp.Header.Get("Verifyuuid") != ""; challenged != (kind == "461" || kind == "471") {
			t.Errorf("%s: challenged %v", kind, challenged)
		}
	}
	s.Reset()
	if v.get("/api/sns/web/v2/user/me").Code != 0 {
		t.Error("reset left the risk")
	}
	for state, words := range noteStates {
		n := s.Notes(o.UID)[0]
		must(t, s.EditNote(EditNote{Note: n.ID, State: &state}))
		_, page := v.page(hostWWW + "/explore/" + n.ID + "?xsec_token=" + n.Token)
		if got := v.get("/api/sns/web/v2/comment/page?note_id=" + n.ID); got.Code != words.code || !strings.Contains(page, words.class) || !strings.Contains(page, words.text) {
			t.Errorf("%s: answered %d", state, got.Code)
		}
	}
}

func TestRefusalsStandInTheAuditLog(t *testing.T) {
	s, v, _ := still(t)
	o := s.Owners()[0]
	n := s.Notes(o.UID)[0]
	root := s.Comments(n.ID)[0]
	for _, c := range []struct {
		name string
		set  func()
		text string
		code int
	}{
		{"well", func() {}, "谢谢", 0},
		{"words", func() {}, "违规内容", refuseWords.code},
		{"fast", func() { must(t, s.Limit(o.UID, "comment", true)) }, "谢谢", refuseFast.code},
		{"forbidden", func() { s.calm(); must(t, s.Limit(o.UID, "forbidden", true)) }, "谢谢", refuseComments.code},
		{"gone", func() { s.calm(); must(t, s.HideComment(root.ID, "OTHER")) }, "谢谢", refuseGone.code},
	} {
		c.set()
		answer := v.post("/api/sns/web/v1/comment/post", fields{"note_id": n.ID, "content": c.text, "target_comment_id": root.ID})
		posts := s.Posts()
		last := posts[len(posts)-1].Post
		if answer.Code != c.code || last.Code != c.code || last.Target != root.ID || last.Kind != "reply" {
			t.Errorf("%s: answered %+v, entered %+v", c.name, answer, last)
		}
	}
}

// socket opens the private messages' socket as a page does.
func (v *visitor) socket() *websocket.Conn {
	v.t.Helper()
	conn, _, err := websocket.Dial(v.t.Context(), "wss://"+hostSocket+"/rwp", &websocket.DialOptions{HTTPClient: v.http, HTTPHeader: http.Header{"Origin": {"https://" + hostWWW}}})
	must(v.t, err)
	v.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// say sends a text and waits for what the site says to it.
func (v *visitor) say(conn *websocket.Conn, to, text string) (ack struct{ Code int }) {
	v.t.Helper()
	must(v.t, conn.Write(v.t.Context(), websocket.MessageBinary, frameOf(fields{"id": "1", "to": to, "text": text}).Data))
	_, frame, err := conn.Read(v.t.Context())
	must(v.t, err)
	plain, ok := unseal(frame)
	if !ok || strings.Contains(string(frame), "ack") || json.Unmarshal(plain, &ack) != nil {
		v.t.Fatalf("heard %q", frame)
	}
	return ack
}

func TestAStrangerTakesOneTextUntilHeAnswers(t *testing.T) {
	s, v, m := still(t)
	o := s.Owners()[0]
	yes := true
	_, err := s.AddMessage(NewMessage{Owner: o.UID, AuthorID: m.PeerID, Text: "在吗", Stranger: &yes, Silent: true})
	must(t, err)
	conn := v.socket()
	if first, second := v.say(conn, m.PeerID, "在的"), v.say(conn, m.PeerID, "还在吗"); first.Code != 0 || second.Code != refuseStranger.code {
		t.Errorf("first %v, second %v", first, second)
	}
	messages := s.Messages(o.UID)
	if last := messages[len(messages)-1]; last.Type != typeHint || messages[len(messages)-2].Content != "在的" {
		t.Errorf("the conversation ends with %+v", last)
	}
	_, err = s.AddMessage(NewMessage{Owner: o.UID, AuthorID: m.PeerID, Text: "好", Silent: true})
	must(t, err)
	for range 2 {
		if again := v.say(conn, m.PeerID, "谢谢"); again.Code != 0 {
			t.Errorf("after the answer: %v", again)
		}
	}
	s.ResetAfterPost(1)
	must(t, conn.Write(t.Context(), websocket.MessageBinary, frameOf(fields{"id": "2", "to": m.PeerID, "text": "丢了"}).Data))
	if _, _, err := conn.Read(t.Context()); err == nil {
		t.Error("a lost answer came")
	}
	if posts := s.Posts(); !posts[len(posts)-1].Post.Reset {
		t.Errorf("entered %+v", posts[len(posts)-1].Post)
	}
}

func TestOnlyOpeningMarksAsRead(t *testing.T) {
	s, v, m := still(t)
	o := s.Owners()[0]
	v.get("/api/im/web/v3/chats?limit=100&page=1")
	v.get("/api/im/web/chat/get_unread")
	v.get("/api/im/web/messages/history?chat_user_id=" + m.PeerID)
	if reads, _ := s.Audit(stage.AuditQuery{Kind: stage.KindRead}); len(reads) != 0 || s.Conversations(o.UID)[0].Unread != 6 {
		t.Errorf("looking left %d unread and %d marks", s.Conversations(o.UID)[0].Unread, len(reads))
	}
	c := s.Conversations(o.UID)[0]
	v.post("/api/im/web/v2/messages/read", fields{"chat_list": []fields{{"chat_id": c.ID, "read_store_id": c.MaxStore}}})
	if reads, _ := s.Audit(stage.AuditQuery{Kind: stage.KindRead}); len(reads) != 1 || reads[0].Detail != m.PeerID || s.Conversations(o.UID)[0].Unread != 0 {
		t.Errorf("the mark left %d unread and %d entries", s.Conversations(o.UID)[0].Unread, len(reads))
	}
}

func TestListsAreWholeAndFreeOfDoubles(t *testing.T) {
	s := start(t, Options{Seed: 1})
	o, err := s.CreateOwner(NewOwner{Empty: true})
	must(t, err)
	must(t, s.Fill(Fill{Owner: o.UID, Notes: 107, Comments: 350, Conversations: 220, Messages: 1780}))
	v := loggedIn(t, s, o.UID)
	v.page(hostCreator + "/new/home")
	seen := map[string]int{}
	count := func(kind string, rows any, key string) (n int) {
		for _, row := range rows.([]any) {
			id := kind + row.(map[string]any)[key].(string)
			if seen[id]++; seen[id] > 1 {
				t.Errorf("%s twice", id)
			}
			n++
		}
		return n
	}
	var notes, comments, convs, messages int
	for page := "0"; page != "-1"; {
		data := v.ask(http.MethodGet, hostCreator+"/api/galaxy/v2/creator/note/user/posted?tab=0&page="+page, nil).Data
		notes += count("note", data["notes"], "id")
		page = data["page"].(json.Number).String()
	}
	for _, n := range s.Notes(o.UID) {
		comments += len(v.pages("/api/sns/web/v2/comment/page?note_id="+n.ID, count))
		for _, c := range s.Comments(n.ID) {
			if c.Level == 1 {
				comments += len(v.pages("/api/sns/web/v2/comment/sub/page?num=10&root_comment_id="+c.ID, count))
			}
		}
	}
	for page := 1; page <= 3; page++ {
		data := v.get(fmt.Sprint("/api/im/web/v3/chats?limit=100&page=", page)).Data
		convs += count("chat", data["chats"], "chat_user_id")
	}
	for _, c := range s.Conversations(o.UID) {
		messages += count("message", v.get("/api/im/web/messages/history?limit=30&chat_user_id=" + c.PeerID).Data["out_message_list"], "id")
	}
	if notes != 107 || comments != 350 || convs != 220 || messages != 2000 {
		t.Errorf("%d notes, %d comments, %d conversations, %d messages", notes, comments, convs, messages)
	}
}

// pages walks through a list of comments and returns its rows.
func (v *visitor) pages(address string, count func(kind string, rows any, key string) int) (rows []any) {
	v.t.Helper()
	for cursor := ""; ; {
		data := v.get(address + "&cursor=" + cursor).Data
		count("comment", data["comments"], "id")
		rows = append(rows, data["comments"].([]any)...)
		if cursor = data["cursor"].(string); data["has_more"] != true {
			return rows
		}
	}
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
	must(t, ask("message", `{"owner":"`+o.UID+`","no_name":true,"text":"在吗","kind":"group"}`, &m))
	must(t, ask("revoke", `{"id":"`+m.ID+`"}`, &none))
	must(t, ask("rename", `{"uid":"`+m.SenderID+`","nickname":"改名"}`, &none))
	must(t, ask("behaviour", `{"poll":"old","swallow":2}`, &b))
	if b.Poll != "old" || b.Swallow != 2 || b.ConvIDs != "peer" || s.Behaves() != b {
		t.Errorf("behaviour is %+v", b)
	}
	if c := s.Conversations(o.UID); len(c) != 2 || c[0].PeerName != "改名" || c[0].Kind != kindGroup || !s.Messages(o.UID)[1].Revoked {
		t.Errorf("conversations are %+v", c)
	}
	for op, body := range map[string]string{
		"behaviour": `{"poll":"C"}`, "captcha": `{"owner":"` + o.UID + `","how":"x"}`, "limit": `{"owner":"1","what":"comment"}`, "note": `{"owner":"1"}`,
		"message": `{"owner":"` + o.UID + `","kind":"x"}`, "mention": `{"owner":"` + o.UID + `","type":"x"}`, "logout": `{"owner":"1"}`, "delete": `{"id":"1"}`,
	} {
		if ask(op, body, &none) == nil {
			t.Errorf("%s took %s", op, body)
		}
	}
	must(t, ask("reset", `{}`, &none))
	if s.Behaves() != defaultBehaviour() {
		t.Error("reset left the behaviour changed")
	}
}

func TestPagesOfCommentsHaveTheTroubleThatWasAskedFor(t *testing.T) {
	s, v, _ := still(t)
	o := s.Owners()[0]
	n, err := s.AddNote(NewNote{Owner: o.UID})
	must(t, err)
	for i := range 12 {
		_, err := s.AddComment(NewComment{Note: n.ID, Text: fmt.Sprint(i), Silent: true})
		must(t, err)
	}
	rows := func(cursor string) (texts, next string, more any) {
		data := v.get("/api/sns/web/v2/comment/page?note_id=" + n.ID + "&cursor=" + cursor).Data
		for _, row := range data["comments"].([]any) {
			texts += row.(map[string]any)["content"].(string) + " "
		}
		return texts, data["cursor"].(string), data["has_more"]
	}
	_, second, _ := rows("")
	for name, c := range map[string]struct {
		set  func(*Behaviour)
		want string
		more bool
	}{
		"well":        {func(*Behaviour) {}, "1 0 ", false},
		"duplicates":  {func(b *Behaviour) { b.Duplicates = true }, "2 1 0 ", false},
		"shuffled":    {func(b *Behaviour) { b.Shuffled = true }, "0 1 ", false},
		"dropped":     {func(b *Behaviour) { b.DroppedRows = 1 }, "0 ", false},
		"same cursor": {func(b *Behaviour) { b.RepeatCursor = true }, "1 0 ", true},
	} {
		s.calm()
		must(t, s.Behave(c.set))
		texts, next, more := rows(second)
		if texts != c.want || more != c.more || c.more && next != second {
			t.Errorf("%s: %s, has_more %v, cursor %s", name, texts, more, next)
		}
	}
}
