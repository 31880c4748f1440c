package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"troupe/testkit/site"
)

var t0 = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

// expect compares what a checker found with one word of each problem, in order.
func expect(t *testing.T, found []Problem, want ...string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("found %v, want %d problems", found, len(want))
	}
	for i, p := range found {
		if !strings.Contains(p.String(), want[i]) {
			t.Errorf("found %q, want something with %q", p, want[i])
		}
	}
}

func TestInsideLeasesSeesBytesAfterTheEnd(t *testing.T) {
	leases := []Lease{
		{Owner: "o", Epoch: 1, Source: "127.0.0.2", From: at(0), Until: at(10)},
		{Owner: "o", Epoch: 2, Source: "127.0.0.3", From: at(17)},
	}
	arrival := func(source string, when float64) site.Arrival {
		return site.Arrival{Owner: "o", Source: source, At: at(when), N: 100}
	}
	expect(t, InsideLeases([]site.Arrival{arrival("127.0.0.2", 5), arrival("127.0.0.2", 10.01), arrival("127.0.0.3", 99)}, leases, 20*time.Millisecond))
	expect(t, InsideLeases([]site.Arrival{arrival("127.0.0.2", 10.5), arrival("127.0.0.2", 11)}, leases, 20*time.Millisecond), "200 bytes from 127.0.0.2")
	expect(t, InsideLeases([]site.Arrival{arrival("127.0.0.3", 12)}, leases, 0), "100 bytes from 127.0.0.3")
	expect(t, InsideLeases([]site.Arrival{{Owner: "stranger", Source: "x", At: at(0), N: 1}}, leases, 0))
	leases[0].Until = at(18)
	expect(t, InsideLeases(nil, leases, 0), "epoch 1 and 2 overlap")
}

func TestLostAndDoubledItemsAreFound(t *testing.T) {
	comment := func(id, text string) Item { return Item{"dy_1", "comments", id, text} }
	injected := []Item{comment("1", "a"), comment("2", "b")}
	expect(t, NothingLost(injected, []Item{comment("2", "b"), comment("1", ""), comment("3", "c")}))
	expect(t, NothingLost(injected, []Item{comment("1", "x")}), "comments/1 has another text", "comments/2 was lost")
	expect(t, NothingDoubled([]Item{comment("1", "a"), {"dy_2", "comments", "1", "a"}, {"dy_1", "discussions", "1", "a"}}))
	expect(t, NothingDoubled([]Item{comment("1", "a"), comment("1", "b"), comment("1", "c")}), "comments/1 is listed more than once")

	expect(t, Announced(injected, []Announcement{{"e1", injected[0]}, {"e2", injected[1]}, {"e1", injected[0]}, {"e9", comment("9", "")}}))
	expect(t, Announced(injected, []Announcement{{"e1", injected[0]}, {"e3", injected[0]}}), "two event ids", "comments/2 was never announced")
	expect(t, HintedOnce(injected))
	expect(t, HintedOnce([]Item{injected[0], injected[0]}), "hinted at more than once")
}

func TestSentOnceJudgesEveryEnd(t *testing.T) {
	post := func(id, text string, code int) site.Entry {
		return site.Entry{Kind: site.KindPost, Owner: "o", Post: &site.Post{Kind: "reply", ID: id, Text: text, Target: "c1", Code: code}}
	}
	reply := func(state string) Reply { return Reply{ID: "r1", Owner: "o", Target: "c1", Text: "hi", State: state} }
	with := func(r Reply, change func(*Reply)) Reply {
		change(&r)
		return r
	}
	cases := []struct {
		name    string
		entries []site.Entry
		replies []Reply
		want    []string
	}{
		{"confirmed", []site.Entry{post("p1", "hi", 0)}, []Reply{with(reply("confirmed"), func(r *Reply) { r.PlatformID, r.ShownSent = "p1", true })}, nil},
		{"refused by the site", []site.Entry{post("", "hi", 15421)}, []Reply{reply("failed")}, nil},
		{"unknown, stands", []site.Entry{post("p1", "hi", 0)}, []Reply{reply("unknown")}, nil},
		{"unknown, does not stand", nil, []Reply{reply("unknown")}, nil},
		{"twice", []site.Entry{post("p1", "hi", 0), post("p2", "hi", 0)}, []Reply{reply("confirmed")}, []string{"stands 2 times"}},
		{"confirmed without a post", nil, []Reply{reply("confirmed")}, []string{"does not stand"}},
		{"confirmed by another item", []site.Entry{post("p1", "hi", 0)}, []Reply{with(reply("confirmed"), func(r *Reply) { r.PlatformID = "p7" })}, []string{"item p7"}},
		{"failed, and stands", []site.Entry{post("p1", "hi", 0)}, []Reply{reply("failed")}, []string{"stands as p1"}},
		{"never ended", nil, []Reply{reply("dispatching")}, []string{"has not ended: dispatching"}},
		{"unknown shown as sent", nil, []Reply{with(reply("unknown"), func(r *Reply) { r.ShownSent = true })}, []string{"shown as sent"}},
		{"to the wrong person", []site.Entry{post("p1", "hi", 0)}, []Reply{with(reply("confirmed"), func(r *Reply) { r.Target = "c2" })}, []string{"not to c2"}},
		{"nobody asked", []site.Entry{post("p1", "spam", 0)}, nil, []string{"asked for by no reply"}},
		{"one text", nil, []Reply{reply("failed"), with(reply("failed"), func(r *Reply) { r.ID = "r2" })}, []string{"r1 and r2"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { expect(t, SentOnce(c.entries, c.replies), c.want...) })
	}
}

type recorder struct{ lines []string }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func TestNoneFailsByEveryProblem(t *testing.T) {
	var r recorder
	None(&r, nil, []Problem{problem("P1", "a"), problem("P3", "b")}, []Problem{problem("P2", "c")})
	if got := strings.Join(r.lines, ","); got != "P1: a,P3: b,P2: c" {
		t.Errorf("reported %s", got)
	}
}
