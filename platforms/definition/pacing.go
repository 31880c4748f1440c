package definition

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Collect is the pace of looking and what is looked at.
type Collect struct {
	Round Span `yaml:"round"`
	// Quiet are hours of the platform's time zone with a slower pace of looking.
	Quiet []Quiet `yaml:"quiet"`
	// NavigateAtMost is the floor on page loads, over all tabs of the account. Looks wait for it; what a person waits for
	// (logins, replies) is not held up.
	NavigateAtMost Rate `yaml:"navigate_at_most"`
	// Navigations and Replies are what an account may do in an hour and in a day, whatever the reason.
	Navigations Allowance `yaml:"navigations"`
	Replies     Allowance `yaml:"replies"`
	BackOff     BackOff   `yaml:"back_off"`
	Looks       []Look    `yaml:"looks"`
}

// Quiet is a part of the day with a pace of its own.
type Quiet struct {
	From  Clock `yaml:"from"`
	To    Clock `yaml:"to"` // before From: on the next day
	Round Span  `yaml:"round"`
}

// Allowance bounds how often something is done; 0 is no bound.
type Allowance struct {
	Hour int `yaml:"hour"`
	Day  int `yaml:"day"`
}

// BackOff is how long the platform is left alone after it asked to slow down: twice as long each time it does so again.
type BackOff struct {
	First time.Duration `yaml:"first"` // 60 s if zero
	Most  time.Duration `yaml:"most"`  // 30 min if zero
}

// After is how long to wait after the n-th request to slow down in a row, from 1 on.
func (b BackOff) After(n int) time.Duration {
	first, most := b.First, b.Most
	if first == 0 {
		first = time.Minute
	}
	if most == 0 {
		most = 30 * time.Minute
	}
	return min(most, first<<min(max(0, n-1), 16))
}

// Look is one way of looking at the account's items.
type Look struct {
	Name string `yaml:"name"`
	// Tab is the kept tab that it happens in, "watch" if empty. Any other tab is closed afterwards.
	Tab string `yaml:"tab"`
	// Whole names the collections that this look reads to their end. Such a look is made first of all, after a gap was
	// seen, and at the pace of Every.
	Whole []string `yaml:"whole"`
	// Every is the least time between two of this look; zero: one without whole is made in every round.
	Every time.Duration `yaml:"every"`
	// After names listens that ask for this look: it is made in the round after one of them yielded something unknown, or, if it
	// yields nothing, after each good answer. What the look's own tab received does not count, unless that is the watched one.
	After []string `yaml:"after"`
	Steps Flow     `yaml:"steps"`
}

// Round draws how long to wait until the next round.
func (d *Definition) Round() time.Duration { return d.RoundAt(time.Now()) }

// RoundAt draws how long to wait, at now, until the next round: the pace of looking, or that of a quiet part of the day.
func (d *Definition) RoundAt(now time.Time) time.Duration {
	at := now
	if zone, err := time.LoadLocation(d.TimeZone); err == nil {
		at = now.In(zone)
	}
	minute := Clock(at.Hour()*60 + at.Minute())
	for _, q := range d.Collect.Quiet {
		if q.holds(minute) {
			return q.Round.Draw(nil)
		}
	}
	return d.Collect.Round.Draw(nil)
}

func (q Quiet) holds(minute Clock) bool {
	if q.From <= q.To {
		return q.From <= minute && minute < q.To
	}
	return minute >= q.From || minute < q.To
}

// Clock is a minute of the day, written "23:30".
type Clock int

func (c *Clock) parse(src string) error {
	t, err := time.Parse("15:04", src)
	if err != nil {
		return fmt.Errorf("%q is no time of day: write 23:30", src)
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// String writes the time of day.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Draw picks a time within the span; r may be nil.
func (s Span) Draw(r *rand.Rand) time.Duration {
	switch {
	case s.Max <= s.Min:
		return s.Min
	case r == nil:
		return s.Min + rand.N(s.Max-s.Min)
	}
	return s.Min + time.Duration(r.Int64N(int64(s.Max-s.Min)))
}
