package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// The two tests of this file go through the protocols' documents (Engine.IO protocol, revision 4; Socket.IO protocol, revision 5) and the
// cases that their test suites list under the same headings. Binary packets are the one thing that is refused on purpose: no client
// of ours sends any, and the documents' way to refuse is to end the connection.

func TestEngineIOProtocol(t *testing.T) {
	_, url := serve(t, Config{PingInterval: 300 * time.Millisecond, PingTimeout: 5 * time.Second, MaxPayload: 1_000_000}, nil)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	polling := url + "/socket.io/?EIO=4&transport=polling"

	t.Run("Handshake: HTTP long-polling opens a session", func(t *testing.T) {
		a := request(t, http.MethodGet, polling, "")
		hello := readHello(t, a.body)
		if a.status != http.StatusOK || len(hello.Upgrades) != 1 || hello.Upgrades[0] != "websocket" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("Handshake: WebSocket opens a session", func(t *testing.T) {
		frame, _ := dial(t, url, "").receive()
		if hello := readHello(t, frame); len(hello.Upgrades) != 0 {
			t.Errorf("%s", frame)
		}
	})
	for name, query := range map[string]string{
		"no EIO": "transport=polling", "invalid EIO": "EIO=abc&transport=polling", "no transport": "EIO=4", "invalid transport": "EIO=4&transport=abc",
		"WebSocket, no EIO": "transport=websocket", "WebSocket, invalid EIO": "EIO=abc&transport=websocket",
	} {
		t.Run("Handshake: refused: "+name, func(t *testing.T) {
			if a := request(t, http.MethodGet, url+"/socket.io/?"+query, ""); a.status != http.StatusBadRequest {
				t.Errorf("%+v", a)
			}
		})
	}
	t.Run("Handshake: refused: invalid method", func(t *testing.T) {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			if a := request(t, method, polling, ""); a.status != http.StatusBadRequest {
				t.Errorf("%s: %+v", method, a)
			}
		}
	})
	t.Run("Message: HTTP long-polling: one packet, and several in one payload", func(t *testing.T) {
		address, _ := session(t, url)
		for _, body := range []string{"40", `42["echo",1]`, `42["echo",2]` + "\x1e" + `42["echo",3]`} {
			if a := request(t, http.MethodPost, address, body); a.body != "ok" {
				t.Fatalf("%+v", a)
			}
		}
		got := collect(t, address, 4)
		if !strings.HasPrefix(got[0], `40{"sid"`) || strings.Join(got[1:4], " ") != `42["echoed",1] 42["echoed",2] 42["echoed",3]` {
			t.Errorf("%q", got)
		}
	})
	t.Run("Message: WebSocket: one packet a frame", func(t *testing.T) {
		c := join(t, url)
		c.send(`42["echo","a` + "\x1e" + `b"]`) // the separator of payloads means nothing here: it is no JSON
		c.expectClosed()
	})
	for name, body := range map[string]string{"unknown type": "abc", "empty": "", "empty packet": "40\x1e", "binary": "bAQID"} {
		t.Run("Message: HTTP long-polling: invalid format ends the session: "+name, func(t *testing.T) {
			address, _ := session(t, url)
			if a := request(t, http.MethodPost, address, body); a.status != http.StatusBadRequest {
				t.Errorf("%+v", a)
			}
			expectGone(t, address)
		})
	}
	t.Run("Message: WebSocket: invalid format ends the session", func(t *testing.T) {
		c := dial(t, url, "")
		c.expectPrefix("0")
		c.send("abc")
		c.expectClosed()
	})
	t.Run("Heartbeat: HTTP long-polling: ping is answered by pong", func(t *testing.T) {
		address, _ := session(t, url)
		for range 2 {
			if got := collect(t, address, 1); got[0] != "2" {
				t.Fatalf("%q", got)
			}
			request(t, http.MethodPost, address, "3")
		}
	})
	t.Run("Heartbeat: WebSocket: ping is answered by pong", func(t *testing.T) {
		c := dial(t, url, "")
		c.expectPrefix("0")
		c.send("40")
		for pings := 0; pings < 2; {
			_, b, err := c.ws.Read(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if string(b) == "2" {
				pings++
				c.send("3")
			}
		}
	})
	t.Run("Close: HTTP long-polling", func(t *testing.T) {
		address, _ := session(t, url)
		request(t, http.MethodPost, address, "1")
		expectGone(t, address)
	})
	t.Run("Close: WebSocket", func(t *testing.T) {
		c := dial(t, url, "")
		c.expectPrefix("0")
		c.send("1")
		c.expectClosed()
	})
	t.Run("Upgrade: probe, upgrade, and nothing more over HTTP or a second WebSocket", func(t *testing.T) {
		address, sid := session(t, url)
		c := dial(t, url, sid)
		c.send("2probe")
		c.expect("3probe")
		c.send("5")
		c.send("40")
		c.expectPrefix("40{")
		if a := request(t, http.MethodGet, address, ""); a.status != http.StatusBadRequest {
			t.Errorf("%+v", a)
		}
		second := dial(t, url, sid)
		second.send("2probe")
		second.expectClosed()
		c.send(`42["echo"]`)
		c.expect(`42["echoed","nothing"]`)
	})
}

// hello is Engine.IO's open packet.
type hello struct {
	SID                                   string
	Upgrades                              []string
	PingInterval, PingTimeout, MaxPayload int
}

func readHello(t *testing.T, packet string) (h hello) {
	t.Helper()
	err := json.Unmarshal([]byte(strings.TrimPrefix(packet, "0")), &h)
	if err != nil || !strings.HasPrefix(packet, "0") || h.SID == "" || h.Upgrades == nil || h.PingInterval != 300 || h.PingTimeout != 5000 || h.MaxPayload != 1_000_000 {
		t.Errorf("open packet %q: %v", packet, err)
	}
	return h
}

// collect polls until so many packets came.
func collect(t *testing.T, address string, n int) (packets []string) {
	t.Helper()
	for len(packets) < n {
		packets = append(packets, strings.Split(request(t, http.MethodGet, address, "").body, "\x1e")...)
	}
	return packets
}

func TestSocketIOProtocol(t *testing.T) {
	_, url := serve(t, Config{ConnectTimeout: 300 * time.Millisecond}, func(s *Server) {
		s.Of("/custom").Auth(func(h Handshake) error {
			if strings.Contains(string(h.Auth), "wrong") {
				return errors.New("wrong credentials")
			}
			return nil
		})
		s.Of("/custom").Handle(Rule{Event: "echo", Handler: func(s *Socket, payload json.RawMessage, _ func(any)) { s.Emit("echoed", payload) }})
	})
	open := func(t *testing.T) *frames {
		c := dial(t, url, "")
		c.expectPrefix("0")
		return c
	}
	for name, test := range map[string]struct{ sent, want string }{
		"to the main namespace":                      {`40`, `40{"sid":"`},
		"to the main namespace, with a payload":      {`40{"token":"123"}`, `40{"sid":"`},
		"to a custom namespace":                      {`40/custom,`, `40/custom,{"sid":"`},
		"to a custom namespace, with a payload":      {`40/custom,{"token":"abc"}`, `40/custom,{"sid":"`},
		"to a custom namespace, with a query string": {`40/custom?abc=123,`, `40/custom,{"sid":"`},
		"refused: unknown namespace":                 {`40/random`, `44/random,{"message":"Invalid namespace"}`},
		"refused: wrong credentials":                 {`40/custom,{"token":"wrong"}`, `44/custom,{"message":"wrong credentials"}`},
	} {
		t.Run("Connection to a namespace: "+name, func(t *testing.T) {
			c := open(t)
			c.send(test.sent)
			c.expectPrefix(test.want)
		})
	}
	t.Run("Connection to a namespace: an invalid handshake ends the connection", func(t *testing.T) {
		c := open(t)
		c.send("4abc")
		c.expectClosed()
	})
	t.Run("Connection to a namespace: none in time ends the connection", func(t *testing.T) { open(t).expectClosed() })
	t.Run("Disconnection from a namespace: the others stay", func(t *testing.T) {
		for _, test := range []struct{ leave, left, stays, answer string }{
			{`41`, `42["echo"]`, `42/custom,["echo",1]`, `42/custom,["echoed",1]`},
			{`41/custom,`, `42/custom,["echo",1]`, `42["echo",1]`, `42["echoed",1]`},
		} {
			c := open(t)
			c.send("40")
			c.expectPrefix(`40{`)
			c.send("40/custom,")
			c.expectPrefix(`40/custom,{`)
			c.send(test.leave)
			c.send(test.stays)
			c.expect(test.answer)
			c.send(test.left) // to a namespace that was left
			c.expectClosed()
		}
	})
	for name, test := range map[string]struct{ sent, want string }{
		"one argument":      {`42["echo",[1,"2",{"3":[false]}]]`, `42["echoed",[1,"2",{"3":[false]}]]`},
		"no argument":       {`42["echo"]`, `42["echoed","nothing"]`},
		"null":              {`42["echo",null]`, `42["echoed","nothing"]`},
		"more than one":     {`42["echo",1,2]`, `42["echoed",1]`},
		"Acknowledgement":   {`42456["echo",1]`, `42["echoed",1]`},
		"beyond the ASCII":  {`42["echo","` + "\u2028 好 \U0001f600" + `"]`, `42["echoed","` + "\u2028 好 \U0001f600" + `"]`},
		"key of prototypes": {`42["echo",{"__proto__":{"a":1}}]`, `42["echoed",{"__proto__":{"a":1}}]`},
	} {
		t.Run("Sending and receiving data: "+name, func(t *testing.T) {
			c := open(t)
			c.send("40")
			c.expectPrefix("40{")
			c.send(test.sent)
			c.expect(test.want)
			if name == "Acknowledgement" {
				c.expect(`43456[1]`)
			}
		})
	}
	for name, frame := range map[string]string{
		"unknown packet type":               "4abc",
		"payload is no array":               "42{}",
		"empty array":                       `42[]`,
		"name is no string":                 `42[{}]`,
		"acknowledgement id is no number":   `42abc["echo"]`,
		"binary event":                      `451-["echo",{"_placeholder":true,"num":0}]`,
		"binary acknowledgement":            `461-456[{"_placeholder":true,"num":0}]`,
		"a second CONNECT to one namespace": "40",
	} {
		t.Run("Packet format: ends the connection: "+name, func(t *testing.T) {
			c := open(t)
			c.send("40")
			c.expectPrefix("40{")
			c.send(frame)
			c.expectClosed()
		})
	}
	t.Run("Packet format: a binary frame ends the connection", func(t *testing.T) {
		c := open(t)
		if err := c.ws.Write(context.Background(), websocket.MessageBinary, []byte{4}); err != nil {
			t.Fatal(err)
		}
		c.expectClosed()
	})
}

// TestDeepHugeAndDoubledJSONIsAnsweredClearly feeds what parsers stumble over.
func TestDeepHugeAndDoubledJSONIsAnsweredClearly(t *testing.T) {
	_, url := serve(t, Config{MaxPayload: 200_000}, func(s *Server) {
		s.Of("/").Handle(Rule{Event: "read", MaxBytes: 100_000, Handler: func(s *Socket, payload json.RawMessage, _ func(any)) {
			var v struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(payload, &v); err != nil {
				s.EmitError("payload cannot be read")
				return
			}
			s.Emit("read", v.ID)
		}})
	})
	deep := strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000)
	c := join(t, url)
	for _, nested := range []string{deep, deep[1000:19_000]} { // deeper than the decoder goes, and not
		c.send(`42["read",` + nested + `]`)
		c.expect(`42["error",{"message":"the payload is nested deeper than 64 levels: send it flatter"}]`)
	}
	c.send(`42["read",{"id":"a","id":"b"}]`)
	c.expect(`42["error",{"message":"read: the payload names the field \"id\" twice: send each field once"}]`)
	c.send(`42["read","` + strings.Repeat("x", 150_000) + `"]`)
	c.expect(`42["error",{"message":"read: payload over 100000 bytes: send less at a time"}]`)
	c.send(`42["read","` + strings.Repeat("x", 250_000) + `"]`)
	c.expectClosed()
}
