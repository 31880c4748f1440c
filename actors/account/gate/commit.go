package gate

import (
	"maps"
	"slices"
)

// While the irreversible step of a reply is under way, a request must not reach the site twice. Chromium by itself
// sends a request again, over another connection, when the one that carried it ends without an answer; the page never learns
// of it. So, from BeginCommit to EndCommit, once a connection that carried bytes up since BeginCommit is ended by
// the site, the host's other connections are reset and new ones are refused.

// BeginCommit starts a commit and forgets what the one before it broke. There is one at a time.
func (g *Gate) BeginCommit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn.Add(1)
	g.committing = true
	clear(g.broken)
}

// EndCommit lets new connections through again.
func (g *Gate) EndCommit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.committing = false
}

// Broken lists the hosts, in order, whose connection broke in the newest commit after it had carried bytes up: cut by the
// site, or by this gate's own shutting. What was sent there may or may not have arrived. It stays until the next BeginCommit.
func (g *Gate) Broken() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.broken))
}

// siteBroke notes that the site ended a connection before the browser did.
func (g *Gate) siteBroke(l *link) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.dead || l.left.Load() || !g.noteBroken(l) {
		return
	}
	for other := range g.links {
		if other != l && other.host == l.host {
			other.reset()
			delete(g.links, other)
		}
	}
}

// noteBroken remembers the host of a link that takes part in the commit under way. Needs mu.
func (g *Gate) noteBroken(l *link) bool {
	if !g.committing || l.upstream == nil || l.turn.Load() != g.turn.Load() {
		return false
	}
	g.broken[l.host] = struct{}{}
	return true
}

// resends says whether a new connection to host could carry a commit's request a second time. Needs mu.
func (g *Gate) resends(host string) bool {
	_, broke := g.broken[host]
	return g.committing && broke
}
