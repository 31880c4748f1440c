package sandbox_test

import (
	"testing"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
	"troupe/testkit/recorded"
	standard "troupe/testkit/rig"
	"troupe/testkit/site"
)

// recordedRound is the recorded round of a look at the look-alike.
func recordedRound(t *testing.T) recorded.Case {
	t.Helper()
	def, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	var web *site.Site
	var owner site.Owner
	return recorded.Case{
		Definition: def, Dir: "testdata/recording",
		Logged: func(t *testing.T) *standard.Rig {
			var r *standard.Rig
			web, owner, r = loggedIn(t)
			return r
		},
		Happens:  func(t *testing.T) { befall(t, web, owner) },
		Optional: map[string]string{"conversations": "a message that is pushed may come without its conversation"},
	}
}

// TestRecordingIsMappedAndEveryMutationNoticed needs no browser; -update records the round anew, which does.
func TestRecordingIsMappedAndEveryMutationNoticed(t *testing.T) { recordedRound(t).Check(t) }

func TestRecordedRoundHappensAgainInChromium(t *testing.T) {
	t.Parallel()
	recordedRound(t).CheckReplay(t)
}

// TestChangedRecordingIsPageChangedInChromium always tries the change that only a flow can notice; what the mapping notices is the
// test's without a browser, and once more this one's in a full run.
func TestChangedRecordingIsPageChangedInChromium(t *testing.T) {
	t.Parallel()
	changes := []struct {
		name, place string
		do          func(answer map[string]any)
	}{
		{"success has another name", "/api/works", func(a map[string]any) { delete(a, "status_code") }},
		{"a list is an object", "/api/comments/recent", func(a map[string]any) { a["comments"] = map[string]any{"value": a["comments"]} }},
	}
	if !testkit.Full {
		changes = changes[:1]
	}
	for _, change := range changes {
		t.Run(change.name, func(t *testing.T) { recordedRound(t).CheckChanged(t, change.place, change.do) })
	}
}

// befall pushes one thing of each kind.
func befall(t *testing.T, web *site.Site, owner site.Owner) {
	t.Helper()
	work := web.Works(owner.UID)[0].ID
	comment, err := web.AddComment(site.NewComment{Work: work, Author: "路过的猫", Text: "这道菜放糖吗？"})
	if err == nil {
		_, err = web.AddComment(site.NewComment{ReplyTo: comment.ID, Author: "隔壁老王", Text: "放一点点"})
	}
	if err == nil {
		_, err = web.AddMessage(site.NewMessage{Owner: owner.UID, Author: "路过的猫", Text: "在吗？"})
	}
	if err == nil {
		_, err = web.AddNotification(site.NewNotification{Owner: owner.UID, Type: "like", Author: "隔壁老王", Text: "赞了你的作品", RelatedID: work, RelatedKind: "work"})
	}
	if err != nil {
		t.Error(err)
	}
}

// loggedIn is a rig before a site with a little of everything, whose account is logged in.
func loggedIn(t *testing.T) (*site.Site, site.Owner, *standard.Rig) {
	t.Helper()
	web, err := site.Start(site.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	owner, err := web.CreateOwner(site.NewOwner{Nickname: "小厨娘阿月"})
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Fill(site.Fill{Owner: owner.UID, Works: 4, Comments: 24, Conversations: 22, Messages: 24, Notifications: 6}); err != nil {
		t.Fatal(err)
	}
	def, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	def.Collect.NavigateAtMost = definition.Rate{Events: 600, Per: time.Minute}
	r := standard.Start(t, standard.Config{Definition: def, Account: "sb_1", Site: web})
	_, err = r.Client.Login(r.Context(time.Minute), nil, func(s platforms.Step) {
		if s.Status == "qrcode_ready" {
			if err := web.Confirm("", owner.UID); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatalf("log in: %v\n%s", err, r.Story())
	}
	return web, owner, r
}
