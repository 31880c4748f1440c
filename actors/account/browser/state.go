package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/go-rod/rod/lib/cdp"

	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
)

// Export reads the login: all cookies as Chromium gives them, and the local storage of Config.Origins. It
// disturbs no open page and sends nothing over the network.
func (i *Instance) Export(ctx context.Context) (*vault.State, error) {
	cookies, err := i.cookies(ctx)
	if err != nil {
		return nil, fmt.Errorf("export state: %w", err)
	}
	state := &vault.State{
		Version: vault.StateVersion, Cookies: cookies,
		ExportedAt: time.Now().UTC(), ChromiumMajor: persona.Major(i.version),
	}
	for _, origin := range i.cfg.Origins {
		items, err := i.readOrigin(ctx, origin)
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

// restore puts a login into an empty profile.
func (i *Instance) restore(ctx context.Context, s *vault.State) error {
	var params []map[string]json.RawMessage
	for _, raw := range s.Cookies {
		cookie, err := settable(raw)
		if err != nil {
			return err
		}
		params = append(params, cookie)
	}
	if err := i.setCookies(ctx, params); err != nil {
		return err
	}
	for _, origin := range s.Origins {
		if err := i.writeOrigin(ctx, origin); err != nil {
			return fmt.Errorf("local storage of %s: %w", origin.Origin, err)
		}
	}
	return nil
}

// setCookies sets all at once. Chromium takes all or none: when it refuses, each is tried alone, so that one bad cookie
// does not cost the login.
func (i *Instance) setCookies(ctx context.Context, params []map[string]json.RawMessage) error {
	if len(params) == 0 {
		return nil
	}
	set := func(list []map[string]json.RawMessage) error {
		return i.browser.call(ctx, "Storage.setCookies", map[string]any{"cookies": list}, nil)
	}
	var refused *cdp.Error
	if err := set(params); !errors.As(err, &refused) {
		return err
	}
	lost := 0
	for n := range params {
		if err := set(params[n : n+1]); errors.As(err, &refused) {
			lost++
		} else if err != nil {
			return err
		}
	}
	i.cfg.Log.Warn("chromium refused some cookies", "lost", lost, "of", len(params))
	return nil
}

// Fields of a cookie as it is read that may not be set: they follow from the others.
var derived = []string{"size", "session", "sameParty", "partitionKeyOpaque"}

// settable turns a cookie as Chromium gives it into one that it takes. All attributes stay, the partition key too; a
// session cookie has no expiry.
func settable(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var cookie map[string]json.RawMessage
	if err := json.Unmarshal(raw, &cookie); err != nil {
		return nil, errors.New("restore cookies: one is not an object")
	}
	set := maps.Clone(cookie)
	if string(cookie["session"]) == "true" || strings.HasPrefix(string(cookie["expires"]), "-") {
		delete(set, "expires")
	}
	for _, name := range derived {
		delete(set, name)
	}
	return set, nil
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
