package main

import (
	"context"
	"fmt"
	"net"
	"strings"

	"troupe/actors/account/gate"
)

// places says where names lead to while a platform is developed: an address for each domain and the names below it, and one,
// under "", for all others.
type places map[string]string

// parsePlaces reads one address for all names, or a list of DOMAIN=ADDRESS.
func parsePlaces(list string) (places, error) {
	p := places{}
	for entry := range strings.SplitSeq(list, ",") {
		domain, address, named := strings.Cut(entry, "=")
		if !named {
			domain, address = "", entry
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("%q: %w", entry, err)
		}
		p[domain] = address
	}
	return p, nil
}

// of is where a name leads to; "" is nowhere.
func (p places) of(host string) string {
	for domain := host; ; {
		if address, ok := p[domain]; ok {
			return address
		}
		_, above, more := strings.Cut(domain, ".")
		if !more {
			return p[""]
		}
		domain = above
	}
}

// from dials where names lead to, from one address of this machine, by which a look-alike site tells nodes apart; nil is any. Nothing
// else can be reached.
func (p places) from(source net.IP) gate.DialFunc {
	var dialer net.Dialer
	if source != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: source}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		to := p.of(host)
		if to == "" {
			return nil, &net.DNSError{Err: "--dev-dial names no address", Name: host, IsNotFound: true}
		}
		return dialer.DialContext(ctx, network, to)
	}
}
