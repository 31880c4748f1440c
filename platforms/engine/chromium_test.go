package engine_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
)

// TestAServerRenderedSiteIsYAMLAndPageFunctions logs in by name and password, reads pages and letters, and answers by
// forms, in a real Chromium.
func TestAServerRenderedSiteIsYAMLAndPageFunctions(t *testing.T) {
	book := newGuestbook(t, 23)
	d, err := definition.Load(os.DirFS("testdata/guestbook"))
	if err != nil {
		t.Fatal(err)
	}
	var evidence []engine.Evidence
	cfg := engine.Config{
		Definition: d, Browser: chromium(t, d, book), Account: "gb_1",
		Evidence: func(e engine.Evidence) { evidence = append(evidence, e) },
	}
	c := engine.New(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	defer func() {
		if t.Failed() {
			for _, e := range evidence {
				t.Logf("%s %s at %s\n%+v", e.Step, e.Reason, e.URL, e.Steps)
			}
		}
	}()
	if _, err := c.Probe(ctx); platforms.KindOf(err) != platforms.LoggedOut {
		t.Fatalf("before the login: %v", err)
	}
	logIn(ctx, t, c)
	first, err := c.Collect(ctx)
	if err != nil {
		t.Fatalf("%v\n%+v", err, first.Steps)
	}
	if n := counts(first); n[messages.Comments] != 23 || n[messages.Discussions] != 6 || n[messages.Messages] != 6 || n[messages.Conversations] != 2 ||
		n[messages.Contents] != 1 || len(first.Complete) != 5 {
		t.Errorf("%v, complete %v\n%+v", n, first.Complete, first.Steps)
	}
	if again, err := c.Collect(ctx); err != nil || len(again.Complete) != 0 {
		t.Errorf("a second round: %v, complete %v", err, again.Complete)
	}
	answers(ctx, t, c, book)
	book.mu.Lock()
	book.entries = nil
	book.mu.Unlock()
	if _, err := c.Collect(ctx); platforms.KindOf(err) != platforms.PageChanged || !strings.Contains(err.Error(), "went empty") {
		t.Errorf("a book that went empty: %v", err)
	}
}

func logIn(ctx context.Context, t *testing.T, c platforms.Client) {
	t.Helper()
	in := make(chan platforms.Input, 1)
	words := []string{"guess", bookPass}
	profile, err := c.Login(ctx, in, func(s platforms.Step) {
		value := "店主"
		if s.Ask == "password" {
			value, words = words[0], words[1:]
		}
		in <- platforms.Input{Kind: s.Ask, Value: messages.Secret(value)}
	})
	if err != nil || profile.GetPlatformUserId() != keeper || profile.GetNickname() != "店主" {
		t.Fatalf("%v %v", profile, err)
	}
}

// answers replies to an entry among many of the same name, and to a letter; then to one that is gone, and one that the
// site refuses.
func answers(ctx context.Context, t *testing.T, c platforms.Client, book *guestbook) {
	t.Helper()
	reply := func(to *messages.ReplyTarget, words string) platforms.Outcome {
		return c.Reply(ctx, &messages.Reply{Target: to, Content: words, DispatchedAt: time.Now().UnixMilli()}, func(context.Context) error { return nil })
	}
	deep := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "book", CommentId: "e7", PersonName: "路人"}
	o := reply(deep, "谢谢你 😊")
	if o.State != messages.ReplyConfirmedState || o.PlatformID != "n1" {
		t.Errorf("entry: %+v", o)
	}
	book.mu.Lock()
	for _, e := range book.entries {
		if got := len(e.Answers) > 0 && e.Answers[len(e.Answers)-1].Text == "谢谢你 😊"; got != (e.ID == "e7") {
			t.Errorf("%s has %+v", e.ID, e.Answers)
		}
	}
	book.mu.Unlock()
	id, found, err := c.FindReply(ctx, &messages.Reply{Target: deep, Content: "谢谢你 😊", DispatchedAt: time.Now().UnixMilli()}, nil)
	if err != nil || !found || id != "n1" {
		t.Errorf("found %q %v %v", id, found, err)
	}
	if o = reply(&messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_MESSAGE, PersonId: "8002", ConversationId: keeper + ":8002"}, "在的"); o.State != messages.ReplyConfirmedState {
		t.Errorf("letter: %+v", o)
	}
	gone := &messages.ReplyTarget{Kind: messages.ReplyKind_REPLY_COMMENT, WorkId: "book", CommentId: "e99", PersonName: "路人"}
	if o = reply(gone, "还在吗"); o.State != messages.ReplyFailedState || o.Reason != "target_gone" {
		t.Errorf("one that is gone: %+v", o)
	}
	book.mu.Lock()
	book.refuse = true
	book.mu.Unlock()
	if o = reply(deep, "不好的话"); o.State != messages.ReplyFailedState || o.Reason != "refused" {
		t.Errorf("one that is refused: %+v", o)
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	if book.posts != 3 {
		t.Errorf("%d posts", book.posts)
	}
}

func counts(b platforms.Batch) map[string]int {
	n := map[string]int{}
	for _, i := range b.Items {
		collection, _, _ := i.Key()
		n[collection]++
	}
	return n
}

// chromium is a browser that reaches nothing but the book.
func chromium(t *testing.T, d *definition.Definition, book *guestbook) *browser.Instance {
	t.Helper()
	g, err := gate.Listen(gate.Options{
		Account: "gb_1", Epoch: 1, Listen: gate.Address("gb_1"), Sites: d.Hosts.Sites, Resources: d.Hosts.Resources, PeerUID: -1, Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, book.Listener.Addr().String())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	g.Extend(lease.BootTime() + time.Hour)
	bin, err := browser.Find()
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.Start(t.Context(), browser.Config{
		Account: "gb_1", Epoch: 1, Node: "n1", Bin: bin, Dir: filepath.Join(t.TempDir(), "gb_1"), NoSandbox: true, Fresh: true,
		Proxy: g.Addr(), Sites: d.Hosts.Sites, Pins: []string{book.pin()}, Persona: persona.Make(1, d.Locale, d.TimeZone, "", persona.Machine{Cores: 2}), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Log("close browser:", err)
		}
	})
	return b
}
