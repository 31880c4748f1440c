package browser

import (
	"context"
	"errors"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

// A page that let a command pass its deadline is asked twice; both times it has this long. Twice, because after a
// stop of the whole machine deadlines pass although the page is well.
const (
	hungLimit   = 5 * time.Second
	hungTries   = 2
	workerEvery = 30 * time.Second // between two questions to a worker
	endLimit    = 2 * time.Second  // for Chromium to take the order
)

// judge finds out, beside what else goes on, whether a page or frame that let a command pass its deadline still
// answers at all. One that does not (an endless loop, a loop of dialogs) is ended: it would take a core for ever.
func (t *target) judge() {
	if !t.judging.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer t.judging.Store(false)
		if t.answers() {
			return
		}
		t.all.i.refused.hung.Add(1)
		t.all.i.cfg.Log.Warn("page hangs, ended", "target", string(t.kind), "tab", t.tabName())
		t.end()
	}()
}

// answers says whether the target's main thread does the least of tasks in time, at the second question at the latest. One
// that is gone counts as well.
func (t *target) answers() bool {
	for range hungTries {
		ctx, cancel := context.WithTimeout(t.ctx, t.all.patience)
		_, err := t.once(ctx, "Runtime.evaluate", map[string]any{"expression": "1"})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			return true
		}
	}
	return false
}

// end kills the renderer, which also helps when it is in an endless loop, and gives up the target.
func (t *target) end() {
	ctx, cancel := context.WithTimeout(t.ctx, endLimit)
	defer cancel()
	proto.PageCrash{}.Call(t.in(ctx)) // answered by its end, if at all
	t.lose("it hung")
}

// watchWorker asks a worker now and then whether it answers; the page that has it would not notice. What such a worker
// does is cut, again and again if need be. It ends with the worker.
func (t *target) watchWorker() {
	ticker := time.NewTicker(t.all.workerEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-t.ctx.Done():
			return
		}
		if t.answers() {
			continue
		}
		t.all.i.refused.hung.Add(1)
		t.all.i.cfg.Log.Warn("worker hangs, cut", "target", string(t.kind))
		ctx, cancel := context.WithTimeout(t.ctx, endLimit)
		t.call(ctx, "Runtime.terminateExecution", nil, nil)
		cancel()
	}
}
