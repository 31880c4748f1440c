package gateway

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/actors/gateway/im"
	"troupe/testkit/imclient"
)

// contract is testdata/contract.json; its "about" explains it.
type contract struct {
	Shapes map[string]shape `json:"shapes"`
	In     []inRow          `json:"in"`
	Out    []outRow         `json:"out"`
}

type inRow struct {
	Section, Priority, Namespace, Event, Case string

	Send   json.RawMessage // null is sent as null, as the PC client does
	Caller [][]string      // what only the sender gets, in the order of each list
	All    [][]string      // what everybody gets
}

type outRow struct {
	Section, Priority, Namespace, Event, Scope string

	Payloads []json.RawMessage // shapes, or the names of shapes
}

func (r inRow) name() string {
	name := r.Section + " " + place(r.Namespace) + " " + r.Event
	if r.Case != "" {
		name += ": " + r.Case
	}
	return name
}

func place(namespace string) string {
	if namespace == "" {
		return im.Inbox
	}
	return namespace
}

func readContract(t *testing.T) *contract {
	t.Helper()
	raw, err := os.ReadFile("testdata/contract.json")
	if err != nil {
		t.Fatal(err)
	}
	var c contract
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// TestContractRowByRow plays every MUST and SHOULD row of the wire contract with unmodified clients, two in each namespace: one that
// asks, and one that only listens.
func TestContractRowByRow(t *testing.T) {
	c := readContract(t)
	s := newStage(t)
	for _, row := range c.In {
		t.Run(row.name(), func(t *testing.T) { s.play(t, row) })
	}
	s.tellStories()
	for _, namespace := range im.Namespaces {
		s.settle(t, namespace)
	}
	for _, row := range c.Out {
		t.Run(row.Section+" "+place(row.Namespace)+" "+row.Event, func(t *testing.T) { s.judge(t, c, row) })
	}
	t.Run("nothing else was sent", func(t *testing.T) { s.onlyContract(t, c) })
}

// TestTheTableOfEventsIsTheContract compares the server's own table with the contract: neither has a row that the other has not.
func TestTheTableOfEventsIsTheContract(t *testing.T) {
	c := readContract(t)
	rows := map[string]bool{}
	for _, r := range c.In {
		rows[fmt.Sprint(im.In, place(r.Namespace), r.Event)] = true
	}
	for _, r := range c.Out {
		rows[fmt.Sprint(im.Out, place(r.Namespace), r.Event)] = true
	}
	for _, e := range im.Events {
		key := fmt.Sprint(e.Direction, e.Namespace, e.Name)
		if !rows[key] {
			t.Errorf("%s stands in no row of the contract", key)
		}
		delete(rows, key)
	}
	for key := range rows {
		t.Errorf("%s is not in the server's table", key)
	}
}

// play sends one row's event, lets store and master do their part, and checks what came, to whom, in which order.
func (s *stage) play(t *testing.T, row inRow) {
	pair := s.pairs[place(row.Namespace)]
	before, beforeOther := len(pair.caller.Events()), len(pair.other.Events())
	pair.caller.Emit(row.Event, row.Send)
	if act := s.acts[row.Event+": "+row.Case]; act != nil {
		act()
	} else if act := s.acts[row.Event]; act != nil && row.Case != "incomplete" {
		act()
	}
	for _, list := range slices.Concat(row.Caller, row.All) {
		await(t, pair.caller, before, list)
	}
	for _, list := range row.All {
		await(t, pair.other, beforeOther, list)
	}
	s.settle(t, place(row.Namespace))
	probed := false
	for _, e := range pair.other.Events()[beforeOther:] {
		if e.Event == probes[place(row.Namespace)][1] && !probed {
			probed = true // it asked for this one itself
			continue
		}
		answersReply := row.Event == im.ReplyEvent && e.Event == im.SendingQueueEvent // goes to everybody as well
		if contains(row.Caller, e.Event) && !contains(row.All, e.Event) && !answersReply {
			t.Errorf("%s was sent to everybody, but is the caller's", e.Event)
		}
	}
}

func contains(lists [][]string, event string) bool {
	return slices.ContainsFunc(lists, func(list []string) bool { return slices.Contains(list, event) })
}

// await waits until the events came in that order after the first from ones, others between them or not.
func await(t *testing.T, c *imclient.Client, from int, events []string) {
	t.Helper()
	var names []string
	for end := time.Now().Add(imclient.Patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		names = names[:0]
		missing := events
		for _, e := range c.Events()[from:] {
			names = append(names, e.Event)
			if len(missing) > 0 && e.Event == missing[0] {
				missing = missing[1:]
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("want %s in this order; got %s", strings.Join(events, ", "), strings.Join(names, ", "))
}

// judge checks every payload of one outbound row, that it reached whom it must, and that each of its payloads came.
func (s *stage) judge(t *testing.T, c *contract, row outRow) {
	pair := s.pairs[place(row.Namespace)]
	came := make([]bool, len(row.Payloads))
	count := map[*imclient.Client]int{}
	for _, client := range []*imclient.Client{pair.caller, pair.other} {
		for _, e := range client.Events() {
			if e.Event != row.Event {
				continue
			}
			count[client]++
			if problems := c.matches(row, e.Payload, came); problems != "" {
				t.Fatalf("%s\n%s", problems, e.Payload)
			}
		}
	}
	for i, ok := range came {
		if !ok {
			t.Errorf("no payload of the form %s came", row.Payloads[i])
		}
	}
	if count[pair.caller] == 0 || row.Scope == "all" && count[pair.other] == 0 {
		t.Errorf("the caller got %d, the other %d", count[pair.caller], count[pair.other])
	}
}

// matches says why a payload has none of the row's forms, and otherwise notes the form that came.
func (c *contract) matches(row outRow, payload json.RawMessage, came []bool) string {
	var problems []string
	for i, form := range row.Payloads {
		problem := c.fits(payload, form)
		if problem == "" {
			came[i] = true
			return ""
		}
		problems = append(problems, problem)
	}
	return strings.Join(problems, "\n")
}

func (s *stage) onlyContract(t *testing.T, c *contract) {
	for namespace, pair := range s.pairs {
		for _, e := range slices.Concat(pair.caller.Events(), pair.other.Events()) {
			known := slices.ContainsFunc(c.Out, func(r outRow) bool { return place(r.Namespace) == namespace && r.Event == e.Event })
			if !known && !strings.HasPrefix(e.Event, "$") {
				t.Errorf("%s was sent in %s", e.Event, namespace)
			}
		}
	}
}
