package suite

import (
	"strings"
	"testing"
	"time"

	"troupe/messages"
)

// TestAccountLogsInWithWindowsToo runs Chromium with windows, on screens that the node starts itself.
func TestAccountLogsInWithWindowsToo(t *testing.T) {
	s := newStage(t, "--mode", "headful")
	account := s.watched("甲")
	c := s.comment(account, "窗口里的评论")
	s.eventually("the comment is stored", 20*time.Second, func() bool { return s.has(account, messages.Comments, c.ID) })
	s.eventually("the persona is read", 30*time.Second, func() bool {
		p := s.account(account).Persona
		return p != nil && p.SelfTest == "ok" && p.UserAgent != "" && !strings.Contains(p.UserAgent, "Headless")
	})
	if text := s.cli("", "nodes"); !strings.Contains(text, "headful") {
		t.Errorf("nodes says\n%s", text)
	}
}
