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
	hungLimit = 5 * time.Second
	hungTries = 2
)

// judge finds out, beside what else goes on, whether a page or frame that let a command pass its deadline still
// answers at all. One that does not (an endless loop, a loop of dialogs) is ended: it would take a core for ever.
func (t *target) judge() {
	if !t.judging.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer t.judging.Store(false)
		for range hungTries {
			if t.answers() {
				return
			}
		}
		t.all.i.refused.hung.Add(1)
		t.all.i.cfg.Log.Warn("page hangs, ended", "target", string(t.kind), "tab", t.tabName())
		t.end()
	}()
}

// answers says whether the page's main thread does the least of tasks within hungLimit. One that is gone counts as well.
func (t *target) answers() bool {
	ctx, cancel := context.WithTimeout(t.ctx, hungLimit)
	defer cancel()
	_, err := t.once(ctx, "Runtime.evaluate", map[string]any{"expression": "1"})
	return !errors.Is(err, context.DeadlineExceeded)
}

// end kills the renderer, which also helps when it is in an endless loop, and gives up the target.
func (t *target) end() {
	ctx, cancel := context.WithTimeout(t.ctx, hungLimit)
	defer cancel()
	proto.PageCrash{}.Call(t.in(ctx)) // answered by its end, if at all
	t.lose("it hung")
}
