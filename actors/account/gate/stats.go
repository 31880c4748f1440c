package gate

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Class says why a connection was refused.
type Class string

// The classes of refusal.
const (
	NoLease        Class = "no_lease"           // the gate was shut, or shut meanwhile
	Stranger       Class = "stranger"           // not the account's browser
	BadRequest     Class = "bad_request"        // not a request to a proxy
	HostNotAllowed Class = "host_not_allowed"   // in neither list
	BrowserService Class = "browser_service"    // Chromium's own business
	AddressLiteral Class = "address_literal"    // an address instead of a name
	PrivateTarget  Class = "private_target"     // the name leads to a loopback or private address
	PortNotAllowed Class = "port_not_allowed"   // neither 80 nor 443
	Unreachable    Class = "target_unreachable" // the dial failed, or the proxy says that it cannot
	Resend         Class = "resend"             // could repeat what a commit under way sent; see BeginCommit
)

// OK is the class of a check that went well.
const OK Class = "ok"

// The classes of a proxy that fails by itself, whatever the site.
const (
	UpstreamUnreachable Class = "upstream_unreachable" // nothing listens there, or its name is not known
	UpstreamAuth        Class = "upstream_auth"        // it refuses the user name or password
	UpstreamProtocol    Class = "upstream_protocol"    // it is not a proxy of that kind
	UpstreamTimeout     Class = "upstream_timeout"     // it does not answer in time
)

// OfUpstream says whether the proxy is to blame.
func (c Class) OfUpstream() bool {
	return c == UpstreamUnreachable || c == UpstreamAuth || c == UpstreamProtocol || c == UpstreamTimeout
}

// Refusal is one connection that was not made.
type Refusal struct {
	At     time.Time
	Host   string // "" when it was not known yet
	Class  Class
	Reason string // for people; "" when the class says all. Holds no secret
}

// Stats is what a gate counted since Listen.
type Stats struct {
	Open     bool
	Until    time.Duration // instant of the boot clock at which it shuts; 0 = shut
	Up, Down int64         // bytes written to sites (or the proxy) and to the browser
	Tunnels  int64         // open now
	Dials    int64
	Cuts     int64 // times it was shut, by a call or by the lease's end
	Refused  map[Class]int64
	Unlisted map[string]int64 // connections to hosts in neither list; at most 256 names
}

// The sizes of what is remembered by name.
const (
	refusalsKept = 64
	unlistedKept = 256
)

// Stats returns a copy of the counters.
func (g *Gate) Stats() Stats {
	s := Stats{
		Open: g.Open(), Until: time.Duration(g.until.Load()), Up: g.count.up.Load(), Down: g.count.down.Load(),
		Tunnels: g.count.tunnels.Load(), Dials: g.count.dials.Load(), Cuts: g.count.cuts.Load(),
	}
	g.count.mu.Lock()
	defer g.count.mu.Unlock()
	s.Refused, s.Unlisted = maps.Clone(g.count.refused), maps.Clone(g.count.names)
	return s
}

// Refusals returns the last refusals, oldest first. Chromium only says "tunnel failed"; here is why.
func (g *Gate) Refusals() []Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusals.list()
}

// LastRefusal returns the newest refusal of a host since an instant; ok is false when there is none.
func (g *Gate) LastRefusal(host string, since time.Time) (r Refusal, ok bool) {
	for _, r := range slices.Backward(g.Refusals()) {
		if r.Host == host && !r.At.Before(since) {
			return r, true
		}
	}
	return Refusal{}, false
}

func (g *Gate) refuse(r Refusal) {
	r.At = time.Now()
	g.count.refuse(r.Class)
	g.mu.Lock()
	g.refusals.add(r)
	tell := g.o.UpstreamFailed != nil && r.Class.OfUpstream() && g.trouble.worthTelling(r)
	g.mu.Unlock()
	g.log.Debug("gate refused", "host", r.Host, "kind", string(r.Class), "reason", r.Reason)
	if tell {
		g.o.UpstreamFailed(r.Class)
	}
}

// trouble is the last failure of the proxy that was told.
type trouble struct {
	class Class
	at    time.Time
}

// tellAgain is how long the same trouble is not told again.
const tellAgain = time.Second

func (t *trouble) worthTelling(r Refusal) bool {
	if r.Class == t.class && r.At.Sub(t.at) < tellAgain {
		return false
	}
	*t = trouble{r.Class, r.At}
	return true
}

type counters struct {
	up, down, tunnels, dials, cuts atomic.Int64

	mu      sync.Mutex
	refused map[Class]int64
	names   map[string]int64
}

func (c *counters) refuse(class Class) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = map[Class]int64{}
	}
	c.refused[class]++
}

func (c *counters) unlisted(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names == nil {
		c.names = map[string]int64{}
	}
	if _, known := c.names[host]; known || len(c.names) < unlistedKept {
		c.names[host]++
	}
}

// ring keeps the newest refusals.
type ring struct {
	kept [refusalsKept]Refusal
	n    int // ever added
}

func (r *ring) add(x Refusal) {
	r.kept[r.n%refusalsKept] = x
	r.n++
}

func (r *ring) list() []Refusal {
	if r.n <= refusalsKept {
		return append([]Refusal(nil), r.kept[:r.n]...)
	}
	at := r.n % refusalsKept
	return append(append([]Refusal(nil), r.kept[at:]...), r.kept[:at]...)
}
