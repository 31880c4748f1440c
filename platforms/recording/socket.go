package recording

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a frame waits for what the page sent before it in the recording: heartbeats take their own time.
const patience = 2 * time.Second

// conversation is what one socket heard and said, in its order.
type conversation struct {
	place  string // host and path
	tab    string
	frames []*Entry
	taken  bool
	left   int // frames to the page that were not sent yet
}

// sockets replays the WebSockets of a recording: the first connection to an address is the first tab's that had one, and so on.
type sockets struct {
	life context.Context
	end  context.CancelFunc

	mu     sync.Mutex
	all    []*conversation
	closed bool
	conns  sync.WaitGroup
}

func newSockets(rec *Recording) *sockets {
	s := &sockets{}
	s.life, s.end = context.WithCancel(context.Background())
	for i := range rec.Entries {
		e := &rec.Entries[i]
		if e.Kind != Frame && e.Kind != Sent {
			continue
		}
		place := hostAndPath(e.URL)
		at := slices.IndexFunc(s.all, func(c *conversation) bool { return c.place == place && c.tab == e.Tab })
		if at < 0 {
			at = len(s.all)
			s.all = append(s.all, &conversation{place: place, tab: e.Tab})
		}
		s.all[at].frames = append(s.all[at].frames, e)
		if e.Kind == Frame {
			s.all[at].left++
		}
	}
	return s
}

// take returns the next conversation at a place that nobody has; nil if there is none.
func (s *sockets) take(place string) *conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.all {
		if c.place == place && !c.taken {
			c.taken = true
			return c
		}
	}
	return nil
}

// said says whether every conversation that was taken is at its end.
func (s *sockets) said() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.all, func(c *conversation) bool { return c.taken && c.left > 0 })
}

// open counts a connection in, unless the server is closing.
func (s *sockets) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.conns.Add(1)
	}
	return !s.closed
}

func (s *sockets) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.conns.Wait()
}

// serve holds one socket until the page or the server ends it. One that says nothing in the recording is held all the same.
func (s *sockets) serve(w http.ResponseWriter, r *http.Request) {
	if !s.open() {
		return
	}
	defer s.conns.Done()
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: r.Header.Values("Sec-WebSocket-Protocol")})
	if err != nil {
		return
	}
	ws.SetReadLimit(fileMost)
	defer func() { _ = ws.CloseNow() }() // it may be closed already
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	heard := make(chan struct{}, 1024)
	s.conns.Go(func() {
		defer cancel()
		for {
			if _, _, err := ws.Read(ctx); err != nil {
				return
			}
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	})
	if c := s.take(hostAndPath("wss://" + r.Host + r.URL.Path)); c != nil {
		s.say(ctx, ws, c, heard)
	}
	<-ctx.Done()
}

// say sends the frames, each after what the page sent before it.
func (s *sockets) say(ctx context.Context, ws *websocket.Conn, c *conversation, heard <-chan struct{}) {
	for _, e := range c.frames {
		if e.Kind == Sent {
			select {
			case <-heard:
			case <-time.After(patience):
			case <-ctx.Done():
				return
			}
			continue
		}
		kind := websocket.MessageBinary
		if e.Text {
			kind = websocket.MessageText
		}
		if e.Body != nil && ws.Write(ctx, kind, e.Body) != nil {
			return
		}
		s.mu.Lock()
		c.left--
		s.mu.Unlock()
	}
}
