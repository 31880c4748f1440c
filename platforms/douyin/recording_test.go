package douyin_test

import (
	"testing"

	"troupe/platforms/definition"
	"troupe/platforms/douyin"
	"troupe/testkit/recorded"
	"troupe/testkit/rig"
	site "troupe/testkit/site/douyin"
)

// liked is why a notice need not say which work it is of.
const liked = "what was liked is said by one source only, and works have a list of their own"

// recordedRound is the recorded round of a look at the look-alike.
func recordedRound(t *testing.T) recorded.Case {
	t.Helper()
	def, err := definition.Load(douyin.FS)
	if err != nil {
		t.Fatal(err)
	}
	var s *stand
	return recorded.Case{
		Definition: def, Dir: "testdata/recording",
		Logged: func(t *testing.T) *rig.Rig {
			s = newStand(t, site.NewOwner{Nickname: "小厨"})
			s.must(s.site.Fill(site.Fill{Owner: s.owner.UID, Comments: 12, Conversations: 22, Messages: 8, Notices: 12}))
			s.logIn()
			return s.Rig
		},
		Happens: func(t *testing.T) { befall(s.with(t)) },
		Optional: map[string]string{
			"body.init.opened":                        "a list without rows is not sent; that chats were there before is the engine's to remember",
			"body.user_message.groups":                "a list without rows is not sent: nothing came since",
			"data.[].uid":                             "the site leaves it out now and then; the other id is the person's further name",
			"notice_list_v2.[].digg":                  liked,
			"notice_list_v2.[].digg.aweme":            liked,
			"notice_list_v2.[].digg.aweme.author":     liked,
			"notice_list_v2.[].digg.aweme.author.uid": liked,
			"notice_list_v2.[].digg.aweme.aweme_id":   liked,
		},
	}
}

// TestRecordingIsMappedAndEveryMutationNoticed needs no browser; -update records the round anew, which does.
func TestRecordingIsMappedAndEveryMutationNoticed(t *testing.T) { recordedRound(t).Check(t) }

// TestRecordedRoundHappensAgainInChromium replays the recording as it is, and once more without a key that nothing but the flow misses.
func TestRecordedRoundHappensAgainInChromium(t *testing.T) {
	if !inFull(t) {
		return
	}
	t.Run("as it is", func(t *testing.T) { recordedRound(t).CheckReplay(t) })
	t.Run("without the word that all is well", func(t *testing.T) {
		recordedRound(t).CheckChanged(t, "/comment/list/select/", func(a map[string]any) { delete(a, "status_code") })
	})
}

// befall pushes one thing of each kind.
func befall(s *stand) {
	targets := s.targets()
	for _, n := range []site.NewNotice{{Type: 41, Work: targets["work"].GetWorkId()}, {Type: 33}} {
		n.Owner, n.Author = s.owner.UID, "路人乙"
		_, err := s.site.AddNotice(n)
		s.must(err)
	}
	for _, kind := range []int{5, 8, 17, 27} {
		s.message(site.NewMessage{Author: "小刚", Type: kind, Text: "内容"})
	}
}
