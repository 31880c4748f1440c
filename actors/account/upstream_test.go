package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"troupe/actors/account/gate"
	"troupe/actors/account/vault"
	"troupe/messages"
	"troupe/testkit"
)

// proxied makes the scene's account go out through a proxy.
func (s *scene) proxied() {
	s.t.Helper()
	password, err := vault.SealSecret(s.ring, messages.ProxySecretOwner("p1"), []byte("canary"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.upstream = &messages.Upstream{Proxy: "p1", Scheme: "socks5", Host: "proxy.example", Port: 1080, Username: "u", Password: password, Version: 1}
}

func TestNothingIsOpenedThroughAProxyThatDoesNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.proxied()
		s.gate.script("upstream_auth")
		s.begin()
		down := testkit.Expect(s.master, func(m *messages.AccountStatus) bool { return m.GetState() == string(messages.ProxyDown) })
		if !strings.Contains(down.GetReason(), "upstream_auth") {
			t.Errorf("reason %q", down.GetReason())
		}
		if checked := testkit.Expect[*messages.ProxyChecked](s.master, nil); checked.GetProxy() != "p1" || checked.GetClass() != "upstream_auth" {
			t.Errorf("%v", checked)
		}
		time.Sleep(time.Hour)
		if n := s.client.rounds.Load(); n != 0 {
			t.Errorf("%d rounds through a proxy that does not work", n)
		}
		s.gate.script("")
		time.Sleep(recheckMost)
		s.state(messages.Watching) // by itself
		if s.gate.upstreams[0].Password == nil || string(s.gate.upstreams[0].Password) != "canary" {
			t.Error("the gate did not get the password")
		}
	})
}

func TestProxyThatFailsIsNamedAndTheWayIsChangedWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.proxied()
		s.begin()
		s.state(messages.Watching)
		before := s.newest()
		s.gate.script("upstream_unreachable")
		s.gate.failed("upstream_unreachable")
		s.state(messages.ProxyDown)
		s.gate.script("")
		s.master.Send(s.account, &messages.SetUpstream{Account: "sb_1", Epoch: 7, Upstream: &messages.Upstream{Proxy: "p2", Scheme: "http", Host: "other.example", Port: 3128, Version: 2}})
		s.state(messages.Watching)
		s.master.Send(s.account, &messages.SetUpstream{Account: "sb_1", Epoch: 7})
		synctest.Wait()
		if n := len(s.gate.upstreams); n != 3 || s.gate.upstreams[1].Host != "other.example" || s.gate.upstreams[2] != nil {
			t.Errorf("%d ways out: %v", n, s.gate.upstreams)
		}
		if s.newest() != before {
			t.Error("the browser was started again")
		}
	})
}

func TestPersonAsksForAProxysCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.proxied()
		s.begin()
		s.state(messages.Watching)
		s.gate.script(gate.Class("upstream_timeout"))
		s.queue.Send(s.account, &messages.CheckUpstream{Account: "sb_1"})
		if checked := testkit.Expect[*messages.ProxyChecked](s.queue, nil); checked.GetClass() != "upstream_timeout" || checked.GetAccount() != "sb_1" {
			t.Errorf("%v", checked)
		}
		s.state(messages.ProxyDown)
	})
}

// A proxy in the next rack answers in less than a millisecond, and 0 would say that nothing was measured.
func TestAProxysLatencyIsRoundedUp(t *testing.T) {
	for latency, want := range map[time.Duration]int64{0: 0, time.Microsecond: 1, time.Millisecond: 1, 1001 * time.Microsecond: 2} {
		if got := wholeMilliseconds(latency); got != want {
			t.Errorf("%v is %d ms, want %d", latency, got, want)
		}
	}
}
