package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"troupe/testkit"
)

func TestOpenPacketSaysWhatTheContractSays(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := dial(t, url, "")
	frame, _ := c.receive()
	var hello struct {
		SID                                   string
		Upgrades                              []string
		PingInterval, PingTimeout, MaxPayload int
	}
	if err := json.Unmarshal([]byte(frame[1:]), &hello); err != nil {
		t.Fatal(err)
	}
	if hello.SID == "" || hello.PingInterval != 25000 || hello.PingTimeout != 60000 || hello.MaxPayload != 10_000_000 || len(hello.Upgrades) != 0 {
		t.Errorf("open packet %s", frame)
	}
}

func TestPayloadMayBeMissingNullOrAnything(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := join(t, url)
	for in, out := range map[string]string{
		`42["echo"]`:             `42["echoed","nothing"]`,
		`42["echo",null]`:        `42["echoed","nothing"]`,
		`42["echo",{"a":"<\n"}]`: `42["echoed",{"a":"<\n"}]`,
		`42["echo",[1],"more"]`:  `42["echoed",[1]]`,
		`42["echo",7]`:           `42["echoed",7]`,
	} {
		c.send(in)
		c.expect(out)
	}
}

func TestAckAnswersOnlyWhoAsked(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := join(t, url)
	c.send(`4212["echo",1]`)
	c.expect(`42["echoed",1]`)
	c.expect(`4312[1]`)
	c.send(`42["echo",2]`)
	c.expect(`42["echoed",2]`)
	c.send(`42["echo",3]`)
	c.expect(`42["echoed",3]`)
}

func TestUnknownEventIsIgnored(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := join(t, url)
	c.send(`42["nobody:knows",{}]`)
	c.send(`42["echo"]`)
	c.expect(`42["echoed","nothing"]`)
}

func TestBrokenProtocolEndsTheConnection(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	for name, frame := range map[string]string{
		"unknown engine type":    "9",
		"empty frame":            "",
		"unknown message type":   "4abc",
		"binary event":           `451-["echo",{"_placeholder":true,"num":0}]`,
		"event is no array":      "42{}",
		"event is no json":       `42["echo"`,
		"event without name":     "42[]",
		"name is no string":      "42[7]",
		"ack id is no number":    `42abc["echo"]`,
		"second connect":         "40",
		"connect error":          "44",
		"namespace never joined": `42/other,["echo"]`,
	} {
		t.Run(name, func(t *testing.T) {
			c := join(t, url)
			c.send(frame)
			c.expectClosed()
		})
	}
}

func TestBinaryFrameEndsTheConnection(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := join(t, url)
	if err := c.ws.Write(context.Background(), websocket.MessageBinary, []byte{1}); err != nil {
		t.Fatal(err)
	}
	c.expectClosed()
}

func TestNamespaceAsksWhoComes(t *testing.T) {
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/admin").Auth(func(h Handshake) error {
			if string(h.Auth) != `{"token":"t"}` {
				return errors.New("wrong token")
			}
			return nil
		})
	})
	c := dial(t, url, "")
	c.expectPrefix("0{")
	c.send(`40/admin,{"token":"x"}`)
	c.expect(`44/admin,{"message":"wrong token"}`)
	c.send(`40/nowhere,`)
	c.expect(`44/nowhere,{"message":"Invalid namespace"}`)
	c.send(`40/admin?x=1,{"token":"t"}`)
	c.expectPrefix(`40/admin,{"sid":`)
}

func TestEveryoneWhoConnectedGetsBroadcasts(t *testing.T) {
	s, url := serve(t, Config{}, nil)
	a, b := join(t, url), join(t, url)
	s.Of("/").Broadcast("news", json.RawMessage(`{"n":1}`))
	a.expect(`42["news",{"n":1}]`)
	b.expect(`42["news",{"n":1}]`)
	a.send("41")
	eventually(t, "a left", func() bool { return s.Of("/").Len() == 1 })
	s.Of("/").Broadcast("news", nil)
	b.expect(`42["news"]`)
}

func TestEventsOfOneSocketComeInOrder(t *testing.T) {
	var seen []string // guarded by the promise under test
	done := make(chan struct{})
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").Handle(Rule{Event: "n", Handler: func(_ *Socket, payload json.RawMessage, _ func(any)) {
			if seen = append(seen, string(payload)); len(seen) == 200 {
				close(done)
			}
		}})
	})
	c := join(t, url)
	for i := range 200 {
		c.send(fmt.Sprintf(`42["n",%d]`, i))
	}
	<-done
	for i, got := range seen {
		if got != fmt.Sprint(i) {
			t.Fatalf("event %d was %s", i, got)
		}
	}
}

func TestRuleRefusesWithoutEndingTheConnection(t *testing.T) {
	none := func(*Socket, json.RawMessage, func(any)) {}
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").Handle(
			Rule{Event: "secret", Role: "admin", Handler: none},
			Rule{Event: "small", MaxBytes: 4, Handler: none},
			Rule{Event: "rare", PerSecond: 0.001, Burst: 1, Handler: none},
		)
	})
	c := join(t, url)
	c.send(`42["secret"]`)
	c.expect(`42["error",{"message":"secret: not allowed"}]`)
	c.send(`42["small","12345"]`)
	c.expect(`42["error",{"message":"small: payload over 4 bytes: send less at a time"}]`)
	c.send(`42["rare"]`)
	c.send(`42["rare"]`)
	c.expect(`42["error",{"message":"rare: too many at once, try again later"}]`)
	c.send(`42["echo"]`)
	c.expect(`42["echoed","nothing"]`)
}

func TestRoleOpensItsRules(t *testing.T) {
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").OnConnect(func(s *Socket) { s.Grant("admin") })
		s.Of("/").Handle(Rule{Event: "secret", Role: "admin", Handler: func(s *Socket, _ json.RawMessage, _ func(any)) {
			s.Emit("told", nil)
		}})
	})
	c := join(t, url)
	c.send(`42["secret"]`)
	c.expect(`42["told"]`)
}

func TestPanicOfAHandlerCostsItsConnectionOnly(t *testing.T) {
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").Handle(Rule{Event: "bug", Handler: func(*Socket, json.RawMessage, func(any)) { panic("bug") }})
	})
	a, b := join(t, url), join(t, url)
	a.send(`42["bug"]`)
	a.expectClosed()
	b.send(`42["echo"]`)
	b.expect(`42["echoed","nothing"]`)
}

func TestTooLargeMessageEndsTheConnection(t *testing.T) {
	_, url := serve(t, Config{MaxPayload: 1000}, nil)
	c := join(t, url)
	c.send(`42["echo","` + strings.Repeat("x", 500) + `"]`)
	c.expectPrefix(`42["echoed","xxx`)
	c.send(`42["echo","` + strings.Repeat("x", 1000) + `"]`)
	c.expectClosed()
}

// TestClientThatStopsReadingIsDropped holds for both transports, and the others get everything in time. In a full test it takes as
// long as it does in service: less than ten seconds.
func TestClientThatStopsReadingIsDropped(t *testing.T) {
	inService := Config{}.withDefaults().WriteTimeout
	if latest := inService + inService/slowLooks; latest > 10*time.Second {
		t.Errorf("a client that stopped reading is dropped after %v", latest)
	}
	cfg := Config{WriteTimeout: 300 * time.Millisecond, MaxQueueBytes: 1 << 40}
	if testkit.Full {
		cfg.WriteTimeout = inService
	}
	reasons := make(chan string, 2)
	s, url := serve(t, cfg, func(s *Server) {
		s.Of("/").OnDisconnect(func(_ *Socket, why string) { reasons <- why })
	})
	reader := join(t, url)
	join(t, url) // and never reads again
	address, _ := session(t, url)
	request(t, http.MethodPost, address, "40") // and never polls again
	eventually(t, "all three are there", func() bool { return s.Of("/").Len() == 3 })
	page := json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	for range 16 {
		s.Of("/").Broadcast("page", page)
		reader.expectPrefix(`42["page","xxx`)
	}
	for range 2 {
		if why := await(t, reasons, 10*time.Second); why != ReasonSlow && why != ReasonTransport {
			t.Errorf("reason %q", why)
		}
	}
	eventually(t, "only the reader is left", func() bool { return s.Conns() == 1 })
	s.Of("/").Broadcast("page", nil)
	reader.expect(`42["page"]`)
}

// TestClientThatAsksAheadIsAnsweredInFull asks for more than the queue could hold before it reads the first answer.
func TestClientThatAsksAheadIsAnsweredInFull(t *testing.T) {
	const asked = 3000
	page := json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`)
	_, url := serve(t, Config{MaxQueue: 100, MaxQueueBytes: 2_000_000}, func(s *Server) {
		s.Of("/").Handle(Rule{Event: "page", Handler: func(s *Socket, _ json.RawMessage, _ func(any)) { s.Emit("page", page) }})
	})
	c := join(t, url)
	for range asked {
		c.send(`42["page"]`)
	}
	for range asked {
		c.expectPrefix(`42["page","xxx`)
	}
}

// await receives a reason in time.
func await(t *testing.T, reasons <-chan string, within time.Duration) string {
	t.Helper()
	select {
	case why := <-reasons:
		return why
	case <-time.After(within):
		t.Fatal("it was not dropped in time")
		return ""
	}
}

func TestFullQueueDropsItsClient(t *testing.T) {
	reason := make(chan string, 1)
	s, url := serve(t, Config{MaxQueue: 4}, func(s *Server) {
		s.Of("/").OnDisconnect(func(_ *Socket, why string) { reason <- why })
	})
	address, _ := session(t, url)
	request(t, http.MethodPost, address, "40")
	eventually(t, "the queue is full", func() bool {
		s.Of("/").Broadcast("news", nil)
		return s.Conns() == 0
	})
	if why := <-reason; why != ReasonQueue {
		t.Errorf("reason %q", why)
	}
}

// TestFloodOfOneLeavesTheOthersServed lets one client send as fast as it can: what its rule does not allow is refused, and another
// client's requests are answered one by one meanwhile.
func TestFloodOfOneLeavesTheOthersServed(t *testing.T) {
	_, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").Handle(Rule{Event: "limited", PerSecond: 10, Burst: 100, Handler: func(s *Socket, _ json.RawMessage, _ func(any)) { s.Emit("served", nil) }})
	})
	flood, other := join(t, url), join(t, url)
	stop, flooding := make(chan struct{}), make(chan struct{})
	var refused atomic.Int64
	go func() {
		defer close(flooding)
		for range 5000 {
			flood.send(`42["limited"]`)
		}
	}()
	go func() {
		defer close(stop)
		for range 5000 {
			if frame, _ := flood.receive(); strings.HasPrefix(frame, `42["error"`) {
				refused.Add(1)
			}
		}
	}()
	for i := range 200 {
		other.send(fmt.Sprintf(`42["echo",%d]`, i))
		other.expect(fmt.Sprintf(`42["echoed",%d]`, i))
	}
	<-flooding
	<-stop
	if n := refused.Load(); n < 3000 {
		t.Errorf("%d of 5,000 were refused", n)
	}
}

func TestSilentClientIsDropped(t *testing.T) {
	reason := make(chan string, 1)
	_, url := serve(t, Config{PingInterval: 20 * time.Millisecond, PingTimeout: 20 * time.Millisecond}, func(s *Server) {
		s.Of("/").OnDisconnect(func(_ *Socket, why string) { reason <- why })
	})
	c := dial(t, url, "")
	c.send("40")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, _, err := c.ws.Read(ctx); err != nil { // pings are never answered
			break
		}
	}
	if why := <-reason; why != ReasonPing {
		t.Errorf("reason %q", why)
	}
}

func TestAnsweredPingsKeepTheConnection(t *testing.T) {
	_, url := serve(t, Config{PingInterval: 5 * time.Millisecond}, nil)
	c := dial(t, url, "")
	c.send("40")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for pings := 0; pings < 10; {
		_, b, err := c.ws.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if string(b) == "2" {
			pings++
			c.send("3")
		}
	}
}

func TestWhoJoinsNothingIsDropped(t *testing.T) {
	_, url := serve(t, Config{ConnectTimeout: 20 * time.Millisecond}, nil)
	c := dial(t, url, "")
	c.expectPrefix("0{")
	c.expectClosed()
}

func TestConnectSentTogetherWithTheOpenIsHeard(t *testing.T) {
	_, url := serve(t, Config{}, nil)
	c := dial(t, url, "")
	c.send("40")
	c.send(`42["echo"]`)
	c.expectPrefix("0{")
	c.expectPrefix("40{")
	c.expect(`42["echoed","nothing"]`)
}

func TestCloseLetsClientsComeBack(t *testing.T) {
	s, url := serve(t, Config{}, nil)
	c := join(t, url)
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, b, err := c.ws.Read(ctx)
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got frame %q, error %v; a Socket.IO disconnect would keep the client from reconnecting", b, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if a := request(t, http.MethodGet, url+"/socket.io/?EIO=4&transport=polling", ""); a.status != http.StatusServiceUnavailable {
		t.Errorf("after close: %+v", a)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// TestNoConnectIsLost dials 20 at a time, each sending its CONNECT together with the open, while everybody is told something all the
// time: 600 of them, 6,000 in a full test.
func TestNoConnectIsLost(t *testing.T) {
	total := int64(testkit.Runs(t, 600, 6000))
	var connects, disconnects atomic.Int64
	s, url := serve(t, Config{}, func(s *Server) {
		s.Of("/").OnConnect(func(*Socket) { connects.Add(1) })
		s.Of("/").OnDisconnect(func(*Socket, string) { disconnects.Add(1) })
	})
	ctx, cancel := context.WithCancel(t.Context())
	load := make(chan struct{})
	go func() {
		defer close(load)
		for tick := time.NewTicker(time.Millisecond); ctx.Err() == nil; <-tick.C {
			s.Of("/").Broadcast("news", "of no concern")
		}
	}()
	slots := make(chan struct{}, 20)
	for i := range total {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			c := dial(t, url, "")
			c.send("40")
			c.receive()
			if frame, ok := c.receive(); !ok || !strings.HasPrefix(frame, "40") {
				t.Errorf("connect %d was lost: %q", i, frame)
			}
			_ = c.ws.CloseNow()
		}()
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
	cancel()
	<-load
	eventually(t, "all are gone", func() bool { return s.Conns() == 0 && disconnects.Load() == total })
	if connects.Load() != total {
		t.Errorf("%d connects", connects.Load())
	}
}
