package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"troupe/actors/gateway/api"
)

// addTraffic adds what an account's gate counted, with the hosts that the platform's definition does not name.
func (c *cli) addTraffic(t *table, n *api.Traffic) {
	if n == nil {
		return
	}
	t.add(c.t("traffic"), c.f("%s sent, %s received, %d connections, %d open", size(n.BytesUp), size(n.BytesDown), n.Dials, n.Tunnels))
	for _, class := range slices.Sorted(maps.Keys(n.Refused)) {
		t.add(c.t("refused"), fmt.Sprintf("%d  %s", n.Refused[class], clean(class)))
	}
	for i, host := range n.Unlisted {
		heading := ""
		if i == 0 {
			heading = c.t("unlisted hosts")
		}
		t.add(heading, fmt.Sprintf("%d  %s", host.Connections, clean(host.Name)))
	}
	if n.More > 0 {
		t.add("", c.f("and %d more", n.More))
	}
}

// addPersona adds what an account's Chromium shows of itself.
func (c *cli) addPersona(t *table, p *api.Persona) {
	if p == nil {
		return
	}
	t.add(c.t("persona"), c.f("%s, %s, %s, screen %d x %d, %d cores, noise %s",
		clean(p.Locale), clean(p.TimeZone), clean(strings.Join(p.Languages, " ")), p.Width, p.Height, p.Cores, c.t(p.Noise)))
	if p.UserAgent != "" {
		t.add("", clean(p.UserAgent))
	}
	switch p.SelfTest {
	case "":
		t.add("", c.t("self-test not yet run"))
	case "ok":
		t.add("", c.t("self-test ok"))
	default:
		t.add("", c.f("self-test failed: %s", clean(p.SelfTest)))
	}
	if len(p.Shared) > 0 {
		t.add("", c.f("the same for all accounts of this machine: %s", clean(strings.Join(p.Shared, ", "))))
	}
}

// size writes bytes as a person would.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
}
