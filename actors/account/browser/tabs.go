package browser

import (
	"context"
	"fmt"

	"troupe/platforms/page"
)

// Tab implements page.Browser.
func (i *Instance) Tab(ctx context.Context, name string) (page.Tab, error) {
	i.tabsMu.Lock()
	defer i.tabsMu.Unlock()
	if t := i.tabs[name]; t != nil {
		if t.target.ctx.Err() == nil {
			return t, nil
		}
		i.targets.close(ctx, t.target.id) // a crashed one still stands there
		delete(i.tabs, name)
	}
	target, err := i.targets.open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open tab: %w", err)
	}
	t := newTab(i, target)
	i.tabs[name] = t
	return t, nil
}

// CloseTab implements page.Browser.
func (i *Instance) CloseTab(ctx context.Context, name string) error {
	i.tabsMu.Lock()
	defer i.tabsMu.Unlock()
	t := i.tabs[name]
	if t == nil {
		return nil
	}
	delete(i.tabs, name)
	if err := i.targets.close(ctx, t.target.id); err != nil && t.target.ctx.Err() == nil {
		return fmt.Errorf("close tab: %w", err)
	}
	return nil
}
