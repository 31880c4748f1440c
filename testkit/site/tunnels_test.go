package site

import (
	"crypto/tls"
	"net"
	"testing"
	"time"
)

// TestTunnelsSayWhenAConnectionEnded also starts a site on a listener that the test made.
func TestTunnelsSayWhenAConnectionEnded(t *testing.T) {
	asked := ""
	s, err := Start(Options{Seed: 1, Listen: func(network, address string) (net.Listener, error) {
		asked = address
		return net.Listen(network, address)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if asked != "127.0.0.1:0" {
		t.Errorf("listens at %q", asked)
	}
	c, err := tls.Dial("tcp", s.Addr(), &tls.Config{InsecureSkipVerify: true}) // its certificate is made up
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	await := func(what string, ok func(Tunnel) bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if list := s.Tunnels(); len(list) == 1 && ok(list[0]) {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("not %s: %+v", what, list)
			}
		}
	}
	await("open", func(u Tunnel) bool {
		return u.Source == "127.0.0.1" && u.Total > 0 && !u.FirstAt.Before(u.OpenedAt) && !u.LastAt.Before(u.FirstAt) && u.EndedAt.IsZero()
	})
	c.NetConn().Close()
	await("ended", func(u Tunnel) bool { return !u.EndedAt.Before(u.LastAt) && !u.EndedAt.IsZero() })
}
