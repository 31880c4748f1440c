package xiaohongshu_test

import (
	"slices"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/xiaohongshu"
	"troupe/testkit"
	"troupe/testkit/site/stage"
	site "troupe/testkit/site/xiaohongshu"

	"troupe/testkit/rig"
)

// stand is the look-alike with one owner, and a rig before it.
type stand struct {
	*rig.Rig
	t     *testing.T
	site  *site.Site
	owner site.Owner

	memory *engine.Memory // of all clients
}

// newStand starts everything; nobody is logged in yet.
func newStand(t *testing.T, o site.NewOwner, change ...func(*rig.Config)) *stand {
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
	def, err := definition.Load(xiaohongshu.FS)
	if err != nil {
		t.Fatal(err)
	}
	def.Collect.NavigateAtMost = definition.Rate{Events: 600, Per: time.Minute}
	def.Collect.Navigations, def.Collect.Replies = definition.Allowance{}, definition.Allowance{}
	def.Collect.BackOff = definition.BackOff{First: time.Nanosecond, Most: time.Nanosecond}
	for _, flow := range def.Reply { // nobody watches how fast it goes
		for i := range flow {
			if flow[i].Pause.Max > 0 {
				flow[i].Pause = definition.Span{Min: time.Millisecond, Max: time.Millisecond}
			}
		}
	}
	if err := web.Behave(func(b *site.Behaviour) {
		b.EditorMS, b.PollMS = 50, 1000
		if !full() {
			b.LagMS, b.Swallow = 50, 0
		}
	}); err != nil {
		t.Fatal(err)
	}
	owner, err := web.CreateOwner(o)
	if err != nil {
		t.Fatal(err)
	}
	cfg := rig.Config{Definition: def, Account: "xhs_1", Site: web}
	for _, f := range change {
		f(&cfg)
	}
	s := &stand{Rig: rig.Start(t, cfg), t: t, site: web, owner: owner, memory: engine.NewMemory()}
	s.Renew(engine.Config{Memory: s.memory})
	return s
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
}

// with is the stand for a part of its test.
func (s *stand) with(t *testing.T) *stand {
	inner := *s
	inner.t = t
	return &inner
}

// full says whether every part of every test is to run, and every repetition.
func full() bool { return testkit.Full }

// inFull says whether a test that stands on its own is to run. The tests that always run prove the heart of each.
func inFull(t *testing.T) bool {
	if !full() {
		t.Log("runs in a full test")
	}
	return full()
}

// part is a piece of a test. Those that are not core run in a full test only.
type part struct {
	name string
	core bool
	run  func(*stand)
}

// play runs the parts one after the other on one stand.
func (s *stand) play(parts ...part) {
	s.t.Helper()
	for _, p := range parts {
		if !p.core && !full() {
			continue
		}
		s.t.Run(p.name, func(t *testing.T) { p.run(s.with(t)) })
	}
}

// logIn lets the owner scan and confirm the code.
func (s *stand) logIn() *messages.Profile {
	s.t.Helper()
	p, err := s.Client.Login(s.Context(90*time.Second), nil, func(step platforms.Step) {
		if step.Status == "qrcode_ready" {
			s.must(s.site.Confirm("", s.owner.UID))
		}
	})
	if err != nil {
		s.t.Fatalf("log in: %v\n%s", err, s.Story())
	}
	return p
}

// round makes one round that must be well.
func (s *stand) round() platforms.Batch {
	s.t.Helper()
	b, err := s.Client.Collect(s.Context(2 * time.Minute))
	if err != nil {
		s.t.Fatalf("collect: %v\n%s", err, s.Story())
	}
	return b
}

// rounds makes rounds until the collections were seen whole, and returns all items.
func (s *stand) rounds(collections ...string) []*messages.Item {
	s.t.Helper()
	var items []*messages.Item
	left := slices.Clone(collections)
	for range 60 {
		b := s.round()
		items = append(items, b.Items...)
		left = slices.DeleteFunc(left, func(c string) bool { return slices.Contains(b.Complete, c) })
		if len(left) == 0 {
			return items
		}
	}
	s.t.Fatalf("%v were never seen whole", left)
	return nil
}

// newest are the items as a store would hold them: the last of each key, filled from those before.
func newest(items []*messages.Item) map[string]*messages.Item {
	held := make(map[string]*messages.Item)
	for _, i := range items {
		key, _ := i.KnownKey()
		held[key] = i
	}
	return held
}

// held counts the distinct items per collection.
func held(items []*messages.Item) map[string]int {
	n := make(map[string]int)
	for _, i := range newest(items) {
		collection, _, _ := i.Key()
		n[collection]++
	}
	return n
}

// audited counts the audit's entries of a kind.
func (s *stand) audited(kind string) int {
	entries, _ := s.site.Audit(stage.AuditQuery{Kind: kind})
	return len(entries)
}

// loads counts the pages that were opened.
func (s *stand) loads() int { return s.audited(stage.KindNavigation) }

// posts are what was written with these words, and stands.
func (s *stand) posts(words string) (list []stage.Post) {
	for _, e := range s.site.Posts() {
		if e.Post != nil && e.Post.Text == words && e.Post.Code == 0 {
			list = append(list, *e.Post)
		}
	}
	return list
}
