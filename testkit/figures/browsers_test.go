package figures

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"troupe/actors/account/browser"
	"troupe/actors/account/gate"
	"troupe/actors/account/persona"
	"troupe/actors/account/vault"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/page"
)

const (
	coldStarts   = 5
	pageRounds   = 10
	deskPage     = "https://creator.sandbox.test/desk"
	deskAnswer   = "/api/works"
	figuresUID   = 29999 // of the Chromium that is started here, when we are root
	benchAccount = messages.AccountID("figures")
)

// timeStarts takes the time of a Chromium's cold start, from an empty profile with a login to restore to its first page,
// and what a round costs that opens a page of its own and closes it, as a crawler without kept pages does.
func (s *stage) timeStarts(account string) {
	s.Helper()
	state := s.exported(account)
	way := s.openGate()
	var starts Sample
	var again float64
	for n := range coldStarts {
		began := time.Now()
		b := s.startBrowser(way, state)
		s.visit(b, fmt.Sprint("cold ", n))
		starts = append(starts, time.Since(began))
		if n == coldStarts-1 {
			from := s.cpu(b.PID())
			for r := range pageRounds {
				s.visit(b, fmt.Sprint("round ", r))
			}
			again = Millis(s.cpu(b.PID())-from) / pageRounds
		}
		if err := b.Close(s.Context()); err != nil {
			s.Fatal(err)
		}
	}
	s.table.Add(fmt.Sprintf("Chromium's cold start to a loaded page, p50 of %d", coldStarts), starts.Quantile(0.5).Seconds(), Seconds, 0)
	s.table.Add("CPU of a round in a page of its own, Chromium alone", again, CPUMillis, 0)
}

// exported takes an account's login out of the node.
func (s *stage) exported(account string) *vault.State {
	s.Helper()
	file := filepath.Join(s.TempDir(), "login.json")
	if _, stderr, status := s.node.CLI("account", "export", account, "-o", file); status != 0 {
		s.Fatalf("export: %s", stderr)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		s.Fatal(err)
	}
	state, err := vault.Import(content)
	if err != nil {
		s.Fatal(err)
	}
	return state
}

// openGate is a way out to the site whose lease does not end.
func (s *stage) openGate() *gate.Gate {
	s.Helper()
	g, err := gate.Listen(gate.Options{
		Account: benchAccount, Listen: gate.Address(benchAccount), Sites: []string{"*.sandbox.test"}, PeerUID: -1, Clock: lease.BootTime,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.web.Addr())
		},
	})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { g.Close() })
	g.Extend(lease.BootTime() + time.Hour)
	return g
}

// startBrowser starts a Chromium on an empty profile.
func (s *stage) startBrowser(way *gate.Gate, state *vault.State) *browser.Instance {
	s.Helper()
	dir, err := os.MkdirTemp("/tmp", "troupe-figures-") // Chromium's own user must be able to reach it
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { os.RemoveAll(dir) })
	uid := 0
	if os.Geteuid() == 0 {
		if uid = figuresUID; os.Chown(dir, uid, uid) != nil {
			s.Fatal("the folder cannot be given to Chromium's user")
		}
	}
	b, err := browser.Start(s.Context(), browser.Config{
		Account: benchAccount, Epoch: 1, Node: "figures", Dir: dir, UID: uid, Proxy: way.Addr(), Pins: []string{s.web.SPKI()},
		Persona: persona.Make(1, "", "", "", persona.Machine{Cores: 2}), Fresh: true, State: state, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		s.Fatal(err)
	}
	return b
}

// visit opens a page of its own, waits for the list that the page asks for, and closes the page.
func (s *stage) visit(b *browser.Instance, name string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	isList := func(r page.Record) bool { return strings.Contains(r.URL, deskAnswer) }
	b.Traffic().Watch(func(_ page.RecordKind, _, url string) bool { return strings.Contains(url, deskAnswer) })
	expected := b.Traffic().Expect(isList)
	t, err := b.Tab(ctx, name)
	if err == nil {
		err = t.Navigate(ctx, deskPage)
	}
	if err == nil {
		_, err = expected.Wait(ctx)
	}
	if err == nil {
		err = b.CloseTab(ctx, name)
	}
	if err != nil {
		s.Fatal(err)
	}
}
