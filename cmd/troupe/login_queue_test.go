package main

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/api/apitest"
	"troupe/messages"
)

func TestLoginLinkIsPrintedAloneAndItsTermsBeside(t *testing.T) {
	n := apitest.Start(t)
	code, out, errs := troupe(t, n, "login", "link", "shop", "--minutes", "5")
	if code != exitOK || strings.TrimSpace(out) != "/#/link/"+base64.RawURLEncoding.EncodeToString(apitest.LinkToken) {
		t.Errorf("exit %d: %q", code, out)
	}
	if !strings.Contains(errs, "valid until") || !strings.Contains(errs, "first device") {
		t.Errorf("%q", errs)
	}
	if made := n.Commands()[0].(*messages.MakeLoginLink); made.GetValidMs() != 5*60_000 {
		t.Errorf("%v", made)
	}
	if _, _, errs := troupe(t, n, "--lang", "zh", "login", "link", "shop"); !strings.Contains(errs, "有效至") {
		t.Errorf("%q", errs)
	}
	if code, _, errs := troupe(t, n, "login", "link", "none"); code != exitNotFound || !strings.Contains(errs, "none") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestLoginQueueShowsWhoWaitsAndIsEmptied(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) {
		m.State("shop", messages.LoggedOut, "")
		m.Queue = []*messages.QueuedLogin{{Account: "shop", Tries: 2, Reason: "timeout"}}
	})
	if out := must(t, n, "login", "queue", "--list"); !strings.Contains(out, "shop") || !strings.Contains(out, "logged_out") || !strings.Contains(out, "timeout") {
		t.Error(out)
	}
	if out := must(t, n, "--lang", "zh", "login", "queue", "--list"); !strings.Contains(out, "次数") {
		t.Error(out)
	}
	if out := must(t, n, "login", "queue", "--empty"); strings.Contains(out, "shop") {
		t.Error(out)
	}
	n.Update(func(m *apitest.Master) {
		m.Refuse = &messages.Refused{Code: "invalid", Message: "at_once must be 1 to 20"}
	})
	if code, _, errs := troupe(t, n, "login", "queue", "--at-once", "99"); code != exitUsage || !strings.Contains(errs, "1 to 20") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestLoginQueueIsWorkedOffUntilNobodyWaits(t *testing.T) {
	n := apitest.Start(t)
	n.Update(func(m *apitest.Master) { m.State("shop", messages.LoggedOut, "") })
	s := start(t, nil, "--addr", n.Server.URL, "login", "queue")
	waits := func() bool {
		for _, command := range n.Commands() {
			if q, ok := command.(*messages.QueueLogins); ok && len(q.GetAccounts()) == 1 && q.GetAccounts()[0] == "shop" {
				return true
			}
		}
		return false
	}
	until(t, "the account is queued", waits)
	n.Update(func(m *apitest.Master) {
		m.Logins = append(m.Logins, &messages.LoginSession{Session: "s1", Account: "shop", Status: "pending"})
		m.Queue = []*messages.QueuedLogin{{Account: "shop", Session: "s1"}}
	})
	s.errs.waitFor(t, "shop (小店), 0 more wait")
	n.Update(func(m *apitest.Master) {
		m.End("s1", "success", "")
		m.Queue = nil
	})
	if code := s.end(t); code != exitOK || !strings.Contains(s.out.String(), "nobody waits") {
		t.Errorf("exit %d: %s %s", code, s.out.String(), s.errs.String())
	}
}

// until waits until ok holds.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
