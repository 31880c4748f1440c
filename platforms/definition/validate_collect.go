package definition

import (
	"fmt"
	"time"
)

func (c *checker) collect() {
	col := &c.d.Collect
	if col.Round.Min < time.Second {
		c.wrong("collect.round", "say the pace of looking, such as 15s-30s")
	}
	if col.NavigateAtMost.Events == 0 {
		c.wrong("collect.navigate_at_most", "say how often a page may be loaded, such as 6/min")
	}
	for i, q := range col.Quiet {
		if q.Round.Min < time.Second || q.From == q.To {
			c.wrong(fmt.Sprintf("collect.quiet[%d]", i), "a quiet part of the day needs from, to and a round of its own")
		}
	}
	c.allowance("collect.navigations", col.Navigations)
	c.allowance("collect.replies", col.Replies)
	if b := col.BackOff; b.Most != 0 && b.Most < b.First {
		c.wrong("collect.back_off", "most is less than first")
	}
	if len(col.Looks) == 0 {
		c.wrong("collect.looks", "say at least one way of looking")
	}
	names := map[string]bool{}
	for i := range col.Looks {
		look, path := &col.Looks[i], fmt.Sprintf("collect.looks[%d]", i)
		if !word.MatchString(look.Name) || names[look.Name] {
			c.wrong(path+".name", "a look needs a name of its own")
		}
		names[look.Name] = true
		c.look(path, look)
	}
}

func (c *checker) allowance(path string, a Allowance) {
	if a.Hour < 0 || a.Day < 0 || a.Day > 0 && a.Hour > a.Day {
		c.wrong(path, "an hour's allowance is part of the day's, and neither is negative")
	}
}

func (c *checker) look(path string, look *Look) {
	for _, collection := range look.Whole {
		if _, ok := entities[collection]; !ok || collection == ProfileYield {
			c.wrong(path+".whole", "there is no collection %q", collection)
		}
	}
	for _, name := range look.After {
		c.listens(path+".after", name)
	}
	c.flow(path+".steps", look.Steps, looking)
}
