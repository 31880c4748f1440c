package xiaohongshu_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/engine"
	"troupe/testkit/site/stage"
	site "troupe/testkit/site/xiaohongshu"

	"troupe/testkit/rig"
)

func TestAccountIsLoggedInAndWatched(t *testing.T) {
	t.Parallel()
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	if full() {
		s.fill(107, 350, 220, 2000)
	}
	s.play(
		part{"a guest's cookie is no login", false, guest},
		part{"a captcha, the end of patience and of codes have names", false, loginsThatEnd},
		part{"a login goes from picture to picture, code and profile", true, loginSteps},
		part{"the first pass sees every list to its end", true, firstPass},
		part{"quiet rounds load no page and mark nothing as read", false, quiet},
		part{"a message is there at once, and only its conversation is opened", true, pushed},
		part{"a comment and its reply are found without a push", false, commented},
		part{"own messages sent elsewhere are outbound", false, ownMessages},
		part{"the login outlives the browser", false, anotherBrowser},
		part{"captcha, layout and lapse have names", true, troubles},
	)
}

// fill adds to what stands there already until there is so much of everything.
func (s *stand) fill(notes, comments, conversations, messages int) {
	s.t.Helper()
	for _, n := range s.site.Notes(s.owner.UID) {
		comments -= n.Comments
	}
	chats := conversations - len(s.site.Conversations(s.owner.UID))
	s.must(s.site.Fill(site.Fill{
		Owner: s.owner.UID, Notes: notes - len(s.site.Notes(s.owner.UID)), Comments: comments, Conversations: chats,
		Messages: messages - chats - len(s.site.Messages(s.owner.UID)), Mentions: 30,
	}))
}

func guest(s *stand) {
	if _, err := s.Client.Probe(s.Context(30 * time.Second)); platforms.KindOf(err) != platforms.LoggedOut {
		s.t.Errorf("%v", err)
	}
}

// loginsThatEnd are the ways in which a login ends without success; a refusal on the phone is told as an expiry.
func loginsThatEnd(s *stand) {
	ends := func(name string, want platforms.Kind, ctx context.Context, show func(platforms.Step)) {
		s.t.Helper()
		if _, err := s.Client.Login(ctx, nil, show); platforms.KindOf(err) != want {
			s.t.Errorf("%s: %v, want %v\n%s", name, err, want, s.Story())
		}
	}
	s.must(s.site.Behave(func(b *site.Behaviour) { b.CaptchaAfter = true }))
	ends("captcha", platforms.Challenge, s.Context(time.Minute), func(step platforms.Step) {
		if step.QR != nil {
			s.must(s.site.Confirm("", s.owner.UID))
		}
	})
	s.must(s.site.Behave(func(b *site.Behaviour) { b.CaptchaAfter = false }))
	ctx, cancel := context.WithCancel(s.Context(time.Minute))
	ends("cancelled", platforms.Cancelled, ctx, func(platforms.Step) { cancel() })
	s.Definition.Login.QR.Renewals = 1
	defer func() { s.Definition.Login.QR.Renewals = 5 }()
	ends("expired too often", platforms.LoginTimeout, s.Context(time.Minute), func(step platforms.Step) {
		if step.QR != nil {
			s.must(s.site.Refuse(""))
		}
	})
}

// loginSteps lets a code expire and another be refused, which the site tells as an expiry, and asks for a code.
func loginSteps(s *stand) {
	s.site.RequireCode("123456")
	defer s.site.RequireCode("")
	inputs := make(chan platforms.Input, 3)
	var seen []string
	pictures, began := 0, time.Now()
	profile, err := s.Client.Login(s.Context(90*time.Second), inputs, func(step platforms.Step) {
		seen = append(seen, step.Status)
		if step.QR != nil {
			if pictures++; pictures == 1 {
				s.t.Log("the code was there after", time.Since(began).Round(time.Millisecond))
			}
		}
		switch {
		case step.Status == "qrcode_ready":
			s.must(s.site.Expire(""))
		case step.Status == "qrcode_refreshed" && pictures == 2 && full():
			s.must(s.site.Refuse(""))
		case step.Status == "qrcode_refreshed":
			s.must(s.site.Scan(""))
		case step.Status == "scanning":
			s.must(s.site.Confirm("", s.owner.UID))
		case step.Status == "sms_input_required":
			if s.audited(stage.KindLogin) != 0 {
				s.t.Error("logged in before the code was entered")
			}
			code := "123456"
			if step.Message == "" {
				code = "000000"
			}
			inputs <- platforms.Input{Kind: step.Ask, Value: messages.Secret(code)}
		}
	})
	if err != nil {
		s.t.Fatalf("%v after %v\n%s", err, seen, s.Story())
	}
	if profile.GetPlatformUserId() != s.owner.UID || profile.GetNickname() != s.owner.Nickname || profile.GetFollowing() != s.owner.Follows || profile.Followers == nil {
		s.t.Errorf("profile %v of %+v", profile, s.owner)
	}
	if !slices.Contains(seen, "scanning") || seen[len(seen)-1] != "sms_input_required" {
		s.t.Errorf("steps: %v", seen)
	}
}

// want is what a store would hold of all that stands on the site.
func (s *stand) want() map[string]int { return standing(s.site, s.owner.UID) }

// standing counts what a store would hold of all that stands on a site.
func standing(web *site.Site, owner string) map[string]int {
	want := map[string]int{messages.Notifications: len(web.Mentions(owner)), messages.Contents: len(web.Notes(owner))}
	for _, n := range web.Notes(owner) {
		for _, c := range web.Comments(n.ID) {
			if c.Level == 1 {
				want[messages.Comments]++
			} else {
				want[messages.Discussions]++
			}
		}
	}
	for _, c := range web.Conversations(owner) {
		if c.Kind != "official" {
			want[messages.Conversations]++
			want[messages.Messages] += c.Messages
		}
	}
	for _, m := range web.Messages(owner) {
		if m.Type == 0 {
			want[messages.Messages]--
		}
	}
	return want
}

func firstPass(s *stand) {
	hidden := 0
	m := s.message(site.NewMessage{Author: "多媒体", Text: "图", Silent: true})
	s.message(site.NewMessage{AuthorID: m.SenderID, Type: &hidden, Silent: true})
	s.message(site.NewMessage{Author: "小红书团队", Kind: "official", Text: "欢迎", Silent: true})
	private := "private"
	notes := s.site.Notes(s.owner.UID)
	s.must(s.site.EditNote(site.EditNote{Note: notes[len(notes)-1].ID, State: &private}))
	defer func() { s.must(s.site.EditNote(site.EditNote{Note: notes[len(notes)-1].ID, State: new(string)})) }()
	items := s.rounds(messages.Collections...)
	want, got := s.want(), held(items)
	for _, c := range s.site.Comments(notes[len(notes)-1].ID) {
		if c.Level == 1 {
			want[messages.Comments]--
		} else {
			want[messages.Discussions]--
		}
	}
	for _, collection := range messages.Collections {
		if got[collection] != want[collection] {
			s.t.Errorf("%s: %d of %d", collection, got[collection], want[collection])
		}
	}
	s.truthful(items)
}

// truthful compares the items with what stands on the site.
func (s *stand) truthful(items []*messages.Item) {
	s.t.Helper()
	comments, roots := map[string]site.Comment{}, map[string]bool{}
	for _, n := range s.site.Notes(s.owner.UID) {
		for _, c := range s.site.Comments(n.ID) {
			comments[c.ID] = c
		}
	}
	said := map[string]site.Message{}
	for _, m := range s.site.Messages(s.owner.UID) {
		said[m.ID] = m
	}
	all := newest(items)
	for _, i := range all {
		if c := i.GetComment(); c != nil {
			roots[c.GetId()] = true
			if w := comments[c.GetId()]; w.Text != c.GetContent() || w.Note != c.GetWorkId() || w.AuthorID != c.GetAuthorId() || w.Own != c.GetIsOwn() || i.GetSource() == messages.Source_SOURCE_LIST && w.At != c.GetCreateTime() {
				s.t.Errorf("comment %v is %+v", c, w)
			}
		}
	}
	for _, i := range all {
		if d := i.GetDiscussion(); d != nil {
			if w := comments[d.GetId()]; w.Text != d.GetContent() || w.Root != d.GetCommentId() || w.Parent != d.GetReplyToId() || w.At != d.GetCreateTime() || !roots[w.Root] {
				s.t.Errorf("discussion %v is %+v", d, w)
			}
		}
		if m := i.GetMessage(); m != nil {
			w, unit := said[m.GetId()], int64(1)
			if s.site.Behaves().TimeUnit == "s" {
				unit = 1000
			}
			if w.At/unit*unit != m.GetCreateTime() || w.FromOwner != m.GetIsOutbound() || m.GetConversationId() != s.owner.UID+":"+w.PeerID {
				s.t.Errorf("message %v is %+v", m, w)
			}
		}
	}
}

func quiet(s *stand) {
	s.round() // takes up what the first pass left
	loads, read := s.loads(), s.audited(stage.KindRead)
	for range 3 {
		if b := s.round(); len(b.Items) > 0 {
			s.t.Errorf("a quiet round brought %v", held(b.Items))
		}
	}
	if s.loads() != loads || s.audited(stage.KindRead) != read {
		s.t.Errorf("%d pages were loaded, %d conversations read", s.loads()-loads, s.audited(stage.KindRead)-read)
	}
}

func pushed(s *stand) {
	read := s.audited(stage.KindRead)
	m := s.message(site.NewMessage{Author: "小新", Text: "新消息"})
	begin := time.Now()
	if !s.Drained(5*time.Second, func(i *messages.Item) bool { return i.GetConversation().GetLastMessage() == "新消息" }) {
		s.t.Error("the push brought nothing")
	}
	s.t.Log("a push became an item after", time.Since(begin).Round(time.Millisecond))
	if s.audited(stage.KindRead) != read {
		s.t.Error("a push marked something as read")
	}
	s.found(m.ID)
	entries, _ := s.site.Audit(stage.AuditQuery{Kind: stage.KindRead})
	for _, e := range entries[read:] {
		if e.Detail != m.SenderID {
			s.t.Errorf("the conversation with %s was opened, that did not grow", e.Detail)
		}
	}
}

func commented(s *stand) {
	c, err := s.site.AddComment(site.NewComment{Note: s.note(), Author: "小评", Text: "新评论"})
	s.must(err)
	d, err := s.site.AddComment(site.NewComment{ReplyTo: c.ID, Author: "小回", Text: "新回复"})
	s.must(err)
	deeper, err := s.site.AddComment(site.NewComment{ReplyTo: d.ID, Author: "小深", Text: "更深"})
	s.must(err)
	s.found(c.ID, d.ID, deeper.ID)
	s.pause()
	s.round() // for a count that the page asked for before the look
	s.pause()
	loads := s.loads()
	s.round()
	if s.loads() != loads {
		s.t.Error("the notifications were looked at again, with nothing new")
	}
}

func ownMessages(s *stand) {
	peer := s.site.Conversations(s.owner.UID)[0].PeerID
	m := s.message(site.NewMessage{AuthorID: peer, Text: "我在手机上回的", FromOwner: true})
	if !s.found(m.ID)[0].GetMessage().GetIsOutbound() {
		s.t.Error("it counts as the other side's")
	}
}

func anotherBrowser(s *stand) {
	s.CloseBrowser(s.Browser)
	s.StartBrowser(false)
	s.Renew(engine.Config{Owner: s.owner.UID, Whole: messages.Collections, Known: func(string) bool { return true }, Memory: s.memory})
	if _, err := s.Client.Probe(s.Context(time.Minute)); err != nil {
		s.t.Fatalf("%v\n%s", err, s.Story())
	}
	if b := s.round(); len(b.Complete) != 0 {
		s.t.Errorf("read whole again: %v", b.Complete)
	}
}

// pause lasts until the page asked for its counts again.
func (s *stand) pause() {
	s.Drained(1500*time.Millisecond, func(*messages.Item) bool { return false })
}

// found makes rounds until these items came, and returns them.
func (s *stand) found(ids ...string) []*messages.Item {
	s.t.Helper()
	got := make([]*messages.Item, len(ids))
	for range 8 {
		s.pause()
		for _, i := range s.round().Items {
			_, id, _ := i.Key()
			if n := slices.Index(ids, id); n >= 0 {
				got[n] = i
			}
		}
		if !slices.Contains(got, nil) {
			return got
		}
	}
	s.t.Fatalf("not found: %v of %v", got, ids)
	return nil
}

// troubles puts one after the other before the account and takes it away again.
func troubles(s *stand) {
	hows := []string{"overlay"}
	if full() {
		hows = []string{"overlay", "461", "471", "300011", "300012", "300015", "406"}
	}
	for _, how := range hows {
		s.must(s.site.Captcha(s.owner.UID, how))
		s.names(how, platforms.Challenge)
		if s.audited(stage.KindCaptchaClick) > 0 {
			s.t.Error("something was clicked on a captcha")
		}
		s.must(s.site.Captcha(s.owner.UID, ""))
		s.recovers(how)
	}
	if full() {
		s.must(s.site.Limit(s.owner.UID, "list", true))
		s.names("too often", platforms.RateLimited)
		s.must(s.site.Limit(s.owner.UID, "list", false))
		s.recovers("too often")
		s.must(s.site.Logout(s.owner.UID, "creator"))
		s.due("notes")
		s.round()
	}
	s.must(s.site.Tamper(stage.Tamper{Route: "/api/im/web/v3/chats", Do: "rename", Key: "chats", To: "list"}))
	s.names("a renamed key", platforms.PageChanged)
	s.site.Reset()
	s.recovers("a renamed key")
	s.must(s.site.Logout(s.owner.UID, "silently"))
	s.names("a lapse", platforms.LoggedOut)
}

// names makes the page ask, and rounds until the trouble is named, for a little while.
func (s *stand) names(what string, want platforms.Kind) {
	s.t.Helper()
	var err error
	for range 4 {
		s.due("chats")
		if _, err = s.Client.Collect(s.Context(time.Minute)); err != nil {
			break
		}
	}
	if platforms.KindOf(err) != want {
		s.t.Errorf("%s is named %v", what, err)
	}
}

func (s *stand) recovers(what string) {
	s.t.Helper()
	var err error
	for range 3 {
		if _, err = s.Client.Collect(s.Context(time.Minute)); err == nil {
			return
		}
	}
	s.t.Errorf("after %s: %v\n%s", what, err, s.Story())
}

// due puts a client in the place of the present one that has not seen anything yet of what a look reads whole.
func (s *stand) due(look string) {
	whole := slices.Clone(messages.Collections)
	for _, l := range s.Definition.Collect.Looks {
		if l.Name == look {
			whole = slices.DeleteFunc(whole, func(c string) bool { return slices.Contains(l.Whole, c) })
		}
	}
	s.Renew(engine.Config{Owner: s.owner.UID, Whole: whole, Memory: s.memory})
}

// TestOtherVariantsOfTheSiteReadTheSame runs the browser in London, before another build of the site: other hashed names, the older
// way to ask for a code's state, a page state without wraps, times in seconds, the newer address of the list of notes.
func TestOtherVariantsOfTheSiteReadTheSame(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "伦敦"}, func(c *rig.Config) { c.Locale, c.TimeZone = "en-US", "Europe/London" })
	s.site.RenameHashes()
	s.must(s.site.Behave(func(b *site.Behaviour) {
		b.Poll, b.Wrap, b.TimeUnit, b.Posted, b.QRHTTP = "old", false, "s", "v5", true
	}))
	s.logIn()
	s.truthful(s.rounds(messages.Collections...))
}
