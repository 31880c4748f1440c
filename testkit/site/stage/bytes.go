package stage

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// Bytes is what arrived from one source address for one session, counted at the sockets (TLS records included).
type Bytes struct {
	Owner   string    `json:"owner"`   // "" before a login
	Session string    `json:"session"` // likewise
	Source  string    `json:"source"`
	Total   int64     `json:"total"`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
}

// Arrival is one piece of what arrived; pieces within 5 ms of one connection are one.
type Arrival struct {
	At      time.Time `json:"at"` // of the last byte in it
	N       int64     `json:"n"`
	Owner   string    `json:"owner"`
	Session string    `json:"session"`
	Source  string    `json:"source"`
}

const (
	keptArrivals = 1 << 16
	sameArrival  = 5 * time.Millisecond
)

// byteCount counts what all connections receive. A connection belongs to the session of its first request
// that had one, from its first byte on.
type byteCount struct {
	mu       sync.Mutex
	conns    []*connCount
	arrivals []arrival
}

type connCount struct {
	Bytes
	openedAt time.Time
	endedAt  time.Time // zero while it is open
}

type arrival struct {
	conn *connCount
	at   time.Time
	n    int64
}

func (b *byteCount) open(source string) *connCount {
	c := &connCount{Bytes: Bytes{Source: source}, openedAt: time.Now()}
	b.mu.Lock()
	b.conns = append(b.conns, c)
	b.mu.Unlock()
	return c
}

func (b *byteCount) received(c *connCount, n int) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := c.Total == 0 || now.Sub(c.LastAt) > sameArrival
	if c.Total == 0 {
		c.FirstAt = now
	}
	c.Total += int64(n)
	c.LastAt = now
	if last := len(b.arrivals) - 1; !fresh && last >= 0 && b.arrivals[last].conn == c {
		b.arrivals[last].at = now
		b.arrivals[last].n += int64(n)
		return
	}
	if len(b.arrivals) == keptArrivals {
		b.arrivals = slices.Delete(b.arrivals, 0, keptArrivals/4)
	}
	b.arrivals = append(b.arrivals, arrival{c, now, int64(n)})
}

// belongs says whose connection it is.
func (b *byteCount) belongs(c *connCount, session, owner string) {
	b.mu.Lock()
	if c.Session == "" {
		c.Session, c.Owner = session, owner
	}
	b.mu.Unlock()
}

// Belongs says whose visit it is, from the first byte of its connection on.
func (v *Visit) Belongs(one *Session) {
	v.Session, v.Entry.Session, v.Entry.Owner = one, one.Name, one.Owner
	v.stage.bytes.belongs(v.conn.stat, one.Name, one.Owner)
}

// BytesReceived sums up what arrived by owner, session and source address, sorted by these.
func (s *Stage) BytesReceived() []Bytes {
	b := &s.bytes
	b.mu.Lock()
	defer b.mu.Unlock()
	sums := []Bytes{}
	for _, c := range b.conns {
		if c.Total == 0 {
			continue
		}
		i := slices.IndexFunc(sums, func(o Bytes) bool { return o.Session == c.Session && o.Source == c.Source })
		if i < 0 {
			sums = append(sums, c.Bytes)
			continue
		}
		sum := &sums[i]
		sum.Total += c.Total
		if c.FirstAt.Before(sum.FirstAt) {
			sum.FirstAt = c.FirstAt
		}
		if c.LastAt.After(sum.LastAt) {
			sum.LastAt = c.LastAt
		}
	}
	slices.SortFunc(sums, func(a, b Bytes) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Session, b.Session), cmp.Compare(a.Source, b.Source))
	})
	return sums
}

// Arrivals lists what arrived after a time, oldest first; owner "" = from everybody. The newest 49,000 pieces at
// least are kept.
func (s *Stage) Arrivals(ownerID string, after time.Time) []Arrival {
	b := &s.bytes
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []Arrival{}
	for _, a := range b.arrivals {
		if a.at.After(after) && (ownerID == "" || a.conn.Owner == ownerID) {
			list = append(list, Arrival{At: a.at, N: a.n, Owner: a.conn.Owner, Session: a.conn.Session, Source: a.conn.Source})
		}
	}
	return list
}

// countingListener counts what its connections receive.
type countingListener struct {
	net.Listener
	count *byteCount
}

func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countedConn{c.(*net.TCPConn), l.count.open(hostOf(c.RemoteAddr().String())), l.count}, nil
}

type countedConn struct {
	*net.TCPConn
	stat  *connCount
	count *byteCount
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		c.count.received(c.stat, n)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.count.ended(c.stat)
	}
	return n, err
}

func (c *countedConn) Close() error {
	c.count.ended(c.stat)
	return c.TCPConn.Close()
}

// reset ends the connection by RST instead of an answer.
func (c *countedConn) reset() {
	_ = c.SetLinger(0) // a connection that is gone already needs no reset
	_ = c.Close()
}

type connKey struct{}

// withConn lets handlers find their counted connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		if counted, ok := t.NetConn().(*countedConn); ok {
			return context.WithValue(ctx, connKey{}, counted)
		}
	}
	return ctx
}

func connOf(r *http.Request) *countedConn {
	c, _ := r.Context().Value(connKey{}).(*countedConn)
	return c
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}
