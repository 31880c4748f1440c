package api

import (
	"cmp"
	"maps"
	"slices"

	"troupe/messages"
)

// Persona is what an account's Chromium shows of itself.
type Persona struct {
	Locale    string   `json:"locale"`
	TimeZone  string   `json:"time_zone"`
	Languages []string `json:"languages"`
	Width     int32    `json:"width"` // of the screen, CSS pixels
	Height    int32    `json:"height"`
	Cores     int32    `json:"cores"`
	Noise     string   `json:"noise"` // off or seed
	UserAgent string   `json:"user_agent,omitempty"`
	SelfTest  string   `json:"self_test,omitempty"` // ok, or what does not match; absent = not yet run
	Shared    []string `json:"shared,omitempty"`    // what is the same for every account on its machine
}

// Traffic is what an account's gate counted since it was opened.
type Traffic struct {
	BytesUp   int64            `json:"bytes_up"`   // written to sites
	BytesDown int64            `json:"bytes_down"` // written to the browser
	Tunnels   int64            `json:"tunnels"`    // open now
	Dials     int64            `json:"dials"`
	Refused   map[string]int64 `json:"refused,omitempty"`  // connections, by class
	Unlisted  []Host           `json:"unlisted,omitempty"` // hosts in neither list of the definition, the most used first, at most 30
	More      int              `json:"unlisted_more,omitempty"`
}

// Host is a host's name and how many connections went to it.
type Host struct {
	Name        string `json:"name"`
	Connections int64  `json:"connections"`
}

// hostsShown bounds an account's JSON, which goes out with each of its events.
const hostsShown = 30

func personaOf(p *messages.Persona) *Persona {
	if p == nil {
		return nil
	}
	return &Persona{
		p.GetLocale(), p.GetTimeZone(), append([]string{}, p.GetLanguages()...), p.GetWidth(), p.GetHeight(), p.GetCores(), p.GetNoise(),
		p.GetUserAgent(), p.GetSelfTest(), p.GetShared(),
	}
}

func trafficOf(c *messages.GateCounts) *Traffic {
	if c == nil {
		return nil
	}
	hosts := make([]Host, 0, len(c.GetUnlisted()))
	for _, name := range slices.Sorted(maps.Keys(c.GetUnlisted())) {
		hosts = append(hosts, Host{name, c.GetUnlisted()[name]})
	}
	slices.SortStableFunc(hosts, func(a, b Host) int { return cmp.Compare(b.Connections, a.Connections) })
	more := max(0, len(hosts)-hostsShown)
	return &Traffic{
		c.GetBytesUp(), c.GetBytesDown(), c.GetTunnels(), c.GetDials(), c.GetRefused(), hosts[:len(hosts)-more], more,
	}
}
