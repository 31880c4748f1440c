package figures

import (
	"bufio"
	"fmt"
	"math"
	"slices"
	"time"

	"troupe/testkit/proc"
)

// addMemory weighs the nodes: private memory, which only they take.
func (s *specification) addMemory() {
	s.Helper()
	weigh := func(n *proc.Node) float64 {
		m, err := MemoryOf(n.PID())
		if err != nil {
			s.Fatal(err)
		}
		return float64(m.Private) / 1e6
	}
	ofMaster := weigh(s.node)
	all, most := ofMaster, 0.0
	for _, w := range s.cluster.Workers {
		m := weigh(w)
		all, most = all+m, max(most, m)
	}
	s.table.Add(fmt.Sprintf("memory: the master, %d accounts of the specification's size", specAccounts), ofMaster, Megabytes, 200)
	s.table.Add(fmt.Sprintf("memory: the largest of %d workers, without Chromium", specWorkers), most, Megabytes, 200)
	s.table.Add("memory: master and workers together, without Chromium", all, Megabytes, 0)
}

// addDelays adds how long after it was written each item came to each agent.
func (s *specification) addDelays() {
	var whole, cutOff Sample
	for id, item := range s.items {
		for _, a := range s.agents {
			at, came := a.first(id)
			switch {
			case !came:
			case item.cutOff:
				cutOff = append(cutOff, at.Sub(item.at))
			default:
				whole = append(whole, at.Sub(item.at))
			}
		}
	}
	all := slices.Concat(whole, cutOff)
	s.table.Add("delay: item at the site to agent, all, p99", all.Quantile(0.99).Seconds(), Seconds, 30)
	s.table.Add("delay: all, slowest", all.Quantile(1).Seconds(), Seconds, 0)
	s.table.Add("delay: account's link whole, p50", Millis(whole.Quantile(0.5)), Milliseconds, 0)
	s.table.Add("delay: account's link whole, p99", Millis(whole.Quantile(0.99)), Milliseconds, 30_000)
	s.table.Add("delay: account's link cut or just healed, p50", cutOff.Quantile(0.5).Seconds(), Seconds, 0)
	s.table.Add("delay: account's link cut or just healed, p99", cutOff.Quantile(0.99).Seconds(), Seconds, 30)
}

// addAnswers adds how long the agents waited for answers, and how long the server worked on them.
func (s *specification) addAnswers() {
	s.Helper()
	var lists, alone Sample
	for _, a := range s.agents {
		l, o := a.answers()
		lists, alone = append(lists, l...), append(alone, o...)
	}
	s.table.Add("IM answer: a topic's messages, at the agent, p50", Millis(alone.Quantile(0.5)), Milliseconds, 0)
	s.table.Add("IM answer: the same, p99", Millis(alone.Quantile(0.99)), Milliseconds, 100)
	s.table.Add(fmt.Sprintf("IM answer: topics of %d accounts asked for at once, p50", specAccounts), Millis(lists.Quantile(0.5)), Milliseconds, 0)
	s.table.Add("IM answer: the same, p99", Millis(lists.Quantile(0.99)), Milliseconds, 100)
	s.table.Add("IM answer: in the server, all requests, p99 is below", Millis(s.served(0.99)), Milliseconds, 100)
}

// served is a bound of the server's own time for a share of all requests, as the master counts it.
func (s *specification) served(share float64) time.Duration {
	s.Helper()
	res, err := s.node.HTTP().Get("http://localhost/metrics")
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var bounds, counts []float64 // of the buckets, ascending; the last is all
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		var bound, count float64
		if n, _ := fmt.Sscanf(lines.Text(), `troupe_gateway_served_seconds_bucket{le="%g"} %g`, &bound, &count); n == 2 {
			bounds, counts = append(bounds, bound), append(counts, count)
		}
	}
	for i, n := range counts {
		if n >= share*counts[len(counts)-1] {
			return time.Duration(bounds[i] * float64(time.Second))
		}
	}
	s.Fatal("the master does not count what it served")
	return 0
}

// addPushes adds how many of the items came to the agents, and fails for each that did not, or came twice.
func (s *specification) addPushes() {
	s.Helper()
	expected := map[string]int{} // by account
	for _, item := range s.items {
		expected[item.account]++
	}
	lost := map[string]int{} // by item
	once, again, miscounted := 0, 0, 0
	for _, a := range s.agents {
		if err := a.failure(); err != nil {
			s.Errorf("an agent's connection broke: %v", err)
		}
		for id := range s.items {
			switch a.times(id) {
			case 0:
				lost[id]++
			case 1:
				once++
			default:
				again++
			}
		}
		for account, n := range expected {
			if a.told(account) != n {
				miscounted++
			}
		}
	}
	for id, agents := range lost {
		item := s.items[id]
		s.Errorf("%s of %s, written at %s, was not pushed to %d agents (its account cut off: %v)", id, item.account, item.at.Format(time.StampMilli), agents, item.cutOff)
	}
	if again+miscounted > 0 {
		s.Errorf("%d pushes came again, and %d times the hints of an account told an agent of another number of items", again, miscounted)
	}
	share := math.Floor(1000*float64(once)/float64(len(s.items)*len(s.agents))) / 10 // one lost of thousands is not 100 %
	s.table.AddAbove(fmt.Sprintf("pushes: %d items to each agent, exactly once", len(s.items)), share, Percent, 99)
}
