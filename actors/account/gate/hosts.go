package gate

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// services are hosts that Chromium asks on its own account (updates, accounts, safe browsing, time, experiments): seen with every
// background switch off, 2026-05, Chromium 156. They are refused unless a definition lists them.
var services = patterns{
	"accounts.google.com", "clients1.google.com", "clients2.google.com", "clients3.google.com", "clients4.google.com",
	"clients5.google.com", "clients6.google.com", "*.clients.google.com", "mtalk.google.com", "sb-ssl.google.com",
	"safebrowsing.google.com", "tools.google.com", "dl.google.com", "update.googleapis.com", "safebrowsing.googleapis.com",
	"safebrowsingohttpgateway.googleapis.com", "clientservices.googleapis.com", "optimizationguide-pa.googleapis.com",
	"content-autofill.googleapis.com", "passwordsleakcheck-pa.googleapis.com", "oauthaccountmanager.googleapis.com",
	"chromewebstore.googleapis.com", "*.gvt1.com", "*.gvt2.com", "*.gvt3.com", "dns.google",
}

// patterns are host names, or "*." and a domain for that domain and all below it.
type patterns []string

func (p patterns) match(host string) bool {
	return slices.ContainsFunc(p, func(pattern string) bool {
		domain, wild := strings.CutPrefix(pattern, "*.")
		return host == domain || wild && strings.HasSuffix(host, pattern[1:])
	})
}

// hosts are a gate's two lists.
type hosts struct{ sites, resources patterns }

func newHosts(sites, resources []string) (hosts, error) {
	h := hosts{sites: lower(sites), resources: lower(resources)}
	for _, pattern := range slices.Concat(h.sites, h.resources) {
		domain := strings.TrimPrefix(pattern, "*.")
		if strings.ContainsAny(domain, "*/: ") || strings.Trim(domain, ".") != domain || !strings.Contains(domain, ".") {
			return hosts{}, fmt.Errorf("host pattern %q: want a host name, or *. and a domain", pattern)
		}
	}
	return h, nil
}

// Listed says whether one of the host patterns stands for host.
func Listed(list []string, host string) bool { return lower(list).match(strings.ToLower(host)) }

func lower(list []string) patterns {
	out := make(patterns, len(list))
	for i, pattern := range list {
		out[i] = strings.ToLower(pattern)
	}
	return out
}

// judge says where a request's host:port leads: the host's name as the lists know it, the address to dial, and why
// it is refused, if it is.
func (h hosts) judge(target, defaultPort string) (host, addr string, class Class) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		host, port = strings.Trim(target, "[]"), defaultPort
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch {
	case host == "":
		class = BadRequest
	case isLiteral(host):
		class = AddressLiteral
	case !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost"):
		class = PrivateTarget
	case port != "80" && port != "443":
		class = PortNotAllowed
	case h.sites.match(host) || h.resources.match(host):
	case services.match(host):
		class = BrowserService
	case len(h.resources) > 0:
		class = HostNotAllowed
	}
	return host, net.JoinHostPort(host, port), class
}

// unlisted says whether an allowed host is in neither list.
func (h hosts) unlisted(host string) bool { return !h.sites.match(host) && !h.resources.match(host) }

// isLiteral says whether a resolver could take host for an address: 127.0.0.1, ::1, and odd forms such as 127.1 or 0x7f.1,
// which all end in a number.
func isLiteral(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && (strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"))
}
