package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/cdp"

	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
)

// Export reads the login: all cookies as Chromium gives them, and the local storage of Config.Origins and of the origins of
// Config.State. It disturbs no open page and sends nothing over the network.
func (i *Instance) Export(ctx context.Context) (state *vault.State, err error) {
	cookies, err := i.cookies(ctx)
	if err != nil {
		return nil, fmt.Errorf("export state: %w", err)
	}
	state = &vault.State{
		Version: vault.StateVersion, Cookies: cookies,
		ExportedAt: time.Now().UTC(), ChromiumMajor: persona.Major(i.version),
	}
	i.storage.include(i.cfg.State)
	empty := &emptyPage{instance: i}
	defer func() { err = errors.Join(err, empty.close(ctx)) }()
	for _, origin := range i.storage.exported() {
		items, err := i.readOrigin(ctx, empty, origin)
		if err != nil {
			return nil, fmt.Errorf("export local storage of %s: %w", origin, err)
		}
		if len(items) > 0 {
			state.Origins = append(state.Origins, vault.Origin{Origin: origin, LocalStorage: items})
		}
	}
	return state, nil
}

func (i *Instance) cookies(ctx context.Context) ([]json.RawMessage, error) {
	var answer struct {
		Cookies []json.RawMessage `json:"cookies"`
	}
	err := i.browser.call(ctx, "Storage.getCookies", nil, &answer)
	return answer.Cookies, err
}

// restore puts a login into an empty profile, without touching the network. What Chromium does not take is counted in the log
// and left out: one bad cookie or origin must not cost the login.
func (i *Instance) restore(ctx context.Context, s *vault.State) error {
	var params []map[string]json.RawMessage
	for _, raw := range s.Cookies {
		if cookie, ok := settable(raw); ok {
			params = append(params, cookie)
		}
	}
	taken, err := i.setCookies(ctx, params)
	if err != nil {
		return fmt.Errorf("cookies: %w", err)
	}
	if taken < len(s.Cookies) {
		i.cfg.Log.Warn("chromium refused some cookies", "lost", len(s.Cookies)-taken, "of", len(s.Cookies))
	}
	return i.restoreStorage(ctx, s.Origins)
}

func (i *Instance) restoreStorage(ctx context.Context, origins []vault.Origin) (err error) {
	empty := &emptyPage{instance: i}
	defer func() { err = errors.Join(err, empty.close(ctx)) }()
	for _, o := range origins {
		refused, err := i.writeOrigin(ctx, empty, o)
		switch {
		case ctx.Err() != nil || i.browser.ctx.Err() != nil:
			return fmt.Errorf("local storage of %s: %w", o.Origin, err)
		case err != nil:
			i.cfg.Log.Warn("local storage not restored", "origin", o.Origin, "err", err)
		case refused > 0:
			i.cfg.Log.Warn("chromium refused some local storage", "origin", o.Origin, "lost", refused, "of", len(o.LocalStorage))
		}
	}
	return nil
}

// setCookies sets all at once and says how many were taken. Chromium takes all or none: when it refuses, the halves are tried alone,
// down to the one that it does not like.
func (i *Instance) setCookies(ctx context.Context, params []map[string]json.RawMessage) (taken int, err error) {
	if len(params) == 0 {
		return 0, nil
	}
	err = i.browser.call(ctx, "Storage.setCookies", map[string]any{"cookies": params}, nil)
	if err == nil {
		return len(params), nil
	}
	var refused *cdp.Error
	if !errors.As(err, &refused) {
		return 0, err
	}
	if len(params) == 1 {
		return 0, nil
	}
	for _, half := range [][]map[string]json.RawMessage{params[:len(params)/2], params[len(params)/2:]} {
		n, err := i.setCookies(ctx, half)
		taken += n
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// Fields of a cookie as it is read that may not be set: they follow from the others.
var derived = []string{"size", "session", "sameParty", "partitionKeyOpaque"}

// settable turns a cookie as Chromium gives it into one that it takes. All attributes stay, the partition key too; a
// session cookie has no expiry. It reports false for what is no cookie.
func settable(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var cookie map[string]json.RawMessage
	if json.Unmarshal(raw, &cookie) != nil || cookie == nil {
		return nil, false
	}
	if string(cookie["session"]) == "true" || strings.HasPrefix(string(cookie["expires"]), "-") {
		delete(cookie, "expires")
	}
	for _, name := range derived {
		delete(cookie, name)
	}
	return cookie, true
}

// HasCookie implements page.Browser.
func (i *Instance) HasCookie(ctx context.Context, rawURL, name string) (bool, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false, fmt.Errorf("look for a cookie: %w", err)
	}
	cookies, err := i.cookies(ctx)
	if err != nil {
		return false, fmt.Errorf("look for a cookie: %w", err)
	}
	for _, raw := range cookies {
		var c cookie
		if json.Unmarshal(raw, &c) == nil && c.Name == name && c.sentTo(u, time.Now()) {
			return true, nil
		}
	}
	return false, nil
}

// cookie is what decides where a cookie is sent.
type cookie struct {
	Name    string  `json:"name"`
	Domain  string  `json:"domain"` // with a dot in front: and all below it
	Path    string  `json:"path"`
	Expires float64 `json:"expires"` // seconds; negative: ends with the session
	Secure  bool    `json:"secure"`
}

// sentTo says whether the cookie goes with a request to u (RFC 6265, 5.4).
func (c cookie) sentTo(u *url.URL, now time.Time) bool {
	host, path := u.Hostname(), u.EscapedPath()
	if path == "" {
		path = "/"
	}
	domain, below := strings.CutPrefix(c.Domain, ".")
	if host != domain && !(below && strings.HasSuffix(host, "."+domain)) {
		return false
	}
	if path != c.Path && !strings.HasPrefix(path, strings.TrimSuffix(c.Path, "/")+"/") {
		return false
	}
	if c.Secure && u.Scheme != "https" && u.Scheme != "wss" {
		return false
	}
	return c.Expires < 0 || c.Expires > float64(now.Unix())
}
