package site

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestAnswersHaveTheKeysOfTheReadme(t *testing.T) {
	s := start(t, Options{Seed: 3})
	o, err := s.CreateOwner(NewOwner{Nickname: "阿月"})
	if err != nil {
		t.Fatal(err)
	}
	w := s.Works(o.UID)[0]
	c, err := s.AddComment(NewComment{Work: w.ID, Author: "甲", Text: "一"})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Messages(o.UID)[0]
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	page := []string{"cursor", "has_more", "since", "status_code"}
	cases := []struct {
		path string
		keys []string
	}{
		{"/api/me", []string{"status_code", "user"}},
		{"/api/works", append([]string{"works"}, page...)},
		{"/api/comments?work_id=" + w.ID, append([]string{"comments"}, page...)},
		{"/api/comment/replies?comment_id=" + c.ID, append([]string{"replies"}, page...)},
		{"/api/comments/recent", append([]string{"comments", "replies"}, page...)},
		{"/api/im/conversations", append([]string{"conversations"}, page...)},
		{"/api/im/messages?peer=" + m.Peer, append([]string{"messages"}, page...)},
		{"/api/im/messages/recent", append([]string{"messages"}, page...)},
		{"/api/notices", append([]string{"notifications"}, page...)},
		{"/api/works?count=51", []string{"status_code", "status_msg"}},
		{"/api/works?cursor=%21", []string{"status_code", "status_msg"}},
		{"/api/comments?work_id=1", []string{"status_code", "status_msg"}},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			answer := b.get(c.path)
			var got []string
			for k := range answer {
				got = append(got, k)
			}
			slices.Sort(got)
			slices.Sort(c.keys)
			if !slices.Equal(got, c.keys) {
				t.Errorf("keys %v, want %v", got, c.keys)
			}
		})
	}
}

func TestListsPageThroughEverythingOnceAndSinceIsQuiet(t *testing.T) {
	s := start(t, Options{Seed: 4})
	o, w := emptyOwner(t, s, "阿月")
	if err := s.Fill(Fill{Owner: o.UID, Comments: 130, Conversations: 45, Messages: 60, Notifications: 45, Works: 30}); err != nil {
		t.Fatal(err)
	}
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	seen := map[string]bool{}
	cursor, since := "", ""
	for pages := 0; ; pages++ {
		answer := b.get("/api/comments/recent?count=50&cursor=" + cursor)
		if pages == 0 {
			since = answer["since"].(string)
			if _, err := s.AddComment(NewComment{Work: w.ID, Author: "乙", Text: "插队"}); err != nil { // must not shift the pages
				t.Fatal(err)
			}
		}
		for _, id := range append(ids(t, answer, "comments"), ids(t, answer, "replies")...) {
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			seen[id] = true
		}
		if cursor = answer["cursor"].(string); !answer["has_more"].(bool) {
			break
		}
	}
	if len(seen) != 130 {
		t.Errorf("%d of 130 comments", len(seen))
	}
	answer := b.get("/api/comments/recent?since=" + since)
	if got := len(ids(t, answer, "comments")); got != 1 {
		t.Errorf("%d comments since the first page, want the one that came meanwhile", got)
	}
	for path, keys := range map[string][]string{
		"/api/comments/recent": {"comments", "replies"}, "/api/im/conversations": {"conversations"}, "/api/im/messages/recent": {"messages"},
		"/api/notices": {"notifications"}, "/api/works": {"works"},
	} {
		quiet := b.get(path + "?since=" + b.get(path)["since"].(string))
		for _, key := range keys {
			if rows, ok := quiet[key].([]any); !ok || len(rows) != 0 {
				t.Errorf("%s is not quiet: %v", path, quiet[key])
			}
		}
	}
}

func TestCommentsHaveThreeLevels(t *testing.T) {
	s := start(t, Options{})
	_, w := emptyOwner(t, s, "阿月")
	parent := ""
	var made []Comment
	for _, author := range []string{"甲", "乙", "丙", "丁"} {
		c, err := s.AddComment(NewComment{Work: w.ID, ReplyTo: parent, Author: author, Text: author})
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, c)
		parent = c.ID
	}
	for i, level := range []int{1, 2, 3, 3} {
		c := made[i]
		if c.Level != level || (i > 0) != (c.RootID == made[0].ID) || (i > 0 && c.ParentID != made[i-1].ID) || (i > 1) != (c.ReplyTo != nil) {
			t.Errorf("comment %d: %+v", i, c)
		}
	}
	if err := s.Delete(made[1].ID); err != nil {
		t.Fatal(err)
	}
	if left := s.Comments(w.ID); len(left) != 1 || left[0].Replies != 0 {
		t.Errorf("after deleting a branch: %+v", left)
	}
}

func TestPostsStandOnceAndRefusalsHaveTheirCode(t *testing.T) {
	s := start(t, Options{})
	o, w := emptyOwner(t, s, "阿月")
	closed, err := s.AddWork(NewWork{Owner: o.UID, Title: "关"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CloseComments(closed.ID, true); err != nil {
		t.Fatal(err)
	}
	c, _ := s.AddComment(NewComment{Work: w.ID, Author: "甲", Text: "问"})
	m, _ := s.AddMessage(NewMessage{Owner: o.UID, Author: "甲", Text: "在吗"})
	b := loggedIn(t, s, o.UID, "127.0.0.3")
	limit := func(on bool) {
		if err := s.RateLimit(o.UID, on, false); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		name, path string
		body       submission
		limited    bool
		code       int
		kind       string
	}{
		{"first level", "/api/comment/reply", submission{WorkID: w.ID, Text: "自评"}, false, 0, "comment"},
		{"reply", "/api/comment/reply", submission{WorkID: w.ID, CommentID: c.ID, Text: "答"}, false, 0, "reply"},
		{"message", "/api/im/send", submission{Peer: m.Peer, Text: "在的"}, false, 0, "message"},
		{"closed", "/api/comment/reply", submission{WorkID: closed.ID, Text: "x"}, false, 15421, "comment"},
		{"content", "/api/im/send", submission{Peer: m.Peer, Text: "违规内容"}, false, 5, "message"},
		{"deleted", "/api/comment/reply", submission{WorkID: w.ID, CommentID: "1", Text: "x"}, false, 10, "reply"},
		{"no such peer", "/api/im/send", submission{Peer: "1", Text: "x"}, false, 10, "message"},
		{"limited", "/api/im/send", submission{Peer: m.Peer, Text: "快"}, true, 4, "message"},
	}
	for _, tc := range cases {
		limit(tc.limited)
		before := len(s.Posts())
		answer := b.post(tc.path, tc.body)
		posts := s.Posts()[before:]
		if answer["status_code"] != float64(tc.code) || len(posts) != 1 {
			t.Fatalf("%s: %v, audited %d times", tc.name, answer, len(posts))
		}
		e := posts[0]
		if e.Post.Code != tc.code || e.Post.Kind != tc.kind || e.Post.Text != tc.body.Text || e.Source != "127.0.0.3" || e.Owner != o.UID || e.Session == "" {
			t.Errorf("%s: audit says %+v %+v", tc.name, e, e.Post)
		}
	}
	if n := len(s.Comments(w.ID)); n != 3 {
		t.Errorf("%d comments stand, want 3", n)
	}
	noToken := newBrowser(t, s, "127.0.0.1")
	noToken.http.Jar = b.http.Jar
	resp, err := noToken.http.Post("https://"+hostCreator+"/api/im/send", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer["status_code"] != 3.0 {
		t.Errorf("a post without the csrf header: %v %v", answer, err)
	}
}

func TestResetAfterPostKeepsThePost(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	m, _ := s.AddMessage(NewMessage{Owner: o.UID, Author: "甲", Text: "在吗"})
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	s.ResetAfterPost(1)
	if _, _, err := b.try(http.MethodPost, "/api/im/send", submission{Peer: m.Peer, Text: "丢"}); err == nil {
		t.Fatal("the post was answered")
	}
	posts := s.Posts()
	if len(posts) != 1 || !posts[0].Post.Reset || posts[0].Post.Code != 0 {
		t.Fatalf("posts %+v", posts)
	}
	if got := s.Messages(o.UID); len(got) != 2 || got[1].Text != "丢" {
		t.Errorf("the message does not stand: %+v", got)
	}
	if answer := b.post("/api/im/send", submission{Peer: m.Peer, Text: "到"}); answer["status_code"] != 0.0 {
		t.Errorf("the next post: %v", answer)
	}
}

func TestReadingMarksOnlyByThePagesClick(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	m, _ := s.AddMessage(NewMessage{Owner: o.UID, Author: "甲", Text: "在吗"})
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	unread := func() any {
		return b.get("/api/im/conversations")["conversations"].([]any)[0].(map[string]any)["unread_count"]
	}
	b.get("/api/im/messages?peer=" + m.Peer)
	b.get("/api/im/messages/recent")
	if unread() != 1.0 {
		t.Error("looking marked it as read")
	}
	b.post("/api/im/read", submission{Peer: m.Peer})
	if unread() != 0.0 {
		t.Error("the click did not mark it as read")
	}
	if reads, _ := s.Audit(AuditQuery{Kind: KindRead}); len(reads) != 1 || reads[0].Detail != m.Peer {
		t.Errorf("audit of reads: %+v", reads)
	}
}

func TestOneVisitorWritesToTwoOwners(t *testing.T) {
	s := start(t, Options{})
	one, _ := emptyOwner(t, s, "阿月")
	two, _ := emptyOwner(t, s, "老王")
	a, _ := s.AddMessage(NewMessage{Owner: one.UID, Author: "甲", Text: "一"})
	b, _ := s.AddMessage(NewMessage{Owner: two.UID, Author: "甲", Text: "二"})
	namesake, _ := s.AddMessage(NewMessage{Owner: one.UID, Author: "甲", AuthorID: "299999999999", Text: "三"})
	if a.Peer != b.Peer || a.To.UID == b.To.UID || namesake.Peer == a.Peer {
		t.Errorf("peers %s %s %s", a.Peer, b.Peer, namesake.Peer)
	}
}

func TestPushReachesOnlyTheOwnersSockets(t *testing.T) {
	s := start(t, Options{})
	o, w := emptyOwner(t, s, "阿月")
	_, otherWork := emptyOwner(t, s, "老王")
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	conn, resp, err := websocket.Dial(t.Context(), "wss://"+hostPush+"/push", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: b.http.Transport},
		HTTPHeader: http.Header{"Cookie": {cookieSession + "=" + b.cookie(cookieSession)}, "Origin": {"https://" + hostCreator}},
	})
	if err != nil {
		t.Fatalf("%v %v", err, resp)
	}
	defer func() { _ = conn.CloseNow() }()

	silent, _ := s.AddComment(NewComment{Work: w.ID, Author: "甲", Text: "悄悄", Silent: true})
	_, _ = s.AddComment(NewComment{Work: otherWork.ID, Author: "甲", Text: "别人的"})
	c, _ := s.AddComment(NewComment{Work: w.ID, Author: "甲", Text: "好看", At: time.Now().Add(-8 * 24 * time.Hour)})
	r, _ := s.AddComment(NewComment{ReplyTo: silent.ID, Author: "乙", Text: "同意"})
	m, _ := s.AddMessage(NewMessage{Owner: o.UID, Author: "甲", Text: "在吗"})
	if err := s.Recall(m.ID); err != nil {
		t.Fatal(err)
	}
	n, _ := s.AddNotification(NewNotification{Owner: o.UID, Type: "like", Author: "甲", Text: "赞"})
	for _, want := range []struct{ kind, key, id string }{
		{"comment", "comments", c.ID},
		{"reply", "replies", r.ID},
		{"message", "messages", m.ID},
		{"message", "messages", m.ID},
		{"notification", "notifications", n.ID},
	} {
		_, frame, err := conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var push map[string]any
		if err := json.Unmarshal(frame, &push); err != nil {
			t.Fatal(err)
		}
		if got := ids(t, push, want.key); push["type"] != want.kind || len(got) != 1 || got[0] != want.id {
			t.Errorf("push %s, want %s of %s", frame, want.kind, want.id)
		}
	}
	if err := s.Logout(o.UID, false); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(t.Context()); err == nil {
		t.Error("the socket outlived its login")
	}
}
