package site

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHangHoldsUntilLetGo(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	s.Hang("/api/works", true)
	answered := make(chan float64, 1)
	go func() {
		_, text, err := b.try(http.MethodGet, "/api/works", nil)
		if err == nil && strings.Contains(string(text), `"works"`) {
			answered <- 1
		}
		close(answered)
	}()
	if got := b.get("/api/notices")["status_code"]; got != 0.0 {
		t.Errorf("another route: %v", got)
	}
	select {
	case <-answered:
		t.Fatal("a hanging route answered")
	case <-time.After(50 * time.Millisecond):
	}
	s.Hang("/api/works", false)
	if <-answered != 1 {
		t.Error("let go, it did not answer")
	}
}

func TestDelayHoldsByPathPrefix(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	s.Delay("/api/im", 60*time.Millisecond)
	began := time.Now()
	b.get("/api/im/conversations")
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestCloseEndsHangingRequests(t *testing.T) {
	s, err := Start(Options{Visitors: true})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := emptyOwner(t, s, "阿月")
	b := loggedIn(t, s, o.UID, "127.0.0.1")
	s.Hang("/api/works", true)
	over := make(chan error, 1)
	go func() {
		_, _, err := b.try(http.MethodGet, "/api/works", nil)
		over <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-over; err == nil {
		t.Error("a request on a closed site was answered")
	}
}

func TestBytesBelongToSessionAndSource(t *testing.T) {
	s := start(t, Options{})
	o, _ := emptyOwner(t, s, "阿月")
	b := loggedIn(t, s, o.UID, "127.0.0.5")
	began := time.Now()
	const size = 3 << 20
	body := io.LimitReader(zeros{}, size)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+hostCreator+"/api/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	sums := s.BytesReceived()
	if len(sums) != 1 || sums[0].Owner != o.UID || sums[0].Source != "127.0.0.5" || sums[0].Total < size || sums[0].LastAt.Before(began) {
		t.Fatalf("bytes %+v", sums)
	}
	var n int64
	for _, a := range s.Arrivals(o.UID, began) {
		n += a.N
		if a.Session != sums[0].Session {
			t.Errorf("arrival of session %q", a.Session)
		}
	}
	if n < size {
		t.Errorf("arrivals sum up to %d", n)
	}
	if late := s.Arrivals(o.UID, time.Now()); len(late) != 0 {
		t.Errorf("arrivals in the future: %v", late)
	}
	entries, _ := s.Audit(AuditQuery{Kind: KindRequest, Owner: o.UID})
	if last := entries[len(entries)-1]; last.Path != "/api/upload" || last.Body != size {
		t.Errorf("the upload in the audit log: %+v", last)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestVisitorsAreLivelyAndSeeded(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	texts := func() (all []string) {
		s := start(t, Options{Seed: 9, Clock: func() time.Time { return at }})
		o, err := s.CreateOwner(NewOwner{Nickname: "阿月"})
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			s.visit()
		}
		for _, w := range s.Works(o.UID) {
			for _, c := range s.Comments(w.ID) {
				all = append(all, c.Text)
			}
		}
		if len(all) < 80 || len(s.Messages(o.UID)) < 30 || len(s.Notifications(o.UID)) < 15 {
			t.Errorf("%d comments, %d messages, %d notices", len(all), len(s.Messages(o.UID)), len(s.Notifications(o.UID)))
		}
		return all
	}
	if a, b := texts(), texts(); strings.Join(a, "|") != strings.Join(b, "|") {
		t.Error("the same seed told two stories")
	}
}

func TestPeoplesPagesShowAndTakeWhatVisitorsWrite(t *testing.T) {
	s := start(t, Options{})
	o, w := emptyOwner(t, s, "阿月")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, form := range []string{"work=" + w.ID + "&author=me&text=hello-comment", "owner=" + o.UID + "&author=me&text=hello-message"} {
		resp, err := client.Post(s.PhoneURL()+"/say", "application/x-www-form-urlencoded", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(page), form[strings.LastIndex(form, "=")+1:]) {
			t.Errorf("the page does not show what was written: %v", err)
		}
	}
	b := newBrowser(t, s, "127.0.0.1")
	b.page("/login")
	token := b.post("/api/login/qr", nil)["token"].(string)
	resp, err := client.Post(s.PhoneURL()+"/phone", "application/x-www-form-urlencoded", strings.NewReader("qr="+token+"&do=confirm&owner="+o.UID))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if state := b.get("/api/login/poll?token=" + token)["state"]; state != "confirmed" {
		t.Errorf("after the phone's button: %v", state)
	}
	public, err := b.http.Get("https://" + hostPublic + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(public.Body)
	_ = public.Body.Close()
	if err != nil || !strings.Contains(string(page), "hello-comment") || strings.Contains(string(page), "hello-message") {
		t.Error("the public page lacks a comment or shows a private message")
	}
}
