package definition

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"troupe/messages"
)

// Registry holds the present definition of each platform. It is safe for any goroutine: whoever asks gets one immutable
// definition, and one who wants the newest asks again.
type Registry struct {
	change sync.Mutex // one replacement at a time
	now    atomic.Pointer[edition]
}

// edition is what a registry holds between two replacements; it is never changed.
type edition struct {
	number uint64
	byName map[messages.PlatformName]*Definition
}

// NewRegistry loads a platform from each folder. Which folders is the caller's business: cmd passes the
// embedded ones, a test its own.
func NewRegistry(folders ...fs.FS) (*Registry, error) {
	byName := make(map[messages.PlatformName]*Definition)
	var errs []error
	for _, folder := range folders {
		d, err := Load(folder)
		switch {
		case err != nil:
			errs = append(errs, err)
		case byName[d.Platform] != nil:
			errs = append(errs, fmt.Errorf("platform %q is defined twice", d.Platform))
		default:
			byName[d.Platform] = d
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := &Registry{}
	r.now.Store(&edition{number: 1, byName: byName})
	return r, nil
}

// Get returns a platform's definition, nil if there is none.
func (r *Registry) Get(name messages.PlatformName) *Definition { return r.now.Load().byName[name] }

// Edition counts the replacements: it is 1 at first, and another number after each.
func (r *Registry) Edition() uint64 { return r.now.Load().number }

// Replace makes d the definition of platform from now on, or takes the platform away when d is nil, and returns the one
// before. It is an error if d is another platform's, or gives accounts ids that another platform's have.
func (r *Registry) Replace(platform messages.PlatformName, d *Definition) (before *Definition, err error) {
	r.change.Lock()
	defer r.change.Unlock()
	now := r.now.Load()
	if d != nil {
		if d.Platform != platform {
			return nil, fmt.Errorf("this defines %q, not %q", d.Platform, platform)
		}
		for _, other := range now.byName {
			if other.Platform != platform && other.Prefix == d.Prefix {
				return nil, fmt.Errorf("platform %q has the prefix %q already", other.Platform, d.Prefix)
			}
		}
	}
	byName := maps.Clone(now.byName)
	before = byName[platform]
	if delete(byName, platform); d != nil {
		byName[platform] = d
	}
	r.now.Store(&edition{number: now.number + 1, byName: byName})
	return before, nil
}

// All returns every definition, by name.
func (r *Registry) All() []*Definition {
	return slices.SortedFunc(maps.Values(r.now.Load().byName), func(a, b *Definition) int { return cmp.Compare(a.Platform, b.Platform) })
}
