package xiaohongshu_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/recording"
	"troupe/platforms/xiaohongshu"
	"troupe/testkit/recorded"
	"troupe/testkit/rig"
	site "troupe/testkit/site/xiaohongshu"
)

// recordedRound is the recorded round of a look at the look-alike.
func recordedRound(t *testing.T) recorded.Case {
	t.Helper()
	def, err := definition.Load(xiaohongshu.FS)
	if err != nil {
		t.Fatal(err)
	}
	var s *stand
	return recorded.Case{
		Definition: def, Dir: "testdata/recording",
		Logged: func(t *testing.T) *rig.Rig {
			s = newStand(t, site.NewOwner{Nickname: "小厨"})
			s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Notes: 8, Comments: 12, Mentions: 6}))
			s.variety()
			s.logIn()
			return s.Rig
		},
		Happens:  func(t *testing.T) { befall(s.with(t)) },
		Optional: map[string]string{},
	}
}

// TestRecordingIsMappedAndEveryMutationNoticed needs no browser; -update records the round anew, which does.
func TestRecordingIsMappedAndEveryMutationNoticed(t *testing.T) {
	t.Parallel()
	recordedRound(t).Check(t)
}

// TestEveryMutationOfMessagesIsNoticed changes an answer that the recording does not have, because a recorded round opens no conversation.
func TestEveryMutationOfMessagesIsNoticed(t *testing.T) {
	t.Parallel()
	const owner, peer = "68a00055d323ae0397ad965c", "68a0061ce43e37dd29e86c6f"
	var rows []any
	for place := range 30 { // a full page, with others behind it
		rows = append(rows, map[string]any{
			"id": fmt.Sprint(7560000000015080600 - place), "store_id": 90 - place, "sender_id": peer, "receiver_id": owner, "created_at": 1790841600000 - place,
			"revoked": false, "content": `{"content_type":1,"content":"你好","front_chain":"你好"}`,
		})
	}
	answer := answered(t, "https://edith.xiaohongshu.com/api/im/web/messages/history?chat_user_id="+peer, map[string]any{"out_message_list": rows})
	c := recordedRound(t)
	c.CheckMutations(t, &recording.Recording{Owner: owner, Entries: []recording.Entry{answer}})
}

// TestCountsOfAnotherNameAreNoNews looks at the answer that is the only sign of a new comment.
func TestCountsOfAnotherNameAreNoNews(t *testing.T) {
	def, err := definition.Load(xiaohongshu.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{"", "mentions", "likes", "connections"} {
		counts := map[string]any{"unread_count": 0, "mentions": 0, "likes": 0, "connections": 0}
		delete(counts, missing)
		answer := answered(t, "https://edith.xiaohongshu.com/api/sns/web/unread_count", counts)
		_, err := recording.Map(t.Context(), def, &recording.Recording{Owner: "68a00055d323ae0397ad965c", Entries: []recording.Entry{answer}})
		if changed := platforms.KindOf(err) == platforms.PageChanged; err != nil && !changed || changed != (missing != "") {
			t.Errorf("without %q: %v", missing, err)
		}
	}
}

// answered is a good answer of the site with that data.
func answered(t *testing.T, address string, data any) recording.Entry {
	t.Helper()
	body, err := json.Marshal(map[string]any{"code": 0, "success": true, "data": data})
	if err != nil {
		t.Fatal(err)
	}
	return recording.Entry{
		Kind: recording.Response, Method: http.MethodGet, URL: address, Status: http.StatusOK, Type: "application/json", Body: body, BodyFile: "the answer",
	}
}

// TestRecordedRoundHappensAgainInChromium replays the recording as it is, and once more without a key that nothing but the flow misses.
func TestRecordedRoundHappensAgainInChromium(t *testing.T) {
	if !inFull(t) {
		return
	}
	t.Run("as it is", func(t *testing.T) { recordedRound(t).CheckReplay(t) })
	t.Run("without the word that all is well", func(t *testing.T) {
		recordedRound(t).CheckChanged(t, "/note/user/posted", func(a map[string]any) { delete(a, "code") })
	})
}

// variety lets somebody write a message of each type, and more than one page of them.
func (s *stand) variety() {
	s.t.Helper()
	for kind := range 14 {
		s.message(site.NewMessage{Author: "多媒体", Type: &kind, Text: "内容", Silent: true})
	}
	for range 24 {
		s.message(site.NewMessage{Author: "多媒体", Text: "在吗", Silent: true})
	}
	s.message(site.NewMessage{Author: "多媒体", Text: "在的", FromOwner: true, Silent: true})
	revoked := s.message(site.NewMessage{Author: "多媒体", Text: "说错了", Silent: true})
	s.must(s.site.Revoke(revoked.ID))
	s.message(site.NewMessage{Author: "小红书团队", Kind: "official", Text: "欢迎", Silent: true})
}

// befall pushes one thing of each kind.
func befall(s *stand) {
	note := s.site.Notes(s.owner.UID)[0].ID
	c, err := s.site.AddComment(site.NewComment{Note: note, Author: "路人乙", Text: "放糖吗？"})
	s.must(err)
	d, err := s.site.AddComment(site.NewComment{ReplyTo: c.ID, Author: "路人丙", Text: "放一点点"})
	s.must(err)
	for range 11 { // more than unfold at once
		_, err = s.site.AddComment(site.NewComment{ReplyTo: d.ID, Author: "路人丁", Text: "同问"})
		s.must(err)
	}
	s.message(site.NewMessage{Author: "路人乙", Text: "在吗"})
}
