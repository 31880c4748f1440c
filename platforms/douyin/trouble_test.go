package douyin_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/testkit/rig"
	site "troupe/testkit/site/douyin"
	"troupe/testkit/site/stage"
)

// TestTroubleHasANameAndIsNotTouched shows the account what a platform shows when it is not at ease, and spoils its answers.
func TestTroubleHasANameAndIsNotTouched(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨"})
	s.logIn()
	s.rounds(messages.Collections...)
	s.play(
		part{"a captcha or risk page is named within seconds, and left alone", true, captchas},
		part{"the platform asks to slow down", false, slowDown},
		part{"an answer that is not what it was is never an empty list", true, spoiledAnswers},
		part{"a page that was closed is opened again", false, closedPage},
		part{"all is well again", true, func(s *stand) { s.round() }},
	)
	if n := s.audited(stage.KindCaptchaClick); n != 0 {
		t.Errorf("a captcha was touched %d times", n)
	}
}

func captchas(s *stand) {
	kinds := []string{"overlay"}
	if full() {
		kinds = append(kinds, "page", "text", "sms")
	}
	work := s.site.Works(s.owner.UID)[0]
	target := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_WORK, WorkId: work.ID}
	for _, kind := range kinds {
		s.must(s.site.Captcha(s.owner.UID, kind))
		began := time.Now()
		if _, err := s.Client.Collect(s.Context(time.Minute)); platforms.KindOf(err) != platforms.Challenge {
			s.t.Errorf("%s: %v\n%s", kind, err, s.Story())
		}
		if took := time.Since(began); took > 5*time.Second {
			s.t.Errorf("%s was seen after %v only", kind, took)
		}
		if len(s.Evidence) == 0 || s.Evidence[len(s.Evidence)-1].Screenshot == nil {
			s.t.Errorf("%s: no picture of it was kept", kind)
		}
		if o, _ := s.answer(target, "有验证码"); o.State != messages.ReplyReturned || platforms.KindOf(o.Err) != platforms.Challenge {
			s.t.Errorf("a reply before %s: %+v", kind, o)
		}
		s.must(s.site.Captcha(s.owner.UID, ""))
		if _, err := s.Client.Probe(s.Context(time.Minute)); err != nil {
			s.t.Errorf("after %s: %v\n%s", kind, err, s.Story())
		}
		s.round()
	}
	if n := len(s.posts("有验证码")); n != 0 {
		s.t.Errorf("%d posts before a captcha", n)
	}
}

// closedPage closes the watched page; the next look opens it again.
func closedPage(s *stand) {
	before := s.loads()
	s.must(s.Browser.CloseTab(s.Context(10*time.Second), definition.WatchTab))
	began := time.Now()
	s.round()
	if took := time.Since(began); s.loads() == before || took > 10*time.Second {
		s.t.Errorf("%d pages were loaded in %v", s.loads()-before, took)
	}
}

func slowDown(s *stand) {
	s.must(s.site.Limit(s.owner.UID, "list", true))
	if _, err := s.Client.Collect(s.Context(time.Minute)); platforms.KindOf(err) != platforms.RateLimited {
		s.t.Errorf("%v\n%s", err, s.Story())
	}
	s.must(s.site.Limit(s.owner.UID, "list", false))
	s.round()
}

func spoiledAnswers(s *stand) {
	spoil := []stage.Tamper{
		{Route: "www.douyin.com/aweme/v1/web/notice/", Do: "drop", Key: "notice_list_v2"},
		{Route: "imapi.douyin.com/v1/message/get_user_message", Do: "garbage"},
	}
	if full() {
		spoil = append(spoil,
			stage.Tamper{Route: "www.douyin.com/aweme/v1/web/notice/", Do: "rename", Key: "notice_list_v2", To: "notices"},
			stage.Tamper{Route: "www.douyin.com/aweme/v1/web/notice/", Do: "retype", Key: "notice_list_v2"},
			stage.Tamper{Route: "creator.douyin.com/janus/douyin/creator/pc/work_list", Do: "drop", Key: "aweme_list"},
			stage.Tamper{Route: "creator.douyin.com/janus/douyin/creator/pc/work_list", Do: "retype", Key: "aweme_list"},
			stage.Tamper{Route: commentsOfB, Do: "rename", Key: "comments", To: "comment_list"},
			stage.Tamper{Route: commentsOfB, Do: "drop", Key: "cid"},
			stage.Tamper{Route: commentsOfB, Do: "drop", Key: "create_time"},
			stage.Tamper{Route: commentsOfB, Do: "retype", Key: "comments"},
		)
	}
	looks := s.Definition.Collect.Looks
	every := looks[1].Every
	if full() {
		looks[1].Every = time.Nanosecond // the look at the comments, too
	}
	defer func() { looks[1].Every = every }()
	for _, tamper := range spoil {
		s.comment(site.NewComment{Work: s.newestWork(), Author: "路人", Text: "又来了", Silent: true}) // to be looked for
		s.must(s.site.Tamper(tamper))
		if b, err := s.Client.Collect(s.Context(2 * time.Minute)); platforms.KindOf(err) != platforms.PageChanged {
			s.t.Errorf("%+v: %v, %v\n%s", tamper, held(b.Items), err, s.Story())
		}
		s.site.Reset()
		s.round()
	}
}

// newestWork is on the first page of works, whose comments are looked at when their number changes.
func (s *stand) newestWork() string {
	return slices.MaxFunc(s.site.Works(s.owner.UID), func(a, b site.Work) int { return cmp.Compare(a.At, b.At) }).ID
}

const commentsOfB = "creator.douyin.com/web/api/third_party/aweme/api/comment/read/aweme/v1/web/comment/list/select/"

// TestOtherVariantsOfTheSiteReadTheSame is the older generation, seen by a browser in London: opaque ids, numbers as texts, the
// older list of works, the older code, in another time zone and language.
func TestOtherVariantsOfTheSiteReadTheSame(t *testing.T) {
	if !inFull(t) {
		return
	}
	s := newStand(t, site.NewOwner{Nickname: "小厨"}, func(c *rig.Config) { c.TimeZone, c.Locale = "Europe/London", "en-US" })
	s.must(s.site.Behave(func(b *site.Behaviour) {
		b.Generation, b.HasMore, b.OldWorks, b.OldQR, b.Observable = "A", "str", true, true, false
	}))
	s.logIn()
	items := s.rounds(messages.Contents, messages.Comments, messages.Discussions)
	works, comments, discussions := map[string]int64{}, 0, 0
	opaque := map[string]site.Comment{}
	for _, w := range s.site.Works(s.owner.UID) {
		works[w.ID] = w.At / 60 * 60_000
		for _, c := range s.site.Comments(w.ID) {
			opaque[c.Opaque] = c
			if c.Level == 1 {
				comments++
			} else {
				discussions++
			}
		}
	}
	for _, i := range newest(items) {
		if w := i.GetContent(); w != nil && w.GetPublishTime() != works[w.GetId()] {
			t.Errorf("a work of %d: %v", works[w.GetId()], w)
		}
		c, d := i.GetComment(), i.GetDiscussion()
		if at, known := opaque[c.GetId()]; c != nil && known {
			if comments--; c.GetCreateTime() != at.At*1000 || c.GetWorkId() != at.Work || c.GetIsOwn() != at.Own {
				t.Errorf("%+v: %v", at, c)
			}
		}
		if at, known := opaque[d.GetId()]; d != nil && known {
			if discussions--; d.GetCreateTime() != at.At*1000 || s.numericOf(d.GetCommentId()) != at.Root {
				t.Errorf("%+v: %v", at, d)
			}
		}
	}
	if comments != 0 || discussions != 0 {
		t.Errorf("%d comments and %d replies are missing", comments, discussions)
	}
	work := s.site.Works(s.owner.UID)[0]
	c := s.comment(site.NewComment{Work: work.ID, Author: "小明", Text: "老版本"})
	target := toComment(c)
	target.CommentId = c.Opaque
	o, reply := s.answer(target, "新回复")
	if posts := s.posts("新回复"); o.State != messages.ReplyConfirmedState || len(posts) != 1 || posts[0].Target != c.ID {
		t.Fatalf("%+v %+v\n%s", o, posts, s.Story())
	}
	if id, found, err := s.Client.FindReply(s.Context(time.Minute), reply, nil); err != nil || !found || id != o.PlatformID {
		t.Errorf("found %q %v %v, want %q", id, found, err, o.PlatformID)
	}
	s.rowsKnowOneIDOnly(work.ID)
}

// rowsKnowOneIDOnly answers by the numeric id where the page's rows know the opaque one: a list that says both has taught it. In the
// older generation nothing does, and nobody is guessed.
func (s *stand) rowsKnowOneIDOnly(work string) {
	s.t.Helper()
	c := s.comment(site.NewComment{Work: work, Author: "小兰", Text: "两个名字"})
	o, _ := s.answer(toComment(c), "猜的")
	if o.State != messages.ReplyReturned || platforms.KindOf(o.Err) != platforms.PageChanged || len(s.posts("猜的")) != 0 {
		s.t.Errorf("by a numeric id among opaque ones: %+v", o)
	}
	s.must(s.site.Behave(func(b *site.Behaviour) { b.Generation, b.IDs = "B", "opaque" }))
	o, _ = s.answer(toComment(c), "认出来了")
	if posts := s.posts("认出来了"); o.State != messages.ReplyConfirmedState || len(posts) != 1 || posts[0].Target != c.ID {
		s.t.Errorf("%+v %+v\n%s", o, posts, s.Story())
	}
}

// numericOf is the numeric id of the comment with an opaque one.
func (s *stand) numericOf(opaque string) string {
	for _, w := range s.site.Works(s.owner.UID) {
		for _, c := range s.site.Comments(w.ID) {
			if c.Opaque == opaque {
				return c.ID
			}
		}
	}
	return ""
}
