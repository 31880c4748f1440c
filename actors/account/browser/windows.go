package browser

import (
	"context"
	"errors"
	"time"

	"github.com/go-rod/rod/lib/proto"
)

const (
	setupLimit = 5 * time.Second  // to make a new target ready; it waits meanwhile
	leaveLimit = 2 * time.Second  // for a page to close by itself
	popupLife  = 10 * time.Minute // of a window that a page opened by itself
	maxOpeners = 8                // openers of openers
	maxPopups  = 4                // windows that pages opened by themselves; the oldest is closed
)

// openAnchor opens the page that stays until the end: when the last window of a profile closes, Chromium deletes
// its session cookies, and a login with them.
func (ts *targets) openAnchor(ctx context.Context) error {
	anchor, err := ts.open(ctx, "")
	if err != nil {
		return err
	}
	ts.anchor.Store(anchor)
	return nil
}

// open makes a page (about:blank) in a window of its own, so that it is never in the background, and returns it
// when it is set up.
func (ts *targets) open(ctx context.Context, name string) (*target, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	made, err := proto.TargetCreateTarget{URL: "about:blank", NewWindow: true}.Call(ts.i.browser.in(ctx))
	if err != nil {
		return nil, err
	}
	t, err := ts.await(ctx, made.TargetID)
	if err != nil {
		return nil, err
	}
	t.name.Store(&name)
	select {
	case <-t.ready:
		return t, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-t.ctx.Done():
		return nil, context.Cause(t.ctx)
	}
}

// ours says whether a page is neither a kept tab nor a window of one: what it shows does not come from the network.
func (t *target) ours() bool {
	for range maxOpeners {
		if name := t.name.Load(); name != nil {
			return *name == ""
		}
		if t = t.all.find(t.opener); t == nil {
			return false
		}
	}
	return false
}

// await waits until the target is attached.
func (ts *targets) await(ctx context.Context, id proto.TargetTargetID) (*target, error) {
	for {
		ts.mu.Lock()
		t, attached := ts.byID[id], ts.attached
		ts.mu.Unlock()
		if t != nil {
			return t, nil
		}
		select {
		case <-attached:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-ts.i.browser.ctx.Done():
			return nil, context.Cause(ts.i.browser.ctx)
		}
	}
}

// close closes a page; one that is not there is no error.
func (ts *targets) close(ctx context.Context, id proto.TargetTargetID) error {
	t := ts.find(id)
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, setupLimit)
	defer cancel()
	if _, err := (proto.TargetCloseTarget{TargetID: id}).Call(ts.i.browser.in(ctx)); err != nil {
		return err
	}
	select {
	case <-t.ctx.Done():
		return nil
	case <-time.After(leaveLimit): // it hangs, and would take a core for ever
		t.end()
		proto.TargetCloseTarget{TargetID: id}.Call(ts.i.browser.in(ctx))
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("the page does not close"), context.Cause(ctx))
	}
}

// popup notes a page that nobody here asked for, and returns one that is to be closed for it, or "".
func (ts *targets) popup(id proto.TargetTargetID) (surplus proto.TargetTargetID) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.popups = append(ts.popups, id)
	if len(ts.popups) > maxPopups {
		surplus, ts.popups = ts.popups[0], ts.popups[1:]
	}
	return surplus
}

// noticePopup bounds the windows that pages open by themselves: in number, and in time. A login may need one for a while.
func (i *Instance) noticePopup(t *target) {
	if surplus := i.targets.popup(t.id); surplus != "" {
		i.refused.popups.Add(1)
		proto.TargetCloseTarget{TargetID: surplus}.Call(i.browser.in(i.browser.ctx))
	}
	select {
	case <-time.After(i.targets.popupLife):
		i.refused.popups.Add(1)
		proto.TargetCloseTarget{TargetID: t.id}.Call(i.browser.in(t.ctx))
	case <-t.ctx.Done():
	}
}
