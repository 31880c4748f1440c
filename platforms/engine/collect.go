package engine

import (
	"context"
	"slices"

	"troupe/platforms"
	"troupe/platforms/definition"
)

// dueness says whether a look that reads whole collections is to be made.
type dueness int

const (
	notDue dueness = iota
	refill         // something was missed: read until everything on a page is known
	whole          // read to the end
)

// planLooks makes every whole look due, unless its collections were seen whole before.
func (c *client) planLooks() {
	for _, look := range c.Definition.Collect.Looks {
		if len(look.Whole) == 0 {
			continue
		}
		c.lastWhole[look.Name] = c.Clock()
		if slices.ContainsFunc(look.Whole, func(collection string) bool { return !slices.Contains(c.Whole, collection) }) {
			c.due[look.Name] = whole
		}
	}
}

// Collect makes one round: every look once, then those that read whole collections if they are due. What was
// seen before a failure is in the batch that comes with the error.
func (c *client) Collect(ctx context.Context) (platforms.Batch, error) {
	if c.inbox.ownerID() == "" {
		if _, err := c.Probe(ctx); err != nil {
			return platforms.Batch{}, err
		}
	}
	c.inbox.beginRound()
	complete, steps, err := c.looks(ctx)
	batch, readErr := c.inbox.endRound(ctx)
	if err == nil {
		err = readErr
	}
	batch.Complete, batch.Steps, batch.Round = complete, steps, err == nil
	return batch, err
}

// looks makes the quick looks, and then the whole ones that are due.
func (c *client) looks(ctx context.Context) (complete []string, steps []platforms.StepLog, err error) {
	for _, l := range c.Definition.Collect.Looks {
		if len(l.Whole) > 0 {
			continue
		}
		f, err := c.look(ctx, &l, notDue)
		if steps = append(steps, f.steps...); err != nil {
			return nil, steps, err
		}
	}
	missed := c.inbox.missed()
	for _, l := range c.Definition.Collect.Looks {
		if len(l.Whole) == 0 {
			continue
		}
		if missed {
			c.due[l.Name] = max(c.due[l.Name], refill)
		}
		due := c.dueNow(&l)
		if due == notDue {
			continue
		}
		f, err := c.look(ctx, &l, due)
		if steps = append(steps, f.steps...); err != nil {
			return complete, steps, err
		}
		if due == whole {
			complete = append(complete, l.Whole...)
			c.lastWhole[l.Name] = c.Clock()
		}
		c.due[l.Name] = notDue
	}
	return complete, steps, nil
}

// dueNow says how far a whole look is to read now.
func (c *client) dueNow(l *definition.Look) dueness {
	if l.Every > 0 && c.Clock().Sub(c.lastWhole[l.Name]) >= l.Every {
		return whole
	}
	return c.due[l.Name]
}

// look makes one look; the flow it returns is never nil. A quick look that ends on a page with something
// unknown, and more behind it, has missed something.
func (c *client) look(ctx context.Context, l *definition.Look, due dueness) (*flow, error) {
	tab := l.Tab
	if tab == "" {
		tab = definition.WatchTab
	}
	f, err := c.newFlow(ctx, "collect."+l.Name, tab)
	if err != nil {
		return f, err
	}
	if tab != definition.WatchTab {
		f.fresh = true
		defer c.closeTab(ctx, tab)
	}
	if due != whole {
		f.enough = func(a *answer) bool { return !c.inbox.hasUnknown(a.items) }
	}
	if err := f.run(ctx, l.Steps); err != nil {
		return f, err
	}
	if f.short {
		c.Log.Warn("list longer than its bound", "step", f.name)
	}
	for _, name := range f.lists() {
		if a := f.last[name]; due == notDue && a.more && c.inbox.hasUnknown(a.items) {
			c.inbox.miss()
		}
	}
	return f, nil
}

func (c *client) closeTab(ctx context.Context, name string) {
	ctx, cancel := briefly(ctx)
	defer cancel()
	if err := c.Browser.CloseTab(ctx, name); err != nil {
		c.Log.Debug("tab not closed", "tab", name, "err", err)
	}
}
