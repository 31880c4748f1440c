package xiaohongshu

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares an answer with its file.
func golden(t *testing.T, name string, text []byte) {
	t.Helper()
	var shown bytes.Buffer
	if err := json.Indent(&shown, text, "", " "); err != nil {
		t.Fatalf("%s: %v in %q", name, err, text)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, shown.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(shown.Bytes(), want) {
		t.Errorf("%s is now\n%s", name, shown.Bytes())
	}
}

// still is a site whose every answer is always the same: two notes, a comment in three levels, a chat, mentions.
func still(t *testing.T) (s *Site, v *visitor, m Message) {
	t.Helper()
	now := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	s = start(t, Options{Seed: 1, Clock: func() time.Time { return now }})
	o, err := s.CreateOwner(NewOwner{Nickname: "小厨", Empty: true})
	must(t, err)
	n, err := s.AddNote(NewNote{Owner: o.UID, Title: "一口锅"})
	must(t, err)
	_, err = s.AddNote(NewNote{Owner: o.UID, Title: "视频", Video: true, At: now.Add(time.Minute)})
	must(t, err)
	var above string
	for i, text := range []string{"一级", "二级", "三级"} {
		c, err := s.AddComment(NewComment{Note: n.ID, ReplyTo: above, NewName: "访客" + text, Text: text, At: now.Add(time.Duration(i) * time.Second)})
		must(t, err)
		above = c.ID
	}
	c, err := s.AddComment(NewComment{Note: n.ID, AuthorID: o.UID, Text: "作者的话", At: now.Add(time.Hour)})
	must(t, err)
	_, err = s.AddComment(NewComment{ReplyTo: c.ID, Author: "访客一级", Picture: true, At: now.Add(2 * time.Hour)})
	must(t, err)
	for _, kind := range []string{mentionFollow, mentionLike, mentionFaved} {
		_, err = s.AddMention(NewMention{Owner: o.UID, Type: kind, Author: "访客一级", Note: n.ID, At: now.Add(3 * time.Hour)})
		must(t, err)
	}
	for _, kind := range []int{typeText, typeHidden, typePicture, typeNote, typeHint, typeSticker, typeText} {
		m, err = s.AddMessage(NewMessage{Owner: o.UID, Author: "访客一级", Type: &kind, Text: "你好", Ref: m.ID})
		must(t, err)
	}
	return s, loggedIn(t, s, o.UID), m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnswersHaveTheirShapes(t *testing.T) {
	s, v, m := still(t)
	o := s.Owners()[0]
	n := s.Notes(o.UID)[0]
	root := s.Comments(n.ID)[0]
	v.page(hostCreator + "/new/home") // this visit bounces, and warms the creator centre
	for name, address := range map[string]string{
		"posted":        hostCreator + "/api/galaxy/v2/creator/note/user/posted?tab=0&page=0",
		"creator_user":  hostCreator + "/api/galaxy/user/info",
		"personal_info": hostCreator + "/api/galaxy/creator/home/personal_info",
		"me":            hostAPI + "/api/sns/web/v2/user/me",
		"selfinfo":      hostAPI + "/api/sns/web/v1/user/selfinfo",
		"unread_count":  hostAPI + "/api/sns/web/unread_count",
		"user_posted":   hostAPI + "/api/sns/web/v1/user_posted?user_id=" + o.UID,
		"comments":      hostAPI + "/api/sns/web/v2/comment/page?note_id=" + n.ID,
		"sub_comments":  hostAPI + "/api/sns/web/v2/comment/sub/page?root_comment_id=" + root.ID,
		"chats":         hostAPI + "/api/im/web/v3/chats?limit=100&complete=true&page=1&source=pc",
		"get_unread":    hostAPI + "/api/im/web/chat/get_unread",
		"history":       hostAPI + "/api/im/web/messages/history?last_id=0&limit=30&chat_user_id=" + m.PeerID,
	} {
		_, text := v.do(http.MethodGet, address, "")
		golden(t, name, text)
	}
	for _, tab := range mentionTabs {
		_, text := v.do(http.MethodGet, hostAPI+"/api/sns/web/v1/you/"+tab+"?num=20&cursor=", "")
		golden(t, tab, text)
	}
	_, text := v.do(http.MethodPost, hostAPI+"/api/sns/web/v1/feed", asJSON(fields{"source_note_id": n.ID, "xsec_token": n.Token}))
	golden(t, "feed", text)
	_, text = v.do(http.MethodPost, hostAPI+"/api/sns/web/v1/comment/post", asJSON(fields{"note_id": n.ID, "content": "谢谢", "target_comment_id": root.ID}))
	golden(t, "comment_post", text)
}
