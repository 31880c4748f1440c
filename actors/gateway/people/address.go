package people

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// HostOnly is an address without its port, or a name such as local as it is.
func HostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// addrOf is the address of a client; invalid when it is none.
func addrOf(hostport string) netip.Addr {
	addr, err := netip.ParseAddr(HostOnly(hostport))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func loopbackAddr(hostport string) bool { return addrOf(hostport).IsLoopback() }

// Near says whether a request, seen behind Edge, comes from this machine or from one of the networks.
func Near(r *http.Request, networks []netip.Prefix) bool {
	return r.RemoteAddr == localName || loopbackAddr(r.RemoteAddr) || inside(addrOf(r.RemoteAddr), networks)
}

// LoopbackName says whether a host, with or without a port, is localhost or a loopback address.
func LoopbackName(host string) bool {
	return strings.EqualFold(HostOnly(host), "localhost") || loopbackAddr(host)
}

func inside(addr netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// HostAllowed says whether a request calls this node by a name of its own: against pages that point a name of theirs at it.
func (d *Door) HostAllowed(host string) bool {
	name := HostOnly(host)
	return LoopbackName(host) || slices.ContainsFunc(d.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) ||
		name != "" && d.cfg.Named != nil && d.cfg.Named(name)
}

// OriginAllowed says whether the page that makes a request may: none at all (no browser), one of this node, one that the
// configuration names, and, to a node that is called by a loopback name, one of this machine.
func (d *Door) OriginAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(d.cfg.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || LoopbackName(u.Host) && LoopbackName(r.Host)
}

// SameOrigin says whether a browser sent the request from a page of this node, or of one that the configuration names: what a
// cookie needs for a change.
func (d *Door) SameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return r.Header.Get("Sec-Fetch-Site") == "same-origin"
	}
	u, err := url.Parse(origin)
	return slices.Contains(d.cfg.Origins, origin) || err == nil && strings.EqualFold(u.Host, r.Host)
}

// Protection refuses changes that a page of another origin wants to make, but for pages that the configuration names.
func (d *Door) Protection() *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	for _, o := range d.cfg.Origins {
		if err := p.AddTrustedOrigin(o); err != nil {
			d.cfg.Log.Warn("origin is not used", "origin", o, "err", err)
		}
	}
	return p
}
