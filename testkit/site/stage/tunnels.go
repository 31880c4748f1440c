package stage

import "time"

// Tunnel is one connection to the site, as the site's end of it saw it. When the other end goes without a word, as in a cut, the site
// takes the connection for open.
type Tunnel struct {
	Owner    string // of its first request that had a session; "" when none had
	Session  string // likewise
	Source   string // address without port
	OpenedAt time.Time
	FirstAt  time.Time // of the first byte that arrived; zero when none did
	LastAt   time.Time // of the last one so far
	EndedAt  time.Time // closed or reset, by either end; zero while it is open
	Total    int64     // bytes that arrived, TLS included
}

// ended notes the end of a connection, once.
func (b *byteCount) ended(c *connCount) {
	b.mu.Lock()
	if c.endedAt.IsZero() {
		c.endedAt = time.Now()
	}
	b.mu.Unlock()
}

// Tunnels lists all connections since the start, in the order of their opening.
func (s *Stage) Tunnels() []Tunnel {
	b := &s.bytes
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Tunnel, 0, len(b.conns))
	for _, c := range b.conns {
		list = append(list, Tunnel{
			Owner: c.Owner, Session: c.Session, Source: c.Source, OpenedAt: c.openedAt, FirstAt: c.FirstAt, LastAt: c.LastAt,
			EndedAt: c.endedAt, Total: c.Total,
		})
	}
	return list
}
