package figures

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/browser"
	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/platforms/page"
)

// A hundred Chromiums fit on no machine that runs a benchmark, so the accounts of the specification's figures have fake ones: each is what
// the made-up site's desk page does, without a page. It goes out through its account's real gate with the account's own login, keeps
// the site's socket open, asks the site's lists as the page's script does, and what it receives is what the engine reads.

const (
	creatorPage  = "https://creator.sandbox.test"
	pushSocket   = "wss://im.sandbox.test/push"
	fakePatience = 20 * time.Second // with one answer of the site
)

// fakeBrowser is one fake incarnation of Chromium.
type fakeBrowser struct {
	state   *vault.State
	traffic *fakeTraffic
	http    *http.Client
	life    context.Context
	stop    context.CancelFunc
	exited  chan struct{}
	end     func() // stops its actor

	mu   sync.Mutex
	tabs map[string]*fakeTab
}

// fakeBrowserProps is browser.Props with a fake one.
func fakeBrowserProps(cfg browser.Config) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &fakeIncarnation{Config: cfg} })
}

// fakeIncarnation is the actor that holds it.
type fakeIncarnation struct {
	browser.Config
	browser *fakeBrowser
}

// Receive starts the browser and ends it.
func (f *fakeIncarnation) Receive(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Started:
		b, err := newFakeBrowser(f.Config)
		if err != nil {
			c.Send(c.Parent(), browser.Failed{Err: err})
			panic(browser.Gone{Err: err})
		}
		self, root := c.Self(), c.ActorSystem().Root
		b.end = func() { root.Stop(self) }
		f.browser = b
		c.Send(c.Parent(), browser.Ready{Instance: b})
	case *actor.Stopping, *actor.Restarting:
		if f.browser != nil {
			f.browser.close()
		}
	}
}

func newFakeBrowser(cfg browser.Config) (*fakeBrowser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &fakeBrowser{state: cfg.State, exited: make(chan struct{}), tabs: map[string]*fakeTab{}}
	if b.state == nil {
		b.state = &vault.State{Version: vault.StateVersion}
	}
	if err := restore(jar, b.state); err != nil {
		return nil, err
	}
	b.traffic = newFakeTraffic(b.exited)
	b.life, b.stop = context.WithCancel(context.Background())
	b.http = &http.Client{Jar: jar, Transport: &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: cfg.Proxy}),
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the made-up site's own certificate
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, res *http.Response) error {
			if res.StatusCode == http.StatusServiceUnavailable {
				return page.ErrGate
			}
			return nil
		},
		IdleConnTimeout: time.Minute, MaxConnsPerHost: 6, // as Chromium's
	}}
	return b, nil
}

// restore puts a state's cookies into a jar.
func restore(jar http.CookieJar, state *vault.State) error {
	for _, raw := range state.Cookies {
		var c struct{ Name, Value, Domain, Path string }
		if err := json.Unmarshal(raw, &c); err != nil {
			return fmt.Errorf("read cookie: %w", err)
		}
		host := strings.TrimPrefix(c.Domain, ".")
		jar.SetCookies(&url.URL{Scheme: "https", Host: host, Path: "/"}, []*http.Cookie{{
			Name: c.Name, Value: c.Value, Path: c.Path, Domain: host, Secure: true,
		}})
	}
	return nil
}

// close ends the browser; it may be called again.
func (b *fakeBrowser) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life.Err() != nil {
		return
	}
	b.stop() // and with it every page
	b.http.CloseIdleConnections()
	close(b.exited)
}

// get asks the site for something in JSON, or for a page, and says where it was led to.
func (b *fakeBrowser) get(ctx context.Context, address string) (at string, status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, fakePatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", 0, nil, err
	}
	res, err := b.http.Do(r)
	if err == nil {
		defer res.Body.Close()
		body, err = io.ReadAll(res.Body)
	}
	switch {
	case err == nil:
		return res.Request.URL.String(), res.StatusCode, body, nil
	case errors.Is(err, page.ErrGate), ctx.Err() != nil:
		return "", 0, nil, err
	default:
		return "", 0, nil, fmt.Errorf("%w: %w", page.ErrNetwork, err)
	}
}

// Tab implements page.Browser.
func (b *fakeBrowser) Tab(_ context.Context, name string) (page.Tab, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life.Err() != nil {
		return nil, page.ErrGone
	}
	if b.tabs[name] == nil {
		b.tabs[name] = &fakeTab{browser: b, name: name, url: blankPage, leave: func() {}}
	}
	return b.tabs[name], nil
}

// CloseTab implements page.Browser.
func (b *fakeBrowser) CloseTab(_ context.Context, name string) error {
	b.mu.Lock()
	t := b.tabs[name]
	delete(b.tabs, name)
	b.mu.Unlock()
	if t != nil {
		t.close()
	}
	return nil
}

// HasCookie implements page.Browser.
func (b *fakeBrowser) HasCookie(_ context.Context, rawURL, name string) (bool, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false, err
	}
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// Traffic implements page.Browser.
func (b *fakeBrowser) Traffic() page.Traffic { return b.traffic }

// Exited implements browser.Chromium.
func (b *fakeBrowser) Exited() <-chan struct{} { return b.exited }

// PID implements browser.Chromium: the gate lets in what descends from it.
func (b *fakeBrowser) PID() int { return os.Getpid() }

// Kill implements browser.Chromium.
func (b *fakeBrowser) Kill() error {
	b.close()
	b.end()
	return nil
}

// Export implements browser.Chromium: the login as it was restored, for the site does not renew it.
func (b *fakeBrowser) Export(context.Context) (*vault.State, error) {
	return &vault.State{Version: vault.StateVersion, Cookies: b.state.Cookies, Origins: b.state.Origins, ExportedAt: time.Now()}, nil
}

// Persona implements browser.Chromium.
func (b *fakeBrowser) Persona(context.Context) (persona.Report, error) { return persona.Report{}, nil }

// SetReach implements browser.Chromium.
func (b *fakeBrowser) SetReach([]string, []string) {}

var _ browser.Chromium = (*fakeBrowser)(nil)
