package ctl_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/testkit/site"
	"troupe/testkit/site/ctl"
)

func TestControlAPIDoesWhatTheMethodsDo(t *testing.T) {
	s, err := site.Start(site.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	c, ctx := &ctl.Client{Base: s.PhoneURL(), HTTP: client}, t.Context()

	o, err := c.CreateOwner(ctx, site.NewOwner{Nickname: "阿月", Empty: true})
	must(t, err)
	w, err := c.AddWork(ctx, site.NewWork{Owner: o.UID, Title: "作品"})
	must(t, err)
	old := time.Now().Add(-8 * 24 * time.Hour)
	comment, err := c.AddComment(ctx, site.NewComment{Work: w.ID, Author: "甲", Text: "旧", At: old, Silent: true})
	must(t, err)
	m, err := c.AddMessage(ctx, site.NewMessage{Owner: o.UID, Author: "甲", Text: "在吗"})
	must(t, err)
	n, err := c.AddNotification(ctx, site.NewNotification{Owner: o.UID, Type: "like", Text: "赞"})
	must(t, err)
	must(t, c.Recall(ctx, m.ID))
	must(t, c.Rename(ctx, o.UID, "阿月月"))
	for _, err := range []error{
		c.Fill(ctx, site.Fill{Owner: o.UID, Works: 2}), c.SetQROptions(ctx, time.Second, "1"), c.Logout(ctx, o.UID, true), c.RateLimit(ctx, o.UID, true, true),
		c.Captcha(ctx, o.UID, true), c.SetLayout(ctx, "", true), c.CloseComments(ctx, w.ID, true), c.ResetAfterPost(ctx, 1),
		c.Delay(ctx, "/x", time.Second), c.Hang(ctx, "/x", true), c.SetVisitors(ctx, true, time.Hour), c.Reset(ctx),
	} {
		must(t, err)
	}
	info, err := c.Info(ctx)
	must(t, err)
	if info.Addr != s.Addr() || info.SPKI != s.SPKI() || len(info.Owners) != 1 || info.Owners[0].Nickname != "阿月月" || info.Owners[0].Works != 3 {
		t.Errorf("info %+v", info)
	}
	if got := s.Comments(w.ID); len(got) != 1 || got[0].ID != comment.ID || got[0].CreateTime != old.Unix() {
		t.Errorf("comments %+v", got)
	}
	messages, err := c.Messages(ctx, o.UID)
	must(t, err)
	if len(messages) != 1 || !messages[0].Recalled || messages[0].Text != "" {
		t.Errorf("messages %+v", messages)
	}
	must(t, c.Delete(ctx, n.ID))
	notices, err := c.Notifications(ctx, o.UID)
	must(t, err)
	if len(notices) != 0 {
		t.Errorf("notices %+v", notices)
	}
	for _, refusal := range []error{c.Delete(ctx, n.ID), c.Scan(ctx, ""), c.Confirm(ctx, "x", "1")} {
		if refusal == nil || !strings.Contains(refusal.Error(), "no such item") {
			t.Errorf("refusal %v", refusal)
		}
	}
	_, next, err := c.Audit(ctx, site.AuditQuery{Kind: site.KindPost})
	must(t, err)
	sums, err := c.BytesReceived(ctx)
	must(t, err)
	arrivals, err := c.Arrivals(ctx, "", time.Time{})
	must(t, err)
	if next != 0 || len(sums) != 0 || len(arrivals) != 0 {
		t.Errorf("a site that no browser met: audit %d, bytes %v, arrivals %v", next, sums, arrivals)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
