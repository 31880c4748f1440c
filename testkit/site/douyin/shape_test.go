package douyin

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
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

// still is a site whose every answer is always the same: one work, a comment in three levels, a chat, notices.
func still(t *testing.T) (s *Site, v *visitor, m Message) {
	t.Helper()
	now := time.Date(2026, 10, 1, 8, 0, 0, 0, beijing)
	s = start(t, Options{Seed: 1, Clock: func() time.Time { return now }})
	o, err := s.CreateOwner(NewOwner{Nickname: "小厨", Empty: true})
	must(t, err)
	k, err := s.AddWork(NewWork{Owner: o.UID, Title: "一口锅"})
	must(t, err)
	_, err = s.AddWork(NewWork{Owner: o.UID, Title: "图集", Type: 68, At: now.Add(time.Minute)})
	must(t, err)
	var above string
	for i, text := range []string{"一级", "二级", "三级"} {
		c, err := s.AddComment(NewComment{Work: k.ID, ReplyTo: above, NewName: "访客" + text, Text: text, At: now.Add(time.Duration(i) * time.Second)})
		must(t, err)
		above = c.ID
	}
	_, err = s.AddComment(NewComment{Work: k.ID, AuthorID: o.UID, Text: "作者的话", At: now.Add(time.Hour)})
	must(t, err)
	_, err = s.AddComment(NewComment{Work: k.ID, Author: "访客一级", Image: true, At: now.Add(2 * time.Hour)})
	must(t, err)
	for _, kind := range []int{noticeFollow, noticeLike} {
		_, err = s.AddNotice(NewNotice{Owner: o.UID, Type: kind, Author: "访客一级", Work: k.ID, At: now.Add(3 * time.Hour)})
		must(t, err)
	}
	for _, kind := range []int{typeText, typeTips, typeSticker, typeWork, typeVoice, typeImage, typeImageWork, 50001} {
		m, err = s.AddMessage(NewMessage{Owner: o.UID, Author: "访客一级", Type: kind, Text: "你好"})
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
	k := s.Works(o.UID)[0]
	root := s.Comments(k.ID)[0]
	for name, address := range map[string]string{
		"work_list":    hostCreator + "/janus/douyin/creator/pc/work_list?count=12",
		"item_list":    hostCreator + "/aweme/v1/creator/item/list",
		"comments_a":   hostCreator + "/aweme/v1/creator/comment/list?item_id=" + url.QueryEscape(k.ItemID),
		"replies_a":    hostCreator + "/aweme/v1/creator/comment/reply/list/?comment_id=" + url.QueryEscape(root.Opaque),
		"comments_b":   hostCreator + pathRead + "/comment/list/select/?aweme_id=" + k.ID,
		"replies_b":    hostCreator + pathRead + "/comment/list/reply/?comment_id=" + root.ID,
		"comments_www": hostWWW + "/aweme/v1/web/comment/list/?aweme_id=" + k.ID,
		"notices":      hostWWW + "/aweme/v1/web/notice/?notice_group=700&count=10",
		"user_info":    hostCreator + "/aweme/v1/creator/pc/user_info",
		"query_user":   hostWWW + "/aweme/v1/web/query/user/",
		"user_detail":  hostCreator + "/aweme/v1/creator/im/user_detail/",
		"im_user_info": hostWWW + "/aweme/v1/web/im/user/info/?sec_user_ids=" + url.QueryEscape(`["`+s.world.people[m.SenderID].sec()+`"]`),
	} {
		_, text := v.do(http.MethodGet, address, "", "")
		golden(t, name, text)
	}
	for name, ask := range map[string]struct {
		path string
		cmd  int
		body fields
	}{
		"im_init":            {"/v2/message/get_message_by_init", cmdInit, fields{}},
		"im_user_message":    {"/v1/message/get_user_message", cmdUserMessage, fields{"cursor": 6}},
		"im_by_conversation": {"/v1/message/get_by_conversation", cmdByConversation, fields{"conversation_id": m.Conversation, "limit": 2}},
		"im_info_list":       {"/v2/conversation/get_info_list", cmdInfoList, fields{"keys": []fields{{"conversation_id": m.Conversation}}}},
	} {
		text, err := json.Marshal(v.im(ask.path, ask.cmd, ask.body))
		must(t, err)
		golden(t, name, text)
	}
}

// TestWireIsTheBytesThatWereMeasured holds im.proto to the field numbers that others measured.
func TestWireIsTheBytesThatWereMeasured(t *testing.T) {
	w, err := newWire()
	must(t, err)
	for name, c := range map[string]struct {
		message string
		fields  fields
		want    string
	}{
		"response":     {"Response", fields{"cmd": 2043, "error_desc": "OK", "my_uid": 7}, "\x08\xfb\x0f\x22\x02OK\x68\x07"},
		"conversation": {"Conversation", fields{"conversation_id": "0:1:7:8", "short_id": 9, "type": 1, "setting": fields{"read_index": 5}}, "\x0a\x070:1:7:8\x10\x09\x18\x01\x9a\x03\x02\x28\x05"},
		"message":      {"Message", fields{"conversation_id": "c", "server_message_id": 1, "index": 2, "type": 7, "sender": 8, "content": "{}", "create_time": 3, "sec_sender": "s", "order": 4}, "\x0a\x01c\x18\x01\x20\x02\x30\x07\x38\x08\x42\x02{}\x50\x03\x72\x01s\x88\x01\x04"},
		"push":         {"PushFrame", fields{"payload_type": "pb", "payload": []byte("x")}, "\x3a\x02pb\x42\x01x"},
		"notify":       {"ResponseBody", fields{"new_message_notify": fields{"message": fields{"index": 1}}}, "\xa2\x1f\x04\x2a\x02\x20\x01"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(w.encode(c.message, c.fields)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
