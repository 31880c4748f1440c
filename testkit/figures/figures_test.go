package figures

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"troupe/actors/gateway/api"
	"troupe/testkit/imclient"
	"troupe/testkit/proc"
)

const (
	pushes      = 150 // comments whose way to the clients is timed
	quietRounds = 20
	busyRounds  = 10
	busyItems   = 25    // that a busy round finds
	few, many   = 5, 10 // accounts side by side
	kills       = 3     // of the node
)

// BenchmarkFigures measures everything once and prints the table; `make bench` runs it.
func BenchmarkFigures(b *testing.B) {
	b.Cleanup(proc.Clean)
	began := time.Now()
	step := func(what string) { fmt.Printf("%5.1fs  %s\n", time.Since(began).Seconds(), what) }
	fmt.Println()
	t := &Table{Title: title(b)}
	step("store: ingest, loading, memory, queries")
	addPackageFigures(b, t)
	step("build the program, start a node, log an account in")
	s := newStage(b, t)
	account := s.logIn("小厨娘阿月")
	step(fmt.Sprintf("%d pushed comments to both kinds of clients", pushes))
	s.timePushes(account)
	step(fmt.Sprintf("%d quiet rounds, %d busy ones", quietRounds, busyRounds))
	s.countRounds(account)
	s.weigh("1 account", 0) // what it would share with others is its own
	step("a Chromium started and started again, and pages that are not kept")
	s.timeStarts(account)
	for _, side := range []int{few, many} {
		step(fmt.Sprintf("%d accounts side by side, at their own pace", side))
		for len(s.accounts) < side {
			s.logIn(fmt.Sprint("店主", len(s.accounts)))
		}
		s.idle(fmt.Sprintf("quiet account of %d at its own pace, of one core", side), 30*time.Second)
		s.weigh(fmt.Sprintf("mean of %d accounts", side), 140)
	}
	step("browsers killed")
	var again Sample
	for _, id := range s.accounts[:4] {
		again = append(again, s.killBrowser(id))
	}
	step("the node killed and started again")
	s.killNode()
	again = append(again, s.killBrowser(account))
	t.Add("browser crash to a finished round, p50 of 5", again.Quantile(0.5).Seconds(), Seconds, 3)
	t.Add("browser crash to a finished round, slowest of 5", again.Quantile(1).Seconds(), Seconds, 10)
	step("done; load average now " + load(b))
	fmt.Println()
	if err := t.Print(os.Stdout); err != nil {
		b.Fatal(err)
	}
	fmt.Println()
}

// title names the commit, the day and the machine.
func title(b *testing.B) string {
	commit, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		commit = []byte("unknown commit")
	}
	return fmt.Sprintf("troupe %s, %s, %s/%s, %d cores, load average at the start %s",
		strings.TrimSpace(string(commit)), time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load(b))
}

func load(b *testing.B) string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		b.Fatal(err)
	}
	l, err := fs.LoadAvg()
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%.1f", l.Load1)
}

// timePushes takes the time from the site's push to the client's hint and to the event of a stream: through the site's own
// socket, the gate, Chromium, the actors, the disk and the gateway.
func (s *stage) timePushes(account string) {
	s.Helper()
	client := imclient.Start(s.B, s.node.URL)
	client.Expect("monitor:channels", nil)
	streamed, hangUp := s.stream(account)
	defer hangUp()
	var toHint, toStream, fromStore Sample
	var injected []time.Time
	for n := range pushes {
		time.Sleep(100*time.Millisecond + rand.N(100*time.Millisecond)) // so that no two are one commit
		injected = append(injected, time.Now())
		c := s.comment(account, n, false)
		client.Expect("monitor:new_message_hint", nil)
		select {
		case e := <-streamed:
			if e.id != c.ID {
				s.Fatalf("the stream told of %s, not of %s", e.id, c.ID)
			}
			toStream = append(toStream, e.at.Sub(injected[n]))
			fromStore = append(fromStore, e.at.Sub(e.detected))
		case <-time.After(imclient.Patience):
			s.Fatal("the stream did not tell of a comment")
		}
	}
	for _, e := range client.Events() {
		if e.Event == "monitor:new_message_hint" && len(toHint) < len(injected) {
			toHint = append(toHint, time.UnixMilli(e.At).Sub(injected[len(toHint)]))
		}
	}
	client.Stop()
	for _, way := range []struct {
		name   string
		sample Sample
	}{{"Socket.IO client", toHint}, {"SSE client", toStream}} {
		s.table.Add("site's push to "+way.name+", p50", Millis(way.sample.Quantile(0.5)), Milliseconds, 0)
		s.table.Add("site's push to "+way.name+", p99", Millis(way.sample.Quantile(0.99)), Milliseconds, 150)
	}
	s.table.Add("of it, from the store's merge to SSE client, p99", Millis(fromStore.Quantile(0.99)), Milliseconds, 0)
}

// told is a new item that a stream told of.
type told struct {
	id       string
	detected time.Time // when the store merged it, to the millisecond
	at       time.Time
}

// stream follows the account's new comments until the caller hangs up.
func (s *stage) stream(account string) (events <-chan told, hangUp func()) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://localhost"+api.Prefix+"/events?types=item&account="+account, nil)
	if err != nil {
		s.Fatal(err)
	}
	res, err := s.node.HTTP().Do(r)
	if err != nil {
		s.Fatal(err)
	}
	out, over := make(chan told, pushes), make(chan struct{})
	go func() {
		defer close(over)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			var e api.ItemEvent
			data, is := strings.CutPrefix(lines.Text(), "data: ")
			if is && json.Unmarshal([]byte(data), &e) == nil && e.Change == "new" && e.Item.Collection == "comments" {
				out <- told{e.Item.ID, time.UnixMilli(e.Item.DetectedAt), time.Now()}
			}
		}
	}()
	return out, func() {
		res.Body.Close()
		<-over
	}
}

// countRounds counts the processor time of node and Chromium per round: where nothing is new, and where much is that no
// page was told of.
func (s *stage) countRounds(account string) {
	s.Helper()
	whole, chromium := s.perRound(account, quietRounds, func() {})
	s.table.Add("CPU per quiet round, node and Chromium", whole, CPUMillis, 2000./20)
	s.table.Add("CPU per quiet round, Chromium alone", chromium, CPUMillis, 0)
	held := s.account(account).Counts
	n := 0
	whole, chromium = s.perRound(account, busyRounds, func() {
		for range busyItems {
			n++
			s.comment(account, n, true)
		}
	})
	if found := s.account(account).Counts.Comments - held.Comments; found != int64(n) {
		s.Fatalf("busy rounds found %d of %d comments", found, n)
	}
	s.table.Add(fmt.Sprintf("CPU per busy round (%d new comments)", busyItems), whole, CPUMillis, 0)
	s.table.Add("CPU per busy round, Chromium alone", chromium, CPUMillis, 0)
}

// perRound is the processor time of a round in milliseconds, as the mean of at least so many.
func (s *stage) perRound(account string, rounds int, before func()) (whole, chromium float64) {
	s.Helper()
	browser := s.node.BrowserMain(account)
	first, from, fromBrowser := s.account(account).Rounds, s.cpu(s.node.PID()), s.cpu(browser)
	for range rounds {
		before()
		s.round(account)
	}
	made := float64(s.account(account).Rounds - first)
	return Millis(s.cpu(s.node.PID())-from) / made, Millis(s.cpu(browser)-fromBrowser) / made
}

func (s *stage) cpu(pid int) time.Duration {
	s.Helper()
	used, err := CPU(pid)
	if err != nil {
		s.Fatal(err)
	}
	return used
}

// idle counts what accounts cost that nobody writes to, at the pace of looking that their platform has.
func (s *stage) idle(what string, during time.Duration) {
	s.Helper()
	from := s.cpu(s.node.PID())
	time.Sleep(during)
	used := s.cpu(s.node.PID()) - from
	s.table.Add(what, 100*used.Seconds()/during.Seconds()/float64(len(s.accounts)), Percent, 0)
}

// weigh adds the memory of the accounts' browsers, per account.
func (s *stage) weigh(of string, below float64) {
	s.Helper()
	var sum Memory
	for _, id := range s.accounts {
		m, err := MemoryOf(s.node.BrowserMain(id))
		if err != nil {
			s.Fatal(err)
		}
		sum.Private, sum.Share = sum.Private+m.Private, sum.Share+m.Share
	}
	accounts := float64(len(s.accounts))
	s.table.Add("Chromium's private memory (USS), "+of, float64(sum.Private)/accounts/1e6, Megabytes, below)
	s.table.Add("Chromium's share of memory (PSS), "+of, float64(sum.Share)/accounts/1e6, Megabytes, 0)
}

// killBrowser takes the time from the death of an account's browser to the end of the next round.
func (s *stage) killBrowser(account string) time.Duration {
	s.Helper()
	before := s.account(account)
	if err := syscall.Kill(s.node.BrowserMain(account), syscall.SIGKILL); err != nil {
		s.Fatal(err)
	}
	return s.await("another browser made a round", 20*time.Millisecond, func() bool {
		a := s.account(account)
		return a.State == "watching" && a.BrowserStarts > before.BrowserStarts && a.Rounds > before.Rounds
	})
}

// killNode takes the times from the node's death to its first answer and to the first and last account watching again.
func (s *stage) killNode() {
	s.Helper()
	var answer, first, last Sample
	for range kills {
		before := s.all()
		watching := func() (n int) {
			for _, a := range s.all() {
				i := slices.IndexFunc(before, func(b api.Account) bool { return b.ID == a.ID })
				if a.State == "watching" && a.GateOpen && a.BrowserPID != 0 && a.BrowserPID != before[i].BrowserPID {
					n++
				}
			}
			return n
		}
		killed := time.Now()
		s.node.Kill()
		started := time.Now()
		s.node.Restart()
		s.await("the node answers", 5*time.Millisecond, func() bool { return len(s.all()) == len(before) })
		answer = append(answer, time.Since(started))
		s.await("an account watches again", 20*time.Millisecond, func() bool { return watching() > 0 })
		first = append(first, time.Since(killed))
		s.await("all accounts watch again", 20*time.Millisecond, func() bool { return watching() == len(before) })
		last = append(last, time.Since(killed))
	}
	accounts := float64(len(s.accounts))
	slope := 3 * accounts / float64(runtime.NumCPU())
	s.table.Add("node's start to its first answer", answer.Quantile(0.5).Seconds(), Seconds, 1)
	s.table.Add("node killed to the first account watching", first.Quantile(0.5).Seconds(), Seconds, 6)
	s.table.Add(fmt.Sprintf("node killed to all %.0f accounts watching", accounts), last.Quantile(0.5).Seconds(), Seconds, 6+slope)
}
