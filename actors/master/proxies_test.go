package master

import (
	"bytes"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"troupe/actors/master/board"
	"troupe/messages"
	"troupe/testkit"
)

// seal is the stage's key ring: it turns the bytes round, so that a password in the plain is found where it must not be.
func seal(owner string, secret []byte) (*messages.SealedSecret, error) {
	turned := slices.Clone(secret)
	slices.Reverse(turned)
	return &messages.SealedSecret{Owner: owner, KeyId: "k1", Ciphertext: turned}, nil
}

const secret = "canary-7531"

func office(change ...func(*messages.AddProxy)) *messages.AddProxy {
	m := &messages.AddProxy{Name: "office", Scheme: "socks5", Host: "proxy.example", Port: 1080, Username: "anna", Password: []byte(secret)}
	for _, f := range change {
		f(m)
	}
	return m
}

func (s *stage) addProxy(m *messages.AddProxy) *messages.Proxy {
	s.client.Send(s.master, m)
	return testkit.Expect[*messages.ProxyDone](s.client, nil).GetProxy()
}

func (s *stage) assign(proxy string, accounts ...string) {
	s.client.Send(s.master, &messages.AssignProxy{Accounts: accounts, Proxy: proxy})
	testkit.Expect[*messages.AccountDone](s.client, nil)
}

func (s *stage) refused(command any, code string) string {
	s.t.Helper()
	s.client.Send(s.master, command)
	r := testkit.Expect[*messages.Refused](s.client, nil)
	if r.GetCode() != code {
		s.t.Fatalf("%T is refused with %s: %s", command, r.GetCode(), r.GetMessage())
	}
	return r.GetMessage()
}

func (s *stage) shown(proxy string) *board.Proxy {
	synctest.Wait()
	return s.board.Load().Proxy(proxy)
}

// checked is what an account says of its proxy unasked.
func (s *stage) checked(p *messages.Proxy, class string) {
	s.account.Send(s.master, &messages.ProxyChecked{Proxy: p.GetId(), Class: class, Reason: "because " + class, At: time.Now().UnixMilli()})
	synctest.Wait()
}

// openAlarms are the open alarms' names and whom each is about.
func (s *stage) openAlarms() (names []string) {
	synctest.Wait()
	for _, a := range s.board.Load().Alarms {
		if a.GetClearedAt() == 0 {
			names = append(names, a.GetName()+" "+a.GetAccount()+a.GetProxy()+a.GetPlatform())
		}
	}
	return names
}

func TestProxysPasswordRestsSealedAndSurvivesACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		p := s.addProxy(office())
		s.crash()
		shown := s.shown("office")
		if shown == nil || !shown.HasPassword || shown.Record.GetPassword() != nil || shown.Record.GetHost() != "proxy.example" {
			t.Fatalf("after a crash: %+v", shown)
		}
		for table, rows := range s.records {
			for _, value := range rows {
				if bytes.Contains(value, []byte(secret)) {
					t.Errorf("the password stands in table %s", table)
				}
			}
		}
		if p.GetPassword().GetOwner() != "proxy/"+p.GetId() {
			t.Errorf("the password is bound to %q", p.GetPassword().GetOwner())
		}
	})
}

func TestUpdateWithoutAPasswordKeepsItAndOneWithoutAUserForgetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		p := s.addProxy(office())
		moved := s.addProxy(office(func(m *messages.AddProxy) { m.Id, m.Host, m.Password = p.GetId(), "198.51.100.7", nil }))
		if !proto.Equal(moved.GetPassword(), p.GetPassword()) || moved.GetUpdatedAt() <= p.GetUpdatedAt() || moved.GetHost() != "198.51.100.7" {
			t.Errorf("%v", moved)
		}
		open := s.addProxy(office(func(m *messages.AddProxy) { m.Id, m.Username, m.Password = p.GetId(), "", nil }))
		if open.GetPassword() != nil || s.shown("office").HasPassword {
			t.Errorf("%v", open)
		}
	})
}

func TestProxyThatCannotBeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.addProxy(office())
		for name, change := range map[string]func(*messages.AddProxy){
			"no name":             func(m *messages.AddProxy) { m.Name = "" },
			"a slash in the name": func(m *messages.AddProxy) { m.Name = "a/b" },
			"two dots":            func(m *messages.AddProxy) { m.Name = ".." },
			"ftp":                 func(m *messages.AddProxy) { m.Name, m.Scheme = "x", "ftp" },
			"a whole address":     func(m *messages.AddProxy) { m.Name, m.Host = "x", "http://a" },
			"a port in the host":  func(m *messages.AddProxy) { m.Name, m.Host = "x", "a:1" },
			"no host":             func(m *messages.AddProxy) { m.Name, m.Host = "x", "" },
			"no port":             func(m *messages.AddProxy) { m.Name, m.Port = "x", 0 },
			"a port too high":     func(m *messages.AddProxy) { m.Name, m.Port = "x", 65536 },
			"a password alone":    func(m *messages.AddProxy) { m.Name, m.Username = "x", "" },
			"a line end":          func(m *messages.AddProxy) { m.Name, m.Password = "x", []byte("a\r\nX: y") },
			"a colon by http":     func(m *messages.AddProxy) { m.Name, m.Scheme, m.Username = "x", "http", "a:b" },
		} {
			if says := s.refused(office(change), "invalid"); says == "" {
				t.Errorf("%s: no reason", name)
			}
		}
		s.refused(office(), "conflict")
		s.refused(office(func(m *messages.AddProxy) { m.Id = "none" }), "not_found")
		s.addProxy(office(func(m *messages.AddProxy) { m.Name, m.Host = "六号", "2001:db8::1" }))
	})
}

func TestAssignedProxyReachesARunningAccountAtOnceAndAnotherWithItsAssignment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		p := s.addProxy(office())
		s.assign("office", id)
		set := testkit.Expect[*messages.SetUpstream](s.account, nil)
		if up := set.GetUpstream(); set.GetEpoch() != 1 || up.GetProxy() != p.GetId() || up.GetHost() != "proxy.example" || !proto.Equal(up.GetPassword(), p.GetPassword()) {
			t.Errorf("%v", set)
		}
		s.addProxy(office(func(m *messages.AddProxy) { m.Id, m.Port = p.GetId(), 1081 }))
		if up := testkit.Expect[*messages.SetUpstream](s.account, nil).GetUpstream(); up.GetPort() != 1081 || up.GetVersion() <= set.GetUpstream().GetVersion() {
			t.Errorf("%v", up)
		}
		testkit.ExpectNone[*messages.RevokeAccount](s.worker, time.Minute)
		s.crash()
		if up := s.takeUp().GetUpstream(); up.GetPort() != 1081 || up.GetProxy() != p.GetId() {
			t.Errorf("assigned with %v", up)
		}
		s.assign("", id)
		if set := testkit.Expect[*messages.SetUpstream](s.account, nil); set.GetUpstream() != nil {
			t.Errorf("%v", set)
		}
	})
}

func TestProxyAssignedWhileItsAccountIsTakenUpIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.addProxy(office())
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店"})
		id := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount().GetId()
		m := testkit.Expect[*messages.AssignAccount](s.worker, nil)
		s.assign("office", id)
		s.account = testkit.Probe(t, s.sys, messages.AccountPath("sandbox", messages.AccountID(id), 1))
		s.worker.Send(s.master, &messages.AccountAssigned{Account: id, Epoch: m.GetEpoch(), Incarnation: strconv.Itoa(s.life)})
		if up := testkit.Expect[*messages.SetUpstream](s.account, nil).GetUpstream(); up.GetHost() != "proxy.example" {
			t.Errorf("%v", up)
		}
	})
}

func TestNewAccountNeverStartsWithoutItsProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		p := s.addProxy(office())
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店", Proxy: "office", Noise: "seed"})
		made := testkit.Expect[*messages.AccountDone](s.client, nil).GetAccount()
		if made.GetProxy() != p.GetId() || made.GetNoise() != "seed" {
			t.Errorf("%v", made)
		}
		if up := s.takeUp().GetUpstream(); up.GetProxy() != p.GetId() {
			t.Errorf("assigned with %v", up)
		}
		s.refused(&messages.CreateAccount{Platform: "sandbox", Name: "小店", Proxy: "none"}, "not_found")
		s.refused(&messages.CreateAccount{Platform: "sandbox", Name: "小店", Noise: "loud"}, "invalid")
	})
}

func TestUsedProxyIsNotRemovedAndItsUsersAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		p := s.addProxy(office())
		s.assign(p.GetId(), id)
		if says := s.refused(&messages.RemoveProxy{Proxy: "office"}, "conflict"); !bytes.Contains([]byte(says), []byte(id)) {
			t.Error(says)
		}
		s.refused(&messages.AssignProxy{Accounts: []string{id, "none"}}, "not_found")
		if got := s.shown("office").Accounts; len(got) != 1 {
			t.Errorf("half of a refused command was carried out: %v", got)
		}
		s.assign("", id)
		s.client.Send(s.master, &messages.RemoveProxy{Proxy: "office"})
		testkit.Expect[*messages.ProxyDone](s.client, nil)
		if s.shown("office") != nil || len(s.records[tableProxies]) != 0 {
			t.Error("the proxy is still there")
		}
	})
}

func TestProxyIsTestedByAnAccountThatUsesItElseByAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		p := s.addProxy(office())
		s.client.Send(s.master, &messages.TestProxy{Proxy: "office"})
		q, asker := testkit.ExpectFrom[*messages.CheckUpstream](s.worker, nil)
		if q.GetUpstream().GetHost() != "proxy.example" || q.GetTarget() != "creator.sandbox.test:443" || q.GetAccount() != "" {
			t.Errorf("the worker is asked %v", q)
		}
		s.worker.Send(asker, &messages.ProxyChecked{Proxy: p.GetId(), Worker: "worker-1", Class: "ok", ExitAddress: "203.0.113.9", LatencyMs: 12})
		if got := testkit.Expect[*messages.ProxyChecked](s.client, nil); got.GetClass() != "ok" || got.GetAt() == 0 {
			t.Errorf("%v", got)
		}
		s.assign("office", id)
		s.client.Send(s.master, &messages.TestProxy{Proxy: "office"})
		q, asker = testkit.ExpectFrom[*messages.CheckUpstream](s.account, nil)
		if q.GetAccount() != id {
			t.Errorf("the account is asked %v", q)
		}
		s.account.Send(asker, &messages.ProxyChecked{Proxy: p.GetId(), Account: id, Class: "upstream_auth", Reason: "the proxy wants another password"})
		testkit.Expect[*messages.ProxyChecked](s.client, nil)
		s.crash()
		if got := s.shown("office").Record.GetChecked(); got.GetClass() != "upstream_auth" || got.GetAccount() != id {
			t.Errorf("after a crash the newest check is %v", got)
		}
	})
}

func TestCheckThatAShutGateCouldNotMakeSaysNothingOfTheProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id := s.running()
		p := s.addProxy(office())
		s.assign("office", id)
		s.checked(p, "no_lease")
		s.client.Send(s.master, &messages.TestProxy{Proxy: "office"})
		_, asker := testkit.ExpectFrom[*messages.CheckUpstream](s.account, nil)
		s.account.Send(asker, &messages.ProxyChecked{Proxy: p.GetId(), Account: id, Class: "no_lease", Reason: "the gate is shut"})
		if r := testkit.Expect[*messages.Refused](s.client, nil); r.GetCode() != "unavailable" {
			t.Errorf("%v", r)
		}
		if got := s.shown("office").Record.GetChecked(); got != nil || len(s.openAlarms()) > 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestCheckThatNobodyAnswersIsUnavailableAfterEightSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.addProxy(office())
		began := time.Now()
		s.refused(&messages.TestProxy{Proxy: "office"}, "unavailable")
		if took := time.Since(began); took < checkLimit || took > checkLimit+time.Second {
			t.Errorf("refused after %s", took)
		}
		if s.shown("office").Record.GetChecked() != nil {
			t.Error("no answer is taken for a check")
		}
	})
}

func TestDownProxyRaisesOneAlarmForAllItsAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		first := s.running()
		p := s.addProxy(office())
		s.checked(p, "upstream_timeout") // nobody uses it: no alarm, but shown
		if got := s.openAlarms(); len(got) != 0 || s.shown("office").Record.GetChecked().GetClass() != "upstream_timeout" {
			t.Fatalf("alarms %v", got)
		}
		s.assign("office", first)
		s.checked(p, "upstream_unreachable")
		for range 3 {
			s.say(first, 1, messages.ProxyDown, "the proxy is down")
			synctest.Wait()
		}
		if got := s.openAlarms(); !slices.Equal(got, []string{"proxy_down " + p.GetId()}) {
			t.Fatalf("alarms %v", got)
		}
		s.crash()
		s.takeUp()
		s.say(first, 2, messages.ProxyDown, "the proxy is down")
		if got := s.openAlarms(); len(got) != 1 {
			t.Fatalf("after a crash: alarms %v", got)
		}
		time.Sleep(time.Second)
		s.checked(p, "ok")
		if got := s.openAlarms(); len(got) != 0 {
			t.Fatalf("after it came back: alarms %v", got)
		}
		s.say(first, 2, messages.ProxyDown, "again")
		synctest.Wait()
		s.assign("", first)
		if got := s.openAlarms(); len(got) != 0 {
			t.Fatalf("nobody uses it any more: alarms %v", got)
		}
	})
}

func TestCheckFromBeforeAProxysChangeSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.account = testkit.Probe(t, s.sys)
		p := s.addProxy(office())
		s.checked(p, "upstream_auth")
		before := time.Now()
		time.Sleep(time.Second)
		s.addProxy(office(func(m *messages.AddProxy) { m.Id = p.GetId() }))
		if got := s.shown("office").Record.GetChecked(); got != nil {
			t.Fatalf("the changed proxy still shows %v", got)
		}
		s.account.Send(s.master, &messages.ProxyChecked{Proxy: p.GetId(), Class: "upstream_auth", At: before.UnixMilli()})
		if got := s.shown("office").Record.GetChecked(); got != nil {
			t.Errorf("a late check is shown: %v", got)
		}
	})
}

func TestFullNodeGetsNoFurtherAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.worker.Send(s.master, &messages.NodeStatus{
			Worker: "worker-1", Incarnation: "1", Proof: true, MaxAccounts: 10, Platforms: []string{"sandbox"}, Full: "memory for 0 more accounts",
		})
		s.client.Send(s.master, &messages.CreateAccount{Platform: "sandbox", Name: "小店"})
		testkit.ExpectNone[*messages.AssignAccount](s.worker, 5*time.Second)
		s.sayNode()
		s.takeUp()
	})
}
