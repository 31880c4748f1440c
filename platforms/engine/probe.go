package engine

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
)

// Probe opens the watched page and reads whose it is. An account counts as logged in by page and cookie together.
func (c *client) Probe(ctx context.Context) (*messages.Profile, error) {
	if err := c.mayAct("probe"); err != nil {
		return nil, err
	}
	f, err := c.newFlow(ctx, "probe", definition.WatchTab)
	if err != nil {
		return nil, err
	}
	f.fresh = true
	if err := f.run(ctx, c.Definition.Probe); err != nil {
		return nil, err
	}
	if err := f.prove(ctx); err != nil {
		return nil, f.fail(ctx, "probe/proof", err)
	}
	c.inbox.proved(f.start)
	return c.whose(f)
}

// whose takes the profile that a flow read, of all answers together: a later one overwrites what it says. An account whose
// platform id was known stays that person's.
func (c *client) whose(f *flow) (*messages.Profile, error) {
	profile, known := &messages.Profile{}, c.inbox.ownerID()
	for _, a := range f.read {
		if a.profile == nil {
			continue
		}
		id := a.profile.GetPlatformUserId()
		if known == "" {
			known = id
		}
		if id != known {
			return nil, &platforms.Error{
				Op: f.name + "/profile", Kind: platforms.LoggedOut,
				Err: fmt.Errorf("another account of the platform is logged in here: %s instead of %s", id, known),
			}
		}
		proto.Merge(profile, a.profile)
	}
	if profile.GetPlatformUserId() == "" {
		return nil, &platforms.Error{Op: f.name + "/profile", Kind: platforms.PageChanged, Err: errors.New("no answer held a profile")}
	}
	c.inbox.setOwner(known)
	return profile, nil
}

// prove is an error unless page and cookie show a login.
func (f *flow) prove(ctx context.Context) error {
	proved, err := f.proved(ctx)
	if err == nil && !proved {
		err = &platforms.Error{Kind: platforms.LoggedOut, Err: errors.New("the page or the login's cookie does not prove a login")}
	}
	return err
}

// proved says whether page and cookie show a login.
func (f *flow) proved(ctx context.Context) (bool, error) {
	return f.provedBy(ctx, &f.client.Definition.Login.Proof)
}

func (f *flow) provedBy(ctx context.Context, proof *definition.Proof) (bool, error) {
	url, err := f.tab.URL(ctx)
	if err != nil {
		return false, err
	}
	page := false
	for _, p := range proof.URL {
		page = page || p.Match(url)
	}
	if !page {
		return false, nil
	}
	if cookie, err := f.client.Browser.HasCookie(ctx, url, proof.Cookie); err != nil || !cookie {
		return false, err
	}
	if present, err := f.anyShown(ctx, proof.Present); err != nil || !present && len(proof.Present) > 0 {
		return false, err
	}
	absent, err := f.anyShown(ctx, proof.Absent)
	return !absent, err
}
