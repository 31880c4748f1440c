package people_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"troupe/actors"
	"troupe/actors/gateway/people"
	"troupe/actors/store"
	"troupe/actors/store/dataset"
	"troupe/messages"
	"troupe/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hash is kept of a password; to make one takes long.
const hash = "$argon2id$v=19$m=65536,t=3,p=4$fIkMo1g6UlDqKU87YQxyWQ$dKR0MCUyqDAwEUz/PRA++IHidTzQQRtZdeKMrTGBfUI"

// house is a people actor over a real store, which can be started again.
type house struct {
	t      *testing.T
	dir    string
	sys    *actor.ActorSystem
	store  *actor.PID
	actor  *actor.PID
	holder *people.Holder
	codes  chan string
	clock  func() time.Time
}

func open(t *testing.T) *house {
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "store"), sys: testkit.System(t), clock: time.Now}
	h.start()
	t.Cleanup(h.stop)
	return h
}

func (h *house) start() {
	h.holder, h.codes = &people.Holder{}, make(chan string, 4)
	h.store = h.sys.Root.Spawn(store.Props(store.Config{Dir: h.dir, Views: &dataset.Views{}, Now: time.Now, Log: testkit.Quiet()}))
	h.actor = h.sys.Root.Spawn(people.Props(people.Config{
		Store: h.store, People: h.holder, Code: func(code string) { h.codes <- code },
		Now: func() time.Time { return h.clock() }, Log: testkit.Quiet(),
	}))
	h.code()
}

func (h *house) stop() {
	for _, pid := range []*actor.PID{h.actor, h.store} {
		if err := h.sys.Root.PoisonFuture(pid).Wait(); err != nil {
			h.t.Error(err)
		}
	}
}

// restart ends both and starts them on the same data.
func (h *house) restart() {
	h.stop()
	h.start()
}

// code is what the node was told, "" = there is an admin.
func (h *house) code() string {
	h.t.Helper()
	select {
	case code := <-h.codes:
		h.codes <- code
		return code
	case <-time.After(20 * time.Second):
		h.t.Fatal("nobody was told a code")
		return ""
	}
}

func ask[A any](h *house, command any) (A, error) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	return actors.Ask[A](ctx, h.sys.Root, h.actor, command)
}

func (h *house) must(command any) people.Done {
	h.t.Helper()
	done, err := ask[people.Done](h, command)
	if err != nil {
		h.t.Fatal(err)
	}
	return done
}

func (h *house) refused(command any, why string) {
	h.t.Helper()
	if _, err := ask[people.Done](h, command); err == nil {
		h.t.Errorf("%T was not refused (%s)", command, why)
	}
}

func user(name string, role people.Role, accounts ...string) people.SetUser {
	return people.SetUser{New: true, Password: hash, User: &messages.User{Name: name, Role: string(role), Accounts: accounts}}
}

func (h *house) who(secret string) *people.Identity {
	return h.holder.Load().BySecret(secret, h.clock())
}

// ends waits until an identity is over.
func (h *house) ends(i *people.Identity) bool {
	over := make(chan struct{})
	defer i.OnEnd(func() { close(over) })()
	select {
	case <-over:
		return true
	case <-time.After(5 * time.Second):
		return false
	}
}

func TestTheFirstAdminComesInByACodeThatWorksOnce(t *testing.T) {
	h := open(t)
	code := h.code()
	if code == "" || !h.holder.Load().CodeIs(code) || h.holder.Load().CodeIs("") || h.holder.Load().CodeIs(code[1:]) {
		t.Fatalf("code %q", code)
	}
	h.refused(people.ClaimFirst{Code: "AAAAA-AAAAA-AAAAA-AAAAA", User: "anna", Password: hash}, "wrong code")
	cookie := people.NewCookie()
	h.must(people.ClaimFirst{Code: code, User: "anna", Password: hash, Cookie: people.Hash(cookie)})
	if who := h.who(cookie); who == nil || who.Role != people.Admin || who.Name != "anna" {
		t.Errorf("signed in as %+v", who)
	}
	h.refused(people.ClaimFirst{Code: code, User: "eve", Password: hash}, "used code")
	if h.holder.Load().CodeIs(code) || h.holder.Load().NeedsFirstAdmin() {
		t.Error("the code still works")
	}
	h.restart()
	if h.code() != "" || h.who(cookie) == nil {
		t.Error("after a restart the admin is gone, or signed out")
	}
}

func TestWhatIsRevokedEndsAtOnceAndForGood(t *testing.T) {
	h := open(t)
	h.must(user("anna", people.Agent))
	secret, cookie := people.NewToken(), people.NewCookie()
	h.must(people.CreateToken{Token: &messages.AccessToken{Name: "robot", Role: "operator", Hash: people.Hash(secret)}})
	session := h.must(people.SignIn{User: "anna", Cookie: people.Hash(cookie)}).Session
	robot, anna := h.who(secret), h.who(cookie)
	if robot == nil || anna == nil {
		t.Fatal("not let in")
	}
	h.must(people.RevokeToken{ID: "robot"})
	h.must(people.SignOut{Session: session.GetId()})
	if !h.ends(robot) || !h.ends(anna) || h.who(secret) != nil || h.who(cookie) != nil {
		t.Error("still let in")
	}
	h.restart()
	if h.who(secret) != nil || h.who(cookie) != nil {
		t.Error("let in again after a restart")
	}
}

func TestNewRightsEndWhatIsOpenAndNothingElse(t *testing.T) {
	h := open(t)
	h.must(user("anna", people.Agent))
	h.must(user("ben", people.Agent))
	annas, bens := people.NewCookie(), people.NewCookie()
	h.must(people.SignIn{User: "anna", Cookie: people.Hash(annas)})
	h.must(people.SignIn{User: "ben", Cookie: people.Hash(bens)})
	anna, ben := h.who(annas), h.who(bens)
	h.must(people.SetUser{User: &messages.User{Name: "anna", Role: "agent", Accounts: []string{"shop"}}})
	if !h.ends(anna) {
		t.Error("what was open with the old rights goes on")
	}
	if now := h.who(annas); now == nil || !now.Sees("shop") || now.Sees("cafe") {
		t.Errorf("with the new rights: %+v", now)
	}
	if h.who(bens) != ben {
		t.Error("another person's connections ended as well")
	}
	h.must(people.SetUser{User: &messages.User{Name: "ben", Role: "agent"}, Password: hash})
	if h.who(bens) != nil {
		t.Error("who knows the old password is still in")
	}
}

func TestSessionsAndTokensEndWithTheirTime(t *testing.T) {
	h := open(t)
	h.must(user("anna", people.Agent))
	cookie, secret := people.NewCookie(), people.NewToken()
	h.must(people.SignIn{User: "anna", Cookie: people.Hash(cookie)})
	h.must(people.CreateToken{Token: &messages.AccessToken{Name: "robot", Role: "viewer", Hash: people.Hash(secret), ExpiresAt: time.Now().Add(time.Hour).UnixMilli()}})
	now := time.Now()
	for _, step := range []struct {
		after      time.Duration
		anna, tool bool
	}{{30 * time.Minute, true, true}, {time.Hour, true, false}, {8*time.Hour + 59*time.Minute, true, false}, {17 * time.Hour, false, false}} {
		if got := h.holder.Load().BySecret(cookie, now.Add(step.after)) != nil; got != step.anna {
			t.Errorf("session after %v: %t", step.after, got)
		}
		if got := h.holder.Load().BySecret(secret, now.Add(step.after)) != nil; got != step.tool {
			t.Errorf("token after %v: %t", step.after, got)
		}
	}
}

func TestTheLastAdminCannotBeTakenAway(t *testing.T) {
	h := open(t)
	h.must(user("anna", people.Admin))
	h.refused(people.RemoveUser{Name: "anna"}, "the only admin")
	h.refused(people.SetUser{User: &messages.User{Name: "anna", Role: "agent"}}, "the only admin")
	h.refused(people.SetUser{User: &messages.User{Name: "anna", Role: "admin", Disabled: true}}, "the only admin")
	h.must(user("ben", people.Admin))
	h.must(people.RemoveUser{Name: "anna"})
	for _, bad := range []people.SetUser{
		user("pc-im", people.Viewer), user("local", people.Viewer), user("Token:x", people.Viewer), user("", people.Viewer), user("c", "root"),
		user("c", people.Admin, "shop"), user("w", people.Worker), user("ben", people.Viewer),
	} {
		h.refused(bad, bad.User.String())
	}
}

func TestTheLogOnDiskIsCheckedWhole(t *testing.T) {
	h := open(t)
	for range 5 {
		h.sys.Root.Send(h.actor, &messages.AuditEntry{At: 1, Who: "anna", What: "POST /x", Outcome: people.OK, Targets: []string{"shop"}})
	}
	h.must(people.SetUser{By: people.By{Who: "anna", From: "127.0.0.1"}, New: true, Password: hash, User: &messages.User{Name: "anna", Role: "admin"}})
	h.restart()
	h.must(user("ben", people.Viewer))
	v, err := ask[people.Verified](h, people.VerifyAudit{})
	if err != nil || v.Fault != nil || v.Entries != 7 || v.Last != 7 {
		t.Fatalf("%+v %v", v, err)
	}
	read, err := ask[people.AuditRead](h, people.ReadAudit{Limit: 3})
	if err != nil || len(read.Entries) != 3 || read.Entries[0].GetSeq() != 7 || read.Entries[1].GetWhat() != "user_added" || read.Entries[1].GetWho() != "anna" {
		t.Errorf("%v %v", read, err)
	}
	read, err = ask[people.AuditRead](h, people.ReadAudit{After: 5, Limit: 10, Who: "anna"})
	if err != nil || len(read.Entries) != 1 || read.Entries[0].GetSeq() != 6 {
		t.Errorf("%v %v", read, err)
	}

	third := proto.CloneOf(entry(h, 3))
	third.Who = "somebody else"
	value, err := proto.Marshal(third)
	if err != nil {
		t.Fatal(err)
	}
	h.write(&messages.Put{Table: "audit", Key: "00000000000000000003", Value: value})
	if v, err := ask[people.Verified](h, people.VerifyAudit{}); err != nil || v.Fault == nil || v.Fault.Seq != 3 {
		t.Errorf("a changed entry: %+v %v", v, err)
	}
	h.write(&messages.Put{Table: "audit", Key: "00000000000000000003"})
	if v, err := ask[people.Verified](h, people.VerifyAudit{}); err != nil || v.Fault == nil || v.Fault.Seq != 3 {
		t.Errorf("a missing entry: %+v %v", v, err)
	}
}

// TestOldEntriesLeaveTheLogAndTheRestStaysAChain: what is older than 400 days goes, also from disk.
func TestOldEntriesLeaveTheLogAndTheRestStaysAChain(t *testing.T) {
	h := open(t)
	day := 24 * time.Hour
	for _, age := range []time.Duration{900 * day, 500 * day, 401 * day, 399 * day, day} {
		h.sys.Root.Send(h.actor, &messages.AuditEntry{At: time.Now().Add(-age).UnixMilli(), Who: "anna", What: "POST /x", Outcome: people.OK})
	}
	h.sys.Root.Send(h.actor, people.Sweep)
	var v people.Verified
	for deadline := time.Now().Add(20 * time.Second); v.First != 4; time.Sleep(time.Millisecond) {
		var err error
		if v, err = ask[people.Verified](h, people.VerifyAudit{}); err != nil || v.Fault != nil || time.Now().After(deadline) {
			t.Fatalf("%+v %v", v, err)
		}
	}
	h.restart()
	h.must(user("ben", people.Viewer))
	if v, err := ask[people.Verified](h, people.VerifyAudit{}); err != nil || v.Fault != nil || v.First != 4 || v.Entries != 3 || v.Last != 6 {
		t.Errorf("%+v %v", v, err)
	}
	read, err := ask[people.AuditRead](h, people.ReadAudit{Limit: 100})
	if err != nil || len(read.Entries) != 3 {
		t.Errorf("%v %v", read, err)
	}
	if loaded, err := actors.Ask[*messages.ControlLoaded](t.Context(), h.sys.Root, h.store, &messages.LoadControl{Table: "audit", Limit: 100}); err != nil || len(loaded.GetRecords()) != 3 {
		t.Errorf("on disk are %d entries: %v", len(loaded.GetRecords()), err)
	}
}

// entry is one entry as it is on disk.
func entry(h *house, seq uint64) *messages.AuditEntry {
	h.t.Helper()
	read, err := ask[people.AuditRead](h, people.ReadAudit{After: seq - 1, Limit: 1})
	if err != nil || len(read.Entries) != 1 {
		h.t.Fatalf("%v %v", read, err)
	}
	return read.Entries[0]
}

// write goes round the actor, as somebody does who can write to the store.
func (h *house) write(p *messages.Put) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	if _, err := actors.Ask[*messages.Appended](ctx, h.sys.Root, h.store, &messages.Append{Puts: []*messages.Put{p}}); err != nil {
		h.t.Fatal(err)
	}
}
