package socketio

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// serve starts a server with a namespace "/" that echoes; setup may add to it before it listens.
func serve(t *testing.T, cfg Config, setup func(*Server)) (*Server, string) {
	t.Helper()
	s := New(cfg)
	s.Of("/").Handle(Rule{Event: "echo", Handler: func(s *Socket, payload json.RawMessage, ack func(any)) {
		if payload == nil {
			payload = json.RawMessage(`"nothing"`)
		}
		s.Emit("echoed", payload)
		ack(payload)
	}})
	if setup != nil {
		setup(s)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		h.Close()
	})
	return s, h.URL
}

// frames is a raw WebSocket client: Engine.IO packets as they are on the wire.
type frames struct {
	t  *testing.T
	ws *websocket.Conn
}

func dial(t *testing.T, url, sid string) *frames {
	t.Helper()
	address := url + "/socket.io/?EIO=4&transport=websocket"
	if sid != "" {
		address += "&sid=" + sid
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &frames{t, ws}
}

// join dials and joins "/".
func join(t *testing.T, url string) *frames {
	t.Helper()
	c := dial(t, url, "")
	c.expectPrefix("0{")
	c.send("40")
	c.expectPrefix(`40{"sid":`)
	return c
}

func (c *frames) send(frame string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// receive returns the next frame, answering pings; ok is false when the server closed.
func (c *frames) receive() (frame string, ok bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		_, b, err := c.ws.Read(ctx)
		if ctx.Err() != nil {
			c.t.Fatal("no frame in time")
		}
		if err != nil {
			return "", false
		}
		if string(b) != "2" {
			return string(b), true
		}
		c.send("3")
	}
}

func (c *frames) expect(want string) {
	c.t.Helper()
	if got, _ := c.receive(); got != want {
		c.t.Fatalf("got frame %q, want %q", got, want)
	}
}

func (c *frames) expectPrefix(want string) {
	c.t.Helper()
	if got, _ := c.receive(); !strings.HasPrefix(got, want) {
		c.t.Fatalf("got frame %q, want %q...", got, want)
	}
}

func (c *frames) expectClosed() {
	c.t.Helper()
	if got, ok := c.receive(); ok {
		c.t.Fatalf("got frame %q, want the end of the connection", got)
	}
}

// answer is what an HTTP request brought.
type answer struct {
	status int
	body   string
}

func request(t *testing.T, method, url, body string) answer {
	t.Helper()
	a, err := try(context.Background(), method, url, body)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return a
}

func try(ctx context.Context, method, url, body string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(b)}, err
}

// session opens a polling session and returns its address.
func session(t *testing.T, url string) (address, sid string) {
	t.Helper()
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	address = url + "/socket.io/?EIO=4&transport=polling"
	a := request(t, http.MethodGet, address, "")
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(a.body, "0")), &hello); err != nil || hello.SID == "" {
		t.Fatalf("handshake answered %+v", a)
	}
	return address + "&sid=" + hello.SID, hello.SID
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came true: %s", what)
		}
	}
}
