package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// sse is one event as it came over the wire.
type sse struct{ id, kind, data string }

// listener reads a stream.
type listener struct {
	t      *testing.T
	events chan sse
	last   string // the newest id, of events and of heartbeats
	stop   func()
}

// listen opens a stream; query begins with "?" or is empty.
func listen(t *testing.T, n *apitest.Node, query, lastID string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.Server.URL+"/api/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("status %d, %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	l := &listener{t: t, events: make(chan sse, 10_000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(l.events)
		defer response.Body.Close()
		parse(bufio.NewScanner(response.Body), l.events)
	}()
	l.stop = func() { cancel(); <-done }
	t.Cleanup(l.stop)
	return l
}

// parse also hands over blocks without data: a heartbeat carries an id.
func parse(lines *bufio.Scanner, to chan<- sse) {
	lines.Buffer(nil, 16<<20)
	var e sse
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if lines.Text() == "" && e != (sse{}) {
				to <- e
				e = sse{}
			}
		}
	}
}

// next is the next event of that kind; others are passed over.
func (l *listener) next(kind string) sse {
	l.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-l.events:
			if !open {
				l.t.Fatalf("the stream ended before %q", kind)
			}
			l.last = e.id
			if e.kind == kind {
				return e
			}
		case <-deadline:
			l.t.Fatalf("no %q within 10 s", kind)
		}
	}
}

func (l *listener) item() (api.ItemEvent, string) {
	l.t.Helper()
	e := l.next(api.ItemType)
	return decodeAs[api.ItemEvent](l.t, e.data), e.id
}

func decodeAs[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func TestNewItemsReachEveryStreamThatWantsThem(t *testing.T) {
	n := apitest.Start(t)
	all, shop, cafe := listen(t, n, "", ""), listen(t, n, "?account=shop", ""), listen(t, n, "?account=cafe&types=item", "")
	for _, l := range []*listener{all, shop, cafe} {
		l.next(api.ReadyType)
	}
	n.Observe("shop", apitest.Comment("c1", "w1", "<b>你好</b>"))
	n.Observe("cafe", apitest.Comment("c1", "w9", "other"))
	for _, l := range []*listener{all, shop} {
		e, _ := l.item()
		if e.Change != "new" || e.Item.Text != "<b>你好</b>" || e.Item.Account != "shop" || e.Unread.Total != 1 || e.Item.Topic != "shop.w.w1" {
			t.Errorf("%+v", e)
		}
	}
	if e, _ := cafe.item(); e.Item.Account != "cafe" {
		t.Errorf("the filtered stream got %+v", e)
	}
}

func TestStreamResumesExactlyWhereItBroke(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Work("w1", "Spring"))
	l := listen(t, n, "?types=item", "")
	l.next(api.ReadyType)
	sent, got := 0, []string{}
	write := func(count int) {
		for range count {
			sent++
			account := []string{"shop", "cafe"}[sent%2]
			n.Observe(account, apitest.Comment(fmt.Sprintf("c%d", sent), "w1", "text"))
		}
	}
	take := func(count int) {
		for range count {
			e, id := l.item()
			if id != e.Item.Rev {
				t.Errorf("event %s carries rev %s", id, e.Item.Rev)
			}
			got = append(got, e.Item.Account+"/"+e.Item.ID)
		}
	}
	for round := range 20 {
		write(1 + round%3)
		take(1) // the rest of this round is lost on the way
		last := l.last
		l.stop()
		write(round % 4)
		l = listen(t, n, "?types=item", last)
		take(sent - len(got))
	}
	write(450) // more than is read from the log at a time
	take(450)
	for i, name := range got {
		want := []string{"shop", "cafe"}[(i+1)%2] + fmt.Sprintf("/c%d", i+1)
		if name != want {
			t.Fatalf("event %d is %s, want %s", i, name, want)
		}
	}
	if len(got) != sent {
		t.Errorf("%d events of %d", len(got), sent)
	}
}

func TestStreamWithoutCursorBeginsWithNowAndWithOneAtIt(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Comment("old", "w1", "old"))
	fresh, full := listen(t, n, "", ""), listen(t, n, "?since=0", "")
	if e, _ := full.item(); e.Item.ID != "old" {
		t.Errorf("%+v", e)
	}
	fresh.next(api.ReadyType)
	n.Observe("shop", apitest.Comment("young", "w1", "young"))
	if e, _ := fresh.item(); e.Item.ID != "young" {
		t.Errorf("%+v", e)
	}
}

func TestHeartbeatMovesTheCursorOfAQuietStream(t *testing.T) {
	n := apitest.Start(t, func(cfg *api.Config) { cfg.Heartbeat = 20 * time.Millisecond })
	l := listen(t, n, "?account=cafe", "")
	l.next(api.ReadyType)
	n.Observe("shop", apitest.Comment("c1", "w1", "not for this stream"))
	want := fmt.Sprint(n.Views.Rev())
	eventually(t, "a heartbeat with the newest rev", func() bool { return l.next("").id == want })
}

func TestCursorOfAnotherDataFolderResetsTheStream(t *testing.T) {
	n := apitest.Start(t)
	n.Observe("shop", apitest.Comment("c1", "w1", "hello"))
	l := listen(t, n, "", "99999")
	if ready := decodeAs[api.Ready](t, l.next(api.ResetType).data); ready.Cursor != fmt.Sprint(n.Views.Rev()) {
		t.Errorf("%+v", ready)
	}
	n.Observe("shop", apitest.Comment("c2", "w1", "after"))
	if e, _ := l.item(); e.Item.ID != "c2" {
		t.Errorf("%+v", e)
	}
	refused(t, call(t, n, "GET", "/api/v1/events?since=yesterday", nil), 400, "invalid")
	refused(t, call(t, n, "GET", "/api/v1/events?types=items", nil), 400, "invalid")
	refused(t, call(t, n, "GET", "/api/v1/events?account=none", nil), 404, "not_found")
}

func TestStreamBeginsWithWhereThingsStand(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) {
		m.State("shop", messages.Challenge, "a captcha")
		m.Replies = append(m.Replies,
			&messages.Reply{Id: "open", Account: "shop", State: messages.ReplyAssignedState},
			&messages.Reply{Id: "old", Account: "shop", State: messages.ReplyConfirmedState, EndedAt: 1},
			&messages.Reply{Id: "just", Account: "cafe", State: messages.ReplyFailedState, EndedAt: time.Now().UnixMilli()})
		m.Alarms = append(m.Alarms, &messages.Alarm{Id: "a1", Name: "challenge", Account: "shop", RaisedAt: 5},
			&messages.Alarm{Id: "a0", Name: "challenge", Account: "shop", RaisedAt: 1, ClearedAt: 2})
	})
	l := listen(t, n, "", "")
	var got []string
	for e := range l.events {
		if e.kind == api.ReadyType {
			break
		}
		if e.kind != "" {
			got = append(got, e.kind+" "+decodeAs[struct{ ID string }](t, e.data).ID)
		}
	}
	want := []string{"account shop", "account cafe", "reply open", "reply just", "alarm a1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	n.Update(func(m *apitest.Master) { delete(m.Accounts, "cafe") })
	eventually(t, "the removal", func() bool {
		return decodeAs[api.AccountGone](t, l.next(api.AccountType).data) == api.AccountGone{ID: "cafe", Removed: true}
	})
}

func TestQRPictureGoesOnlyToThoseWhoNameTheLogin(t *testing.T) {
	n := apitest.Start(t)
	others := listen(t, n, "", "")
	others.next(api.ReadyType)
	started := read[api.Login](t, call(t, n, "POST", "/api/v1/accounts/shop/login", nil), 201)
	mine := listen(t, n, "?login="+started.Session, "")
	n.Update(func(m *apitest.Master) {
		m.Step(&messages.LoginStep{Session: started.Session, Account: "shop", Status: "qrcode_ready", QrPng: []byte("png-bytes"), ExpiresAt: 7})
	})
	if l := decodeAs[api.Login](t, others.next(api.LoginType).data); l.QR != "" || l.Step != "qrcode_ready" {
		t.Errorf("a stranger's stream got %+v", l)
	}
	if l := decodeAs[api.Login](t, mine.next(api.LoginType).data); l.QR != "data:image/png;base64,cG5nLWJ5dGVz" || l.QRExpiresAt != 7 || l.Final {
		t.Errorf("%+v", l)
	}
	shown := read[api.Login](t, call(t, n, "GET", "/api/v1/logins/"+started.Session, nil), 200)
	if shown.QR == "" || shown.Status != "pending" || shown.ExpiresAt == 0 {
		t.Errorf("%+v", shown)
	}
	if list := call(t, n, "GET", "/api/v1/logins", nil); strings.Contains(string(list.body), "data:image") {
		t.Error("the list carries pictures")
	}
	n.Update(func(m *apitest.Master) { m.End(started.Session, "success", "") })
	if l := decodeAs[api.Login](t, mine.next(api.LoginType).data); !l.Final || l.Status != "success" {
		t.Errorf("%+v", l)
	}
	late := listen(t, n, "?login="+started.Session, "")
	if l := decodeAs[api.Login](t, late.next(api.LoginType).data); !l.Final || l.QR != "" {
		t.Errorf("who came late got %+v", l)
	}
}

func TestClientThatDoesNotReadIsCutAndHarmsNobody(t *testing.T) {
	n := apitest.Start(t)
	conn, err := net.Dial("tcp", n.Server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	good := listen(t, n, "?types=account&account=cafe", "")
	good.next(api.ReadyType)
	reason := strings.Repeat("x", 64<<10)
	for i := range 400 { // the queue's 256 and more than a socket holds; the reader takes each
		n.Update(func(m *apitest.Master) {
			m.State("shop", messages.PageChanged, reason)
			m.State("cafe", messages.Watching, fmt.Sprint(i))
		})
		if got := decodeAs[api.Account](t, good.next(api.AccountType).data).Reason; got != fmt.Sprint(i) {
			t.Fatalf("the other stream is at %q, not at %d", got, i)
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for left := make([]byte, 1<<20); err == nil; {
		_, err = conn.Read(left)
	}
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Error("the client that did not read is still connected")
	}
}

func TestStoppingTheEventsActorEndsEveryStream(t *testing.T) {
	n := apitest.Start(t)
	l := listen(t, n, "", "")
	l.next(api.ReadyType)
	n.Stop()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-l.events:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the stream outlives its actor")
		}
	}
}

// stillLoading answers like the store does while one account's items are being read from disk.
type stillLoading struct {
	*dataset.Views
	account messages.AccountID
	done    chan struct{}
}

func (s *stillLoading) Get(id messages.AccountID) *dataset.View {
	v := s.Views.Get(id)
	select {
	case <-s.done:
	default:
		if id == s.account && v != nil {
			unloaded := &dataset.View{}
			unloaded.Account, unloaded.Rev = v.Account, v.Rev
			return unloaded
		}
	}
	return v
}

func TestItemsThatAreStillOnDiskAreWaitedForAndNeverCalledDeleted(t *testing.T) {
	slow := &stillLoading{account: "shop", done: make(chan struct{})}
	n := apitest.Start(t, func(cfg *api.Config) {
		slow.Views = cfg.Views.(*dataset.Views)
		cfg.Views = slow
	})
	n.Observe("cafe", apitest.Comment("c1", "w1", "first"))
	n.Observe("shop", apitest.Comment("c2", "w1", "second"))
	n.Observe("cafe", apitest.Comment("c3", "w1", "third"))
	l := listen(t, n, "?types=item&since=0", "")
	if e, _ := l.item(); e.Item.ID != "c1" {
		t.Errorf("%+v", e)
	}
	refused(t, call(t, n, "GET", "/api/v1/topics/shop.w.w1/messages", nil), http.StatusServiceUnavailable, "loading")
	if list := read[api.Items](t, call(t, n, "GET", "/api/v1/items?account=shop", nil), 200); !slices.Equal(list.Loading, []string{"shop"}) {
		t.Errorf("an account that is being loaded looks empty: %+v", list)
	}
	close(slow.done)
	for _, want := range []string{"c2", "c3"} {
		if e, _ := l.item(); e.Item.ID != want || e.Change != "new" {
			t.Errorf("want %s: %+v", want, e)
		}
	}
}
