package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// The times of a step.
const (
	awaitTime = 15 * time.Second       // for an answer, unless the definition says otherwise
	findTime  = 6 * time.Second        // for an element or an assertion
	openTime  = 30 * time.Second       // for a navigation
	pollTime  = 100 * time.Millisecond // between two looks at the page
	sliceTime = 2 * time.Second        // of waiting for an answer, between two looks for signs of trouble

	troubleLooks = 10 // for an element, between two looks for signs of trouble
)

// What a step may find out; KindOf knows their kinds by way of flow.fail.
var (
	errMissing   = errors.New("is not on the page")
	errGone      = errors.New("is not there any more")
	errRecipient = errors.New("the page shows another one than expected")
	errTyped     = errors.New("the page does not show what was typed")
	errTicket    = errors.New("the commit was not allowed")
)

// flow is one run of a definition's flow in one tab.
type flow struct {
	client  *client
	name    string // collect.desk
	tabName string
	tab     page.Tab
	fresh   bool              // open always loads the page
	names   map[string]string // what {{names}} mean
	signs   []kindSign        // of trouble
	enough  func(*answer) bool
	commit  func(context.Context) error

	start  uint64    // traffic before the first step
	mark   uint64    // traffic before the last act
	acted  time.Time // the last act's time: an answer's body may take its time to be recorded
	loaded bool      // open has just loaded the page
	row    *row
	last   map[string]*answer // the newest answer per listen
	read   []*answer          // all answers that were awaited
	short  bool               // a list was longer than its bound
	steps  []platforms.StepLog

	committed bool // the irreversible step may have happened
	outcome   platforms.Outcome
	typedInto *definition.Type
	pictures  map[string][]byte // by the name of their step
}

// row is the located row, found again by its key before each use.
type row struct {
	selectors []string
	within    *row
}

// newFlow prepares a run in the kept tab of that name. The flow is never nil.
func (c *client) newFlow(ctx context.Context, name, tabName string) (*flow, error) {
	seq := c.Browser.Traffic().Seq()
	f := &flow{
		client: c, name: name, tabName: tabName, start: seq, mark: seq,
		signs: c.signs(), names: map[string]string{"owner": c.inbox.ownerID()}, last: make(map[string]*answer),
	}
	var err error
	if f.tab, err = c.Browser.Tab(ctx, tabName); err != nil {
		return f, failed(name+"/tab "+tabName, err)
	}
	return f, nil
}

// run makes the steps one after the other and stops at the first that fails.
func (f *flow) run(ctx context.Context, steps definition.Flow) error {
	defer f.client.inbox.begin()()
	for _, s := range steps {
		began := f.client.Clock()
		matched, err := f.step(ctx, s)
		log := platforms.StepLog{Step: f.name + "/" + s.String(), Matched: matched, Took: f.client.Clock().Sub(began)}
		if err != nil {
			err = f.fail(ctx, log.Step, err)
			log.Err = err.Error()
		}
		f.steps = append(f.steps, log)
		f.client.Log.Debug("step made", "step", log.Step, "matched", log.Matched, "dur", log.Took, "ok", err == nil)
		if err != nil {
			f.client.dirty[f.tabName] = true
			f.keepEvidence(ctx, err)
			return err
		}
	}
	return nil
}

// step makes one step; matched says which alternative was met, where there were some.
func (f *flow) step(ctx context.Context, s definition.Step) (matched string, err error) {
	switch {
	case s.Open != nil:
		return "", f.open(ctx, s.Open)
	case s.Refresh != nil:
		return f.refresh(ctx, s.Refresh)
	case s.Await != nil:
		return f.await(ctx, s.Await)
	case s.Locate != nil:
		return "", f.locate(ctx, s.Locate)
	case s.Expand != nil:
		return f.expand(ctx, s.Expand)
	case s.Paginate != nil:
		return f.paginate(ctx, s.Paginate)
	case s.Hover != nil:
		return f.onElement(ctx, *s.Hover, page.Element.Hover)
	case s.Click != nil:
		return f.onElement(ctx, *s.Click, page.Element.Click)
	case s.Clear != nil:
		return f.clear(ctx, *s.Clear)
	case s.Type != nil:
		return f.enter(ctx, s.Type)
	case s.Press != "":
		f.acting()
		return "", f.tab.Press(ctx, s.Press)
	case s.Scroll != nil:
		return f.scroll(ctx, s.Scroll)
	case s.Assert != nil:
		return "", f.assert(ctx, s.Assert)
	case s.Screenshot != "":
		return "", f.photograph(ctx, s.Screenshot)
	case s.Commit != nil:
		return "", f.doCommit(ctx, s.Commit)
	case s.Confirm != nil:
		return f.confirm(ctx, s.Confirm)
	}
	return "", f.client.pause(ctx, s.Pause)
}

// final are the kinds that no sign on the page explains better.
var final = []platforms.Kind{
	platforms.BrowserGone, platforms.GateShut, platforms.Network, platforms.Challenge, platforms.LoggedOut, platforms.RateLimited,
	platforms.TargetGone, platforms.Refused, platforms.LoginRefused,
}

// fail gives an error its step and its kind. A sign of trouble on the page explains any failure better
// than the step that met it.
func (f *flow) fail(ctx context.Context, step string, err error) error {
	kind := platforms.KindOf(err)
	if e, ok := errors.AsType[*platforms.Error](err); ok && e.Err != nil {
		if err = e.Err; e.Op != "" {
			step += " (" + e.Op + ")"
		}
	}
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return &platforms.Error{Op: step, Kind: platforms.Cancelled, Err: err}
	case slices.Contains(final, kind), errors.Is(err, errTicket):
		return &platforms.Error{Op: step, Kind: kind, Err: err}
	}
	if t := f.trouble(ctx); t != nil {
		return &platforms.Error{Op: step, Kind: t.Kind, Err: fmt.Errorf("%w: %w", t.Err, err)}
	}
	switch {
	case errors.Is(err, errGone):
		kind = platforms.TargetGone
	case errors.Is(err, errRecipient):
		kind = platforms.Refused
	case errors.Is(err, errMissing), errors.Is(err, page.ErrMoved):
		kind = platforms.PageChanged
	}
	return &platforms.Error{Op: step, Kind: kind, Err: err}
}

func (f *flow) keepEvidence(ctx context.Context, err error) {
	if f.client.Evidence == nil {
		return
	}
	e := Evidence{Flow: f.name, Steps: f.steps, Kind: platforms.KindOf(err), Pictures: f.pictures, At: f.client.Clock()}
	if e.Kind != platforms.BrowserGone && e.Kind != platforms.Cancelled {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		// A page in trouble may not even be described; what cannot be had stays empty.
		e.URL, _ = f.tab.URL(ctx)
		e.Title, _ = f.tab.Title(ctx)
		e.Screenshot, _ = f.tab.Screenshot(ctx)
	}
	f.client.Evidence(e)
}

func (f *flow) photograph(ctx context.Context, name string) error {
	png, err := f.tab.Screenshot(ctx)
	if err != nil {
		return err
	}
	if f.pictures == nil {
		f.pictures = make(map[string][]byte)
	}
	f.pictures[name] = png
	return nil
}

// acting notes the traffic before an act, so that what it brings can be awaited.
func (f *flow) acting() {
	f.mark, f.acted = f.client.Browser.Traffic().Seq(), f.client.Clock()
	f.loaded = false
}

// text replaces the names in a text.
func (f *flow) text(t definition.Text) string {
	return t.Expand(func(name string) string {
		if p, ok := strings.CutPrefix(name, "pages."); ok {
			return f.client.Definition.Pages[p]
		}
		return f.names[name]
	})
}

// items are all items of the answers that this flow awaited.
func (f *flow) items() []*messages.Item {
	var all []*messages.Item
	for _, a := range f.read {
		all = append(all, a.items...)
	}
	return all
}

// lists are the listens that this flow awaited, sorted.
func (f *flow) lists() []string { return slices.Sorted(maps.Keys(f.last)) }

// pause waits a random time within a span, or until ctx ends.
func (c *client) pause(ctx context.Context, s definition.Span) error {
	return wait(ctx, s.Draw(c.Rand))
}

// wait returns after d, or with ctx's error when that ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
