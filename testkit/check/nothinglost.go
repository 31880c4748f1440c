package check

// Item names one item of an account, wherever it was seen.
type Item struct {
	Account    string
	Collection string // contents comments discussions conversations messages notifications
	ID         string
	Text       string // compared when both sides have one; never reported
}

func (i Item) name() string { return i.Account + "/" + i.Collection + "/" + i.ID }

// NothingLost finds injected items that a listing lacks, or has with another text (P2).
func NothingLost(injected, listed []Item) []Problem {
	have := map[string]Item{}
	for _, it := range listed {
		have[it.name()] = it
	}
	var found []Problem
	for _, it := range injected {
		got, ok := have[it.name()]
		switch {
		case !ok:
			found = append(found, problem("P2", "%s was lost", it.name()))
		case it.Text != "" && got.Text != "" && it.Text != got.Text:
			found = append(found, problem("P2", "%s has another text", it.name()))
		}
	}
	return found
}

// NothingDoubled finds items that one listing shows more than once (P2).
func NothingDoubled(listed []Item) []Problem {
	times := map[string]int{}
	var found []Problem
	for _, it := range listed {
		if times[it.name()]++; times[it.name()] == 2 {
			found = append(found, problem("P2", "%s is listed more than once", it.name()))
		}
	}
	return found
}

// Announcement is one event by which a client learned of an item.
type Announcement struct {
	EventID string // of a channel with a cursor: the same at every repetition
	Item    Item
}

// Announced judges one client's log of a channel with a cursor: every injected item came at least once, and every
// time under one event id (P2). Items that were not injected are not judged.
func Announced(injected []Item, log []Announcement) []Problem {
	event := map[string]string{}
	var found []Problem
	changed := map[string]bool{}
	for _, a := range log {
		name := a.Item.name()
		before, again := event[name]
		if again && before != a.EventID {
			changed[name] = true
		}
		event[name] = a.EventID
	}
	for _, it := range injected {
		switch _, came := event[it.name()]; {
		case !came:
			found = append(found, problem("P2", "%s was never announced", it.name()))
		case changed[it.name()]:
			found = append(found, problem("P2", "%s was announced under two event ids", it.name()))
		}
	}
	return found
}

// HintedOnce judges one client's log of a channel without a cursor: no item came twice (P2).
func HintedOnce(log []Item) []Problem {
	times := map[string]int{}
	var found []Problem
	for _, it := range log {
		if times[it.name()]++; times[it.name()] == 2 {
			found = append(found, problem("P2", "%s was hinted at more than once", it.name()))
		}
	}
	return found
}
