package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"troupe/actors/gateway/people"
)

// doorProblems says what is wrong with who is let in, and from where.
func (c *config) doorProblems() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	ip := net.ParseIP(c.MasterHost)
	switch {
	case c.MasterHost != "localhost" && ip == nil:
		bad("MASTER_HOST=%q: an address such as 127.0.0.1 or 0.0.0.0", c.MasterHost)
	case ip != nil && !ip.IsLoopback() && !c.protected():
		bad("MASTER_HOST=%q: beyond loopback only with TLS_CERT and TLS_KEY, or behind a proxy named in TRUSTED_PROXIES; else use 127.0.0.1", c.MasterHost)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("TLS_CERT=%q TLS_KEY=%q: both or neither", c.TLSCert, c.TLSKey)
	}
	for name, list := range map[string][]string{"TRUSTED_PROXIES": c.Proxies, "IM_NETWORKS": c.IMNetworks, "METRICS_NETWORKS": c.MetricsNetworks} {
		if _, err := networks(list); err != nil {
			bad("%s: %w", name, err)
		}
	}
	if _, port, err := net.SplitHostPort(c.HealthListen); c.HealthListen != "" && (err != nil || port == "") {
		bad("HEALTH_LISTEN=%q: an address and a port such as 127.0.0.1:9301", c.HealthListen)
	}
	for _, host := range c.Hosts {
		if host == "" || strings.ContainsAny(host, "/:*") && net.ParseIP(host) == nil {
			bad("HOSTS: %q is no name such as troupe.example.org, without a port", host)
		}
	}
	for _, origin := range c.Origins {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" {
			bad("ORIGINS: %q is no origin such as https://desk.example.org", origin)
		}
	}
	if role := people.Role(c.IMRole); role != people.Off && (!role.Valid() || role == people.Admin) {
		bad("IM_ROLE=%q: viewer, agent, operator or off", c.IMRole)
	}
	if role := people.Role(c.DevRole); role != people.Off && !role.Valid() {
		bad("--dev-role %q: viewer, agent, operator, admin or off", c.DevRole)
	}
	if c.DevRole != string(people.Off) && (c.protected() || ip != nil && !ip.IsLoopback()) {
		bad("--dev-role is for a node on loopback, without TLS and without a proxy")
	}
	return problems
}

// protected says whether what leaves this machine is encrypted.
func (c *config) protected() bool { return c.TLSCert != "" || len(c.Proxies) > 0 }

// networks reads a list of networks; a single address is one of its own.
func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if addr, errAddr := netip.ParseAddr(text); err != nil && errAddr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 192.168.1.0/24", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
