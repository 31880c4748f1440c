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
	awaitTime    = 15 * time.Second       // for an answer, unless the definition says otherwise
	findTime     = 6 * time.Second        // for an element or an assertion
	openTime     = 30 * time.Second       // for a navigation
	functionTime = 5 * time.Second        // for a page function
	pollTime     = 100 * time.Millisecond // between two looks at the page
	sliceTime    = 2 * time.Second        // of waiting for an answer, between two looks for signs of trouble

	troubleLooks = 10 // for an element, between two looks for signs of trouble
	movedTries   = 3  // of an act whose element moves, between the same
)

// What a step may find out; KindOf knows their kinds by way of flow.fail.
var (
	errMissing   = errors.New("is not on the page")
	errGone      = errors.New("is not there any more")
	errFar       = errors.New("is not in the part of the list that was read")
	errPresent   = errors.New("is there although it must not be")
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
	doc     page.Document     // the tab, or the frame that steps happen in
	frame   string            // a name of find; "" for the tab itself
	fresh   bool              // open always loads the page
	patient bool              // it waits for the floor on navigations
	names   map[string]string // what {{names}} mean
	signs   []kindSign        // of trouble
	enough  func(*answer) bool
	person  *login // who is asked; nil outside of a login
	commit  func(context.Context) error
	confirm *definition.Confirm // of a reply
	proof   *definition.Assert  // the last one that showed who is answered

	start     uint64    // traffic before the first step
	mark      uint64    // traffic before the last act
	acted     time.Time // the last act's time: an answer's body may take its time to be recorded
	loaded    bool      // open has just loaded the page
	navigated bool      // some page was loaded in this flow
	row       *row
	last      map[string]*answer // the newest answer per listen
	read      []*answer          // all answers that were awaited
	short     bool               // a list was longer than its bound
	left      bool               // rows of an each are left for the next round
	steps     []platforms.StepLog

	before    before // what the page showed before the commit
	committed bool   // the irreversible step may have happened
	outcome   platforms.Outcome
	typedInto *definition.Type
	pictures  map[string][]byte // by the name of their step
}

// newFlow prepares a run in the kept tab of that name. The flow is never nil.
func (c *client) newFlow(ctx context.Context, name, tabName string) (*flow, error) {
	seq := c.Browser.Traffic().Seq()
	f := &flow{
		client: c, name: name, tabName: tabName, start: seq, mark: seq,
		signs: c.signs(), names: map[string]string{ownerName: c.inbox.ownerID()}, last: make(map[string]*answer),
	}
	var err error
	if f.tab, err = c.Browser.Tab(ctx, tabName); err != nil {
		return f, failed(name+"/tab "+tabName, err)
	}
	f.doc = f.tab
	return f, nil
}

// ownerName is what {{names}} call the account's own platform id.
const ownerName = "owner"

// owner is the account's own platform id. A flow that reads it, because it was not known, knows it from then on.
func (f *flow) owner() string { return f.names[ownerName] }

// run makes the steps one after the other and stops at the first that fails for good.
func (f *flow) run(ctx context.Context, steps definition.Flow) error {
	defer f.client.inbox.begin()()
	err := f.walk(ctx, steps)
	if err != nil {
		f.client.dirty[f.tabName] = true
		f.keepEvidence(ctx, err)
		f.client.note(err)
	}
	return err
}

// walk is run without what belongs to the end of a whole flow.
func (f *flow) walk(ctx context.Context, steps definition.Flow) error {
	failures := make([]int, len(steps))
	for i := 0; i < len(steps); i++ {
		err := f.one(ctx, steps[i])
		if err == nil {
			continue
		}
		failures[i]++
		from, ok := f.again(steps, i, err)
		if !ok || failures[i] == tries || f.delay(ctx, failures[i]) != nil {
			return err
		}
		f.client.Log.Debug("step is tried again", "step", platforms.StepOf(err), "attempt", failures[i]+1, "err", err)
		if from < i { // the page is loaded anew, or asked anew
			f.loaded = false
			f.client.dirty[f.tabName] = f.client.dirty[f.tabName] || steps[from].Open != nil
		}
		i = from - 1
	}
	return nil
}

// one makes one step and logs it.
func (f *flow) one(ctx context.Context, s definition.Step) error {
	began := f.client.Clock()
	matched, err := f.step(ctx, s)
	log := platforms.StepLog{Step: f.name + "/" + s.String(), Matched: matched, Took: f.client.Clock().Sub(began)}
	if err != nil {
		err = f.fail(ctx, log.Step, err)
		log.Err = err.Error()
	}
	if len(f.steps) < stepsMost || err != nil {
		f.steps = append(f.steps, log)
	}
	f.client.Log.Debug("step made", "step", log.Step, "matched", log.Matched, "dur", log.Took, "ok", err == nil)
	return err
}

// step makes one step; matched says which alternative was met, where there were some.
func (f *flow) step(ctx context.Context, s definition.Step) (matched string, err error) {
	switch {
	case s.Open != nil:
		return f.open(ctx, s.Open)
	case s.Refresh != nil:
		return f.refresh(ctx, s.Refresh)
	case s.Frame != "":
		return f.enterFrame(ctx, s.Frame)
	case s.Await != nil:
		return f.await(ctx, s.Await)
	case s.Read != nil:
		return f.readPage(ctx, s.Read)
	case s.Locate != nil:
		return f.locate(ctx, s.Locate)
	case s.Expand != nil:
		return f.expand(ctx, s.Expand)
	case s.Paginate != nil:
		return f.paginate(ctx, s.Paginate)
	case s.Each != nil:
		return f.each(ctx, s.Each)
	case s.Assert != nil:
		return f.assert(ctx, s.Assert)
	case s.Screenshot != "":
		return "", f.photograph(ctx, s.Screenshot)
	case s.Commit != nil:
		return f.doCommit(ctx, s.Commit)
	case s.Confirm != nil:
		return f.judge(ctx, s.Confirm)
	case s.Pause != (definition.Span{}):
		return "", f.client.pause(ctx, s.Pause)
	}
	return f.act(ctx, s)
}

// act makes a step that touches an element or a key.
func (f *flow) act(ctx context.Context, s definition.Step) (matched string, err error) {
	switch {
	case s.Hover != nil:
		return f.onElement(ctx, *s.Hover, page.Element.Hover)
	case s.Click != nil:
		return f.click(ctx, *s.Click)
	case s.Clear != nil:
		return f.clear(ctx, *s.Clear)
	case s.Type != nil:
		return f.enter(ctx, s.Type)
	case s.Ask != nil:
		return f.ask(ctx, s.Ask)
	case s.Scroll != nil:
		return f.scroll(ctx, s.Scroll)
	}
	f.acting()
	return "", f.tab.Press(ctx, s.Press)
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
		if strings.HasPrefix(e.Op, f.name+"/") { // a step within this one has named itself
			return err
		}
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
	case errors.Is(err, errFar):
		kind = platforms.Timeout
	case errors.Is(err, errRecipient), errors.Is(err, errPresent):
		kind = platforms.Refused
	case absent(err), errors.Is(err, page.ErrNoFrame), errors.Is(err, page.ErrOutside):
		kind = platforms.PageChanged
	}
	return &platforms.Error{Op: step, Kind: kind, Err: err}
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
