package engine

import (
	"context"
	"slices"

	"troupe/platforms"
	"troupe/platforms/definition"
)

// dueness says whether a look is to be made, and how far it is to read.
type dueness int

const (
	notDue dueness = iota
	glance         // what is new
	refill         // something was missed: read until everything on a page is known
	whole          // read to the end
)

// planLooks makes every whole look due, unless its collections were seen whole before.
func (c *client) planLooks() {
	for _, look := range c.Definition.Collect.Looks {
		if len(look.Whole) == 0 {
			continue
		}
		c.lastMade[look.Name] = c.Clock()
		if slices.ContainsFunc(look.Whole, func(collection string) bool { return !slices.Contains(c.Whole, collection) }) {
			c.due[look.Name] = whole
		}
	}
}

// Collect makes one round: every look that is due, those that read whole collections last. What was seen before a failure
// is in the batch that comes with the error.
func (c *client) Collect(ctx context.Context) (platforms.Batch, error) {
	if err := c.mayAct("collect"); err != nil {
		return platforms.Batch{}, err
	}
	if c.inbox.ownerID() == "" {
		if _, err := c.Probe(ctx); err != nil {
			return platforms.Batch{}, err
		}
	}
	c.inbox.beginRound()
	complete, steps, err := c.looks(ctx)
	batch, readErr := c.inbox.endRound(ctx)
	if err == nil {
		if err = readErr; err == nil {
			c.Memory.well()
		}
		c.note(readErr)
	}
	batch.Complete, batch.Steps, batch.Round = complete, steps, err == nil
	return batch, err
}

// looks makes the quick looks, and then the whole ones that are due.
func (c *client) looks(ctx context.Context) (complete []string, steps []platforms.StepLog, err error) {
	looks := c.Definition.Collect.Looks
	for i := range looks {
		if len(looks[i].Whole) > 0 || !c.quickDue(&looks[i]) {
			continue
		}
		f, err := c.look(ctx, &looks[i], glance)
		if steps = append(steps, f.steps...); err != nil {
			return nil, steps, err
		}
		c.lastMade[looks[i].Name] = c.Clock()
	}
	missed := c.inbox.missed()
	for i := range looks {
		l := &looks[i]
		if len(l.Whole) == 0 {
			continue
		}
		due := c.wholeDue(l, missed)
		if due == notDue {
			continue
		}
		f, err := c.look(ctx, l, due)
		if steps = append(steps, f.steps...); err != nil {
			return complete, steps, err
		}
		if f.left { // the next round goes on
			c.due[l.Name] = due
			continue
		}
		if due == whole {
			complete = append(complete, l.Whole...)
			c.lastMade[l.Name] = c.Clock()
		}
		c.due[l.Name] = notDue
	}
	return complete, steps, nil
}

// quickDue says whether a look that reads nothing whole is to be made now.
func (c *client) quickDue(l *definition.Look) bool {
	asked := c.inbox.askedFor(l.Name)
	made, ever := c.lastMade[l.Name]
	return asked || !ever || l.Every == 0 && len(l.After) == 0 || l.Every > 0 && c.Clock().Sub(made) >= l.Every
}

// wholeDue says how far a look that reads whole collections is to read now.
func (c *client) wholeDue(l *definition.Look, missed bool) dueness {
	if asked := c.inbox.askedFor(l.Name); missed || asked {
		c.due[l.Name] = max(c.due[l.Name], refill)
	}
	if l.Every > 0 && c.Clock().Sub(c.lastMade[l.Name]) >= l.Every {
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
	f.patient = true
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
	if err := f.doubtEmptiness(ctx, l, due); err != nil {
		return f, err
	}
	if f.short {
		c.Log.Warn("list longer than its bound", "step", f.name)
	}
	for _, name := range f.lists() {
		if a := f.last[name]; due == glance && a.more && c.inbox.hasUnknown(a.items) {
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
