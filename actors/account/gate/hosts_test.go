package gate

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

func TestHostsAreJudged(t *testing.T) {
	strict, err := newHosts([]string{"*.Sandbox.test", "login.other.test"}, []string{"cdn.test", "dl.google.com"})
	if err != nil {
		t.Fatal(err)
	}
	loose, err := newHosts([]string{"*.sandbox.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target        string
		strict, loose Class
	}{
		{"www.sandbox.test:443", "", ""},
		{"WWW.Sandbox.TEST.:443", "", ""},
		{"a.b.sandbox.test:80", "", ""},
		{"sandbox.test", "", ""},
		{"notsandbox.test:443", HostNotAllowed, ""},
		{"sandbox.test.evil.example:443", HostNotAllowed, ""},
		{"login.other.test:443", "", ""},
		{"www.login.other.test:443", HostNotAllowed, ""},
		{"cdn.test:443", "", ""},
		{"www.sandbox.test:22", PortNotAllowed, PortNotAllowed},
		{"update.googleapis.com:443", BrowserService, BrowserService},
		{"r1.gvt1.com:80", BrowserService, BrowserService},
		{"dl.google.com:443", "", BrowserService},
		{"fonts.googleapis.com:443", HostNotAllowed, ""},
		{"127.0.0.1:443", AddressLiteral, AddressLiteral},
		{"8.8.8.8:443", AddressLiteral, AddressLiteral},
		{"[::1]:443", AddressLiteral, AddressLiteral},
		{"[fe80::1%25lo]:80", AddressLiteral, AddressLiteral},
		{"127.1:80", AddressLiteral, AddressLiteral},
		{"0x7f.0x1:80", AddressLiteral, AddressLiteral},
		{"2130706433:80", AddressLiteral, AddressLiteral},
		{"localhost:80", PrivateTarget, PrivateTarget},
		{"a.localhost:80", PrivateTarget, PrivateTarget},
		{"router:80", PrivateTarget, PrivateTarget},
		{":80", BadRequest, BadRequest},
	} {
		if _, _, got := strict.judge(c.target, "443"); got != c.strict {
			t.Errorf("%s with resources: %q, want %q", c.target, got, c.strict)
		}
		if _, _, got := loose.judge(c.target, "443"); got != c.loose {
			t.Errorf("%s without resources: %q, want %q", c.target, got, c.loose)
		}
	}
}

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700::1111": true,
		"127.0.0.1": false, "127.9.9.9": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false,
		"::1": false, "::": false, "fe80::1": false, "fd00::1": false, "ff02::1": false, "2002:7f00:1::": false, "64:ff9b::7f00:1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
	} {
		err := checkPublic(netip.AddrPortFrom(netip.MustParseAddr(addr), 443).String())
		if (err == nil) != want {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// A name may be public and lead inside: the address that was resolved decides.
func TestNameThatLeadsToLoopbackIsRefused(t *testing.T) {
	s := newSite(t, false)
	direct := Direct()
	g := open(t, s, func(o *Options) {
		o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return direct(ctx, network, s.ln.Addr().String())
		}
	})
	lend(g)
	if _, err := direct(t.Context(), "tcp", s.ln.Addr().String()); !errors.Is(err, errPrivate) {
		t.Fatalf("dialled loopback: %v", err)
	}
	if _, status := connect(t, g, "rebound.sandbox.test:443"); status != http.StatusBadGateway {
		t.Fatalf("status %d", status)
	}
	lastRefusal(t, g, "rebound.sandbox.test", PrivateTarget)
	if len(s.all()) != 0 {
		t.Fatal("the site was reached")
	}
}

func TestRefusedHostsGetAStatusAndAreRemembered(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	for target, class := range map[string]Class{"127.0.0.1:443": AddressLiteral, "www.sandbox.test:8080": PortNotAllowed} {
		if _, status := connect(t, g, target); status != http.StatusForbidden {
			t.Errorf("%s: status %d", target, status)
		}
		host, _, _ := net.SplitHostPort(target)
		lastRefusal(t, g, host, class)
	}
	mustTunnel(t, g, "images.example.com:443")
	if st := g.Stats(); st.Unlisted["images.example.com"] != 1 || st.Refused[AddressLiteral] != 1 {
		t.Fatalf("counted %+v", st)
	}
	for range 2 * refusalsKept {
		g.refuse(Refusal{Host: "x.test", Class: HostNotAllowed})
	}
	if n := len(g.Refusals()); n != refusalsKept {
		t.Fatalf("%d refusals kept", n)
	}
}

func TestOtherHostListsJudgeTheNextConnectionAndCutNone(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	standing := mustTunnel(t, g, "www.sandbox.test:443")
	if err := g.SetHosts([]string{"other.test"}, []string{"cdn.test"}); err != nil {
		t.Fatal(err)
	}
	if _, status := connect(t, g, "www.sandbox.test:443"); status != http.StatusForbidden {
		t.Errorf("status %d: the old list still judges", status)
	}
	mustTunnel(t, g, "cdn.test:443")
	if _, err := standing.Write([]byte("x")); err != nil {
		t.Errorf("a standing tunnel was cut: %v", err)
	}
	if err := g.SetHosts([]string{"*"}, nil); err == nil {
		t.Error("a list that is no list was taken")
	}
}

func TestWhatIsNotARequestToAProxyIsReset(t *testing.T) {
	s := newSite(t, true)
	g := open(t, s, nil)
	lend(g)
	for _, text := range []string{"GET / HTTP/1.1\r\nHost: www.sandbox.test\r\n\r\n", "GET https://www.sandbox.test/ HTTP/1.1\r\nHost: www.sandbox.test\r\n\r\n", "\x16\x03\x01 hello\r\n\r\n"} {
		conn, err := net.Dial("tcp", g.Addr())
		if err != nil {
			t.Fatal(err)
		}
		say(t, conn, text)
		wasReset(t, conn)
		_ = conn.Close()
		lastRefusal(t, g, "", BadRequest)
	}
	if len(s.all()) != 0 {
		t.Fatal("the site was reached")
	}
}
