package definition

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"troupe/messages"
)

// Registry holds one definition per platform. It never changes once made and is safe for any goroutine.
type Registry struct {
	byName map[messages.PlatformName]*Definition
}

// NewRegistry loads a platform from each folder. Which folders is the caller's business: cmd passes the
// embedded ones, a test its own.
func NewRegistry(folders ...fs.FS) (*Registry, error) {
	r := &Registry{byName: make(map[messages.PlatformName]*Definition)}
	var errs []error
	for _, folder := range folders {
		d, err := Load(folder)
		switch {
		case err != nil:
			errs = append(errs, err)
		case r.byName[d.Platform] != nil:
			errs = append(errs, fmt.Errorf("platform %q is defined twice", d.Platform))
		default:
			r.byName[d.Platform] = d
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// Get returns a platform's definition, nil if there is none.
func (r *Registry) Get(name messages.PlatformName) *Definition { return r.byName[name] }

// All returns every definition, by name.
func (r *Registry) All() []*Definition {
	all := make([]*Definition, 0, len(r.byName))
	for _, d := range r.byName {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *Definition) int { return cmp.Compare(a.Platform, b.Platform) })
	return all
}
