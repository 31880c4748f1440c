package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/coder/websocket"

	"troupe/actors"
	"troupe/actors/gateway/foreign"
	"troupe/actors/gateway/im"
	"troupe/actors/gateway/people"
	"troupe/messages"
	"troupe/testkit"
)

// staff lets tokens be made for a house.
type staff struct {
	t     testing.TB
	root  *actor.RootContext
	actor *actor.PID
}

func (h *house) hire() *staff {
	sys := testkit.System(h.t)
	disk := sys.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *messages.LoadControl:
			c.Respond(&messages.ControlLoaded{})
		case *messages.Append:
			c.Respond(&messages.Appended{})
		}
	}))
	s := &staff{h.t, sys.Root, sys.Root.Spawn(people.Props(people.Config{Store: disk, People: &h.people, Now: time.Now, Log: testkit.Quiet()}))}
	h.t.Cleanup(func() {
		if err := sys.Root.PoisonFuture(s.actor).Wait(); err != nil {
			h.t.Error(err)
		}
	})
	return s
}

func (s *staff) do(command any) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	if _, err := actors.Ask[people.Done](ctx, s.root, s.actor, command); err != nil {
		s.t.Fatal(err)
	}
}

// token makes one that is named after its role.
func (s *staff) token(name string, role people.Role, expires int64, accounts ...string) string {
	s.t.Helper()
	secret := people.NewToken()
	s.do(people.CreateToken{Token: &messages.AccessToken{Name: name, Role: string(role), Accounts: accounts, Hash: people.Hash(secret), ExpiresAt: expires}})
	return secret
}

// line is a socket, as bare as it can be.
type line struct {
	t  testing.TB
	ws *websocket.Conn
}

func (h *house) dial() *line {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, strings.Replace(h.url, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { _ = ws.CloseNow() })
	return &line{h.t, ws}
}

func (l *line) say(frame string) {
	l.t.Helper()
	if err := l.ws.Write(l.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		l.t.Fatal(err)
	}
}

// until reads frames up to one that begins so, and returns all of them; it fails when the line ends before.
func (l *line) until(prefix string) (frames []string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, frame, err := l.ws.Read(ctx)
		if err != nil {
			l.t.Fatalf("before %s: %v", prefix, err)
		}
		frames = append(frames, string(frame))
		if strings.HasPrefix(string(frame), prefix) {
			return frames
		}
	}
}

// join connects to a namespace and says whether it was let in.
func (l *line) join(namespace, token string) bool {
	l.t.Helper()
	at := ""
	if namespace != "/" {
		at = namespace + ","
	}
	auth := ""
	if token != "" {
		auth = fmt.Sprintf(`{"token":%q}`, token)
	}
	l.say("40" + at + auth)
	l.say("40/nowhere,") // its refusal comes after the answer
	for _, frame := range l.until("44/nowhere,") {
		if strings.HasPrefix(frame, "40"+at+"{") {
			return true
		}
	}
	return false
}

// prefix is how frames of a namespace name it.
func prefix(namespace string) string {
	if namespace == "/" {
		return ""
	}
	return namespace + ","
}

// heard sends one event and returns what comes back until all of it was dispatched.
func (l *line) heard(namespace, event, payload string) string {
	l.t.Helper()
	l.say("42" + prefix(namespace) + fmt.Sprintf("[%q,%s]", event, payload))
	l.say("40/nowhere,") // its refusal comes after what the event caused at once
	return strings.Join(l.until("44/nowhere,"), "\n")
}

// TestEveryEventLetsInWhomItsRowNames sends every event of every namespace as every role, also limited to an account, and comes with
// tokens that are none.
func TestEveryEventLetsInWhomItsRowNames(t *testing.T) {
	h := open(t)
	s := h.hire()
	for _, role := range people.Roles {
		tokens := []string{s.token(string(role), role, 0)}
		if role != people.Admin {
			tokens = append(tokens, s.token(string(role)+"-limited", role, 0, "sb_1"))
		}
		for _, token := range tokens {
			for _, namespace := range im.Namespaces {
				l := h.dial()
				if !l.join(namespace, token) {
					t.Fatalf("%s was not let in to %s", role, namespace)
				}
				for _, e := range im.Events {
					if e.Namespace != namespace || e.Direction != im.In {
						continue
					}
					allowed := e.Role == im.Anyone || role.May(people.Role(e.Role))
					if refused := strings.Contains(l.heard(namespace, e.Name, "{}"), e.Name+": not allowed"); refused == allowed {
						t.Errorf("%s%s as %s: refused %t", namespace, e.Name, role, refused)
					}
				}
			}
			if h.dial().join(foreign.Namespace, token) {
				t.Errorf("a token of %s was let in to %s", role, foreign.Namespace)
			}
		}
	}
	worker := s.token("worker", people.Worker, 0)
	soon := time.Now().Add(50 * time.Millisecond)
	bad := map[string]string{
		"expired": s.token("expired", people.Admin, soon.UnixMilli()), "revoked": s.token("revoked", people.Admin, 0), "foreign": people.NewToken(),
		"expired worker": s.token("expired-worker", people.Worker, soon.UnixMilli()), "revoked worker": s.token("revoked-worker", people.Worker, 0),
	}
	s.do(people.RevokeToken{ID: "revoked"})
	s.do(people.RevokeToken{ID: "revoked-worker"})
	time.Sleep(time.Until(soon) + time.Millisecond)
	for _, namespace := range append([]string{foreign.Namespace}, im.Namespaces...) {
		for name, token := range bad {
			if h.dial().join(namespace, token) {
				t.Errorf("a token that is %s was let in to %s", name, namespace)
			}
		}
		if got := h.dial().join(namespace, worker); got != (namespace == foreign.Namespace) {
			t.Errorf("a worker's token at %s: let in %t", namespace, got)
		}
	}
}

// TestARefusedEventStandsInTheAuditLog, and a flood of them does not fill it.
func TestARefusedEventStandsInTheAuditLog(t *testing.T) {
	h := open(t)
	l := h.dial()
	if !l.join("/", h.hire().token("clerk", people.Viewer, 0)) {
		t.Fatal("not let in")
	}
	for range 1000 {
		l.say(fmt.Sprintf("42[%q,{}]", im.DeleteAccountEvent))
	}
	if heard := l.heard("/", im.DeleteAccountEvent, "{}"); strings.Count(heard, "not allowed") != 1001 {
		t.Error("not every one was refused")
	}
	if n := h.audit.count("token:clerk", im.DeleteAccountEvent, "forbidden"); n == 0 || n > 150 {
		t.Errorf("%d entries", n)
	}
}

// TestTheAdministrationMaySayItsTokenLater joins without a token, from where only an agent may, and says one afterwards.
func TestTheAdministrationMaySayItsTokenLater(t *testing.T) {
	h := open(t)
	h.gw.Door = people.NewDoor(people.DoorConfig{People: &h.people, Audit: h.noted, IMRole: people.Agent})
	s := h.hire()
	l := h.dial()
	if !l.join(im.Admin, "") {
		t.Fatal("not let in")
	}
	start := `42/admin,["master:login:start",{"account_id":"sb_1","session_id":"s1"}]`
	for _, token := range []string{"web-admin-constant", s.token("clerk", people.Viewer, 0)} {
		l.say(fmt.Sprintf(`42/admin,["admin:auth",{"token":%q,"userId":"u"}]`, token))
		l.until(`42/admin,["admin:auth:success"`)
		l.say(start)
		l.until(`42/admin,["admin:error",{"error":"master:login:start: not allowed"`)
	}
	l.say(fmt.Sprintf(`42/admin,["admin:auth",{"token":%q,"userId":"u"}]`, s.token("boss", people.Operator, 0)))
	l.until(`42/admin,["admin:auth:success"`)
	l.say(start)
	_, from := testkit.ExpectFrom[*messages.StartLogin](h.master, nil)
	h.master.Send(from, &messages.LoginStarted{Session: "s1"})
	l.until(`42/admin,["admin:login:start:ack"`)
	s.do(people.RevokeToken{ID: "boss"})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if _, _, err := l.ws.Read(ctx); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		t.Error("the socket is still open")
	}
}

func TestASocketIsClosedWithItsToken(t *testing.T) {
	h := open(t)
	s := h.hire()
	l, other := h.dial(), h.dial()
	if !l.join("/", s.token("robot", people.Agent, 0)) || !other.join("/", "") {
		t.Fatal("not let in")
	}
	s.do(people.RevokeToken{ID: "robot"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := l.ws.Read(ctx); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		t.Error("the socket is still open")
	}
	other.say("40/nowhere,")
	other.until("44/nowhere,")
}

// TestAWorkersTokenOpensItsOwnNameOnly, so that nobody is told another worker's proxies and logins.
func TestAWorkersTokenOpensItsOwnNameOnly(t *testing.T) {
	h := open(t)
	l := h.dial()
	if !l.join(foreign.Namespace, h.hire().token("node-7", people.Worker, 0)) {
		t.Fatal("not let in")
	}
	l.say(`42/worker,["worker:register",{"workerId":"node-8"}]`)
	if refusal := strings.Join(l.until(`42/worker,["error"`), ""); !strings.Contains(refusal, "node-7") {
		t.Errorf("refused with %s", refusal)
	}
	if n := len(h.master.Letters()); n != 0 {
		t.Errorf("the master heard of it: %T", (<-h.master.Letters()).Message)
	}
	if !h.audit.has("token:node-7", "worker:register", "forbidden") {
		t.Error("nobody knows of it")
	}
	l.say(`42/worker,["worker:register",{"workerId":"node-7"}]`)
	testkit.Expect[*messages.RegisterForeign](h.master, nil)
}

// TestAWorkersSocketIsClosedWithItsToken at once, and what the worker did stands under the token's name.
func TestAWorkersSocketIsClosedWithItsToken(t *testing.T) {
	h := open(t)
	s := h.hire()
	l := h.dial()
	if !l.join(foreign.Namespace, s.token("node-7", people.Worker, 0)) {
		t.Fatal("not let in")
	}
	l.say(`42/worker,["worker:register",{"workerId":"node-7"}]`)
	_, from := testkit.ExpectFrom[*messages.RegisterForeign](h.master, nil)
	h.master.Send(from, &messages.ForeignRegistered{})
	l.until(`42/worker,["worker:registered"`)
	for _, what := range []string{"connect_worker", "worker:register"} {
		if !h.audit.has("token:node-7", what, people.OK) {
			t.Errorf("nobody knows of its %s", what)
		}
	}
	s.do(people.RevokeToken{ID: "node-7"})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := l.ws.Read(ctx); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		t.Error("the socket is still open")
	}
	testkit.Expect[*messages.ForeignGone](h.master, nil)
}

// TestAWorkerOfAnotherNameForThisNodeIsNotServed: the name that a request calls the node by is judged before anything else.
func TestAWorkerOfAnotherNameForThisNodeIsNotServed(t *testing.T) {
	h := open(t)
	for host, want := range map[string]int{"localhost": http.StatusOK, "evil.example": http.StatusForbidden} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/socket.io/?EIO=4&transport=polling", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("called %s: %d", host, res.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestWhatAClientDoesStandsInTheAuditLog(t *testing.T) {
	h := open(t)
	l := h.dial()
	if !l.join("/", "") {
		t.Fatal("not let in")
	}
	if !h.audit.has("pc-im", "connect", people.OK) {
		t.Error("nobody knows that the client came")
	}
	if h.dial().join("/", "made-up") || !h.audit.has("-", "connect", "unauthenticated") {
		t.Error("nobody knows of the made-up token")
	}
	l.say(fmt.Sprintf(`42[%q,{"accountId":"sb_2"}]`, im.DeleteAccountEvent))
	_, from := testkit.ExpectFrom[*messages.RemoveAccount](h.master, nil)
	h.master.Send(from, &messages.Refused{Code: "conflict", Message: "not now"})
	l.until("42[\"" + im.AccountDeletedEvent)
	if !h.audit.has("pc-im", im.DeleteAccountEvent, "failed") {
		t.Error("nobody knows of the removal")
	}
}
