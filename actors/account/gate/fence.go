package gate

import "time"

// Open says whether bytes may pass now.
//
// It looks at two clocks. The boot clock counts suspends, but reading it is a system call, and a process is most often stopped at the
// return from one: the answer would be old when it is used. So the runtime's clock, which is read without the kernel, is looked at last.
func (g *Gate) Open() bool {
	return g.o.Clock() < time.Duration(g.until.Load()) && time.Since(g.born) < time.Duration(g.brief.Load())
}

// Extend opens the gate until that instant of the boot clock, or prolongs it. It never shortens, and an instant
// that has passed opens nothing.
func (g *Gate) Extend(until time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cutIfLapsed() // connections that outlived their lease must not live on under the new one
	if g.closed || until <= time.Duration(g.until.Load()) || until <= g.o.Clock() {
		return
	}
	if g.mark != 0 {
		if err := g.o.Fence.lend(g.mark, until, g.o.Clock); err != nil {
			g.log.Error("gate cannot be opened in the kernel", "err", err)
			if g.granted {
				g.cut("no kernel fence")
			}
			return
		}
	}
	g.brief.Store(int64(time.Since(g.born) + until - g.o.Clock()))
	g.until.Store(int64(until))
	if !g.granted {
		g.granted = true
		g.news = append(g.news, true)
		g.log.Info("gate opened")
	}
	g.wake()
}

// Shut shuts the gate: when it returns, every connection was reset and no byte passes any more.
func (g *Gate) Shut(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.granted {
		g.cut(reason)
	}
}

// cut shuts and resets. A reset, unlike a close, makes the kernel drop what it holds; and a close returns only
// when no write call is under way on that socket. Needs mu.
func (g *Gate) cut(reason string) {
	g.until.Store(0)
	g.granted = false
	g.count.cuts.Add(1)
	g.news = append(g.news, false)
	g.resetAll()
	if g.mark != 0 {
		if err := g.o.Fence.revoke(g.mark); err != nil { // it ends by itself with the lease
			g.log.Error("gate cannot be shut in the kernel", "err", err)
		}
	}
	g.wake()
	g.log.Info("gate shut", "reason", reason)
}

func (g *Gate) cutIfLapsed() {
	if g.granted && !g.Open() {
		g.cut("lease lapsed")
	}
}

func (g *Gate) resetAll() {
	for l := range g.links {
		g.noteBroken(l)
		l.reset()
	}
	clear(g.links)
}

func (g *Gate) wake() {
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

// watch resets idle connections when the lease ends (busy ones find out by themselves) and reports changes.
func (g *Gate) watch() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		news, next := g.look()
		for _, open := range news {
			if g.o.Changed != nil {
				g.o.Changed(open)
			}
		}
		timer.Reset(next)
		select {
		case <-g.done:
			if news, _ := g.look(); len(news) > 0 && g.o.Changed != nil {
				g.o.Changed(false)
			}
			return
		case <-g.kick:
		case <-timer.C:
		}
	}
}

// The watcher sleeps until the lease's end by the boot clock, but wakes at times to see what a suspend made of it.
const (
	shortestWatch = 5 * time.Millisecond
	longestWatch  = time.Minute
)

func (g *Gate) look() (news []bool, next time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cutIfLapsed()
	next = longestWatch
	if g.granted {
		next = min(longestWatch, max(shortestWatch, time.Duration(g.until.Load())-g.o.Clock()))
	}
	news, g.news = g.news, nil
	return news, next
}
