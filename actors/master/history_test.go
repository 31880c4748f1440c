package master

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/account/browser"
	"troupe/cluster/lease"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
)

// The size of a history's cluster: one node may be away, and there is still room for all accounts.
const (
	crewsOfHistory    = 3
	accountsOfHistory = 6
	capacityOfCrew    = 3
)

// TestAtMostOneHolderAtAnyInstantAndNothingStranded lets a real master, with real workers and keepers, live through random histories: delays,
// cuts, restarts of nodes with and without proof, restarts and upgrades of the master, restored backups, moves, drains and pauses. Whenever
// a gate opens, no other gate of its account is open. When all is well again every account runs once.
func TestAtMostOneHolderAtAnyInstantAndNothingStranded(t *testing.T) {
	histories := testkit.Runs(t, 6, 300)
	bin := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\necho Chromium 156.0.0.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	browsers, err := browser.OpenHost(t.Context(), browser.HostConfig{Bin: bin, Log: testkit.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	base := uint64(time.Now().UnixNano())
	moved := 0
	for i := range histories {
		seed := base + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			root := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, browsers, root, seed)
				for range 40 {
					h.step()
				}
				h.settle()
				moved += h.opened
			})
		})
	}
	if moved <= histories*accountsOfHistory {
		t.Errorf("no account ever moved: the histories prove nothing")
	}
}

type history struct {
	*stage
	browsers    *browser.Host
	definitions *definition.Registry
	nobody      *actor.PID // the store, as workers see it
	random      *rand.Rand
	crews       []*crew
	backup      map[string]map[string][]byte
	log         []string // what happened, for people

	mu     sync.Mutex
	master *actor.PID // nil while there is none
	table  *lease.Table
	gates  []*gateOf
	lives  int // of the master
	opened int // gates that opened for the first time
}

// gateOf is one account's gate on one node.
type gateOf struct {
	h     *history
	node  messages.NodeID
	pair  lease.Pair
	until time.Duration
	was   bool // open, once
	left  bool // its browser outlived its node: only time shuts it
}

func newHistory(t *testing.T, browsers *browser.Host, root string, seed uint64) *history {
	s := newIdleStage(t)
	h := &history{stage: s, browsers: browsers, random: rand.New(rand.NewPCG(seed, 0)), nobody: testkit.Probe(t, s.sys).PID()}
	var err error
	if h.definitions, err = definition.NewRegistry(sandbox.FS); err != nil {
		t.Fatal(err)
	}
	h.begin()
	for i := range crewsOfHistory {
		id := messages.NodeID(fmt.Sprintf("w%d", i))
		n := &crew{h: h, id: id, root: filepath.Join(root, string(id)), random: rand.New(rand.NewPCG(seed, uint64(i)+9))}
		if err := os.Mkdir(n.root, 0o755); err != nil {
			t.Fatal(err)
		}
		h.crews = append(h.crews, n)
		n.start()
		t.Cleanup(n.kill)
	}
	for i := range accountsOfHistory {
		s.client.Send(h.stage.master, &messages.CreateAccount{Platform: "sandbox", Name: fmt.Sprint(i)})
		testkit.Expect[*messages.AccountDone](s.client, nil)
	}
	h.backup = s.backup()
	return h
}

// begin starts a life of the master.
func (h *history) begin() {
	h.startMaster()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lives++
	h.master, h.table = h.stage.master, h.leases
}

// end stops the master's process, with or without a word.
func (h *history) end(parting bool) {
	if parting {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if _, err := actors.Ask[Parted](ctx, h.sys.Root, h.stage.master, Part{}); err != nil {
			h.t.Error(err)
		}
		cancel()
		time.Sleep(4 * time.Second)
	}
	h.mu.Lock()
	h.master, h.table = nil, nil
	h.mu.Unlock()
	if err := h.sys.Root.StopFuture(h.stage.master).Wait(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) masterNow() *actor.PID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.master
}

func (h *history) tableNow() *lease.Table {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.table
}

func (h *history) lifeNow() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lives
}

func (h *history) isCut(n *crew) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return n.cut
}

func (h *history) cut(n *crew, cut bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n.cut = cut
}

// pass is the way of a beat or of its answer.
func (h *history) pass(ctx context.Context, n *crew) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(50 * time.Millisecond):
	}
	if h.isCut(n) {
		<-ctx.Done()
		return false
	}
	return true
}

func (h *history) gate(id messages.NodeID, pair lease.Pair) *gateOf {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := &gateOf{h: h, node: id, pair: pair}
	h.gates = append(h.gates, g)
	return g
}

// Extend opens the gate and looks whether another one of its account is open.
func (g *gateOf) Extend(until time.Duration) {
	h, now := g.h, sinceBoot()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range h.gates {
		if other != g && other.pair.Account == g.pair.Account && now < other.until && now < until {
			h.t.Errorf("%s opens on %s@%s, and is open on %s@%s\n%s", g.pair.Account, g.node, g.pair.Epoch, other.node, other.pair.Epoch, strings.Join(h.log, "\n"))
		}
	}
	if !g.was {
		g.was = true
		h.opened++
	}
	g.until = max(g.until, until)
}

// Shut shuts it.
func (g *gateOf) Shut(string) {
	g.h.mu.Lock()
	defer g.h.mu.Unlock()
	if !g.left {
		g.until = 0
	}
}

// leave lets what runs on a node outlive its process, as on a machine of which a copy was started.
func (h *history) leave(n *crew) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.gates {
		g.left = g.left || g.node == n.id
	}
}

func (h *history) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, fmt.Sprintf("%8s ", time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Round(100*time.Millisecond))+fmt.Sprintf(format, args...))
}

func (h *history) seconds(most int) time.Duration {
	return time.Duration(h.random.IntN(most*1000)) * time.Millisecond
}

// step is one event, and some time.
func (h *history) step() {
	n := h.crews[h.random.IntN(len(h.crews))]
	id := fmt.Sprintf("sb_%d", 1+h.random.IntN(accountsOfHistory))
	switch h.random.IntN(16) {
	case 0, 1:
		h.note("cut or heal %s", n.id)
		h.cut(n, !h.isCut(n))
	case 2, 3:
		proof := h.random.IntN(3) > 0
		h.note("%s is killed and starts again, with proof: %v", n.id, proof)
		if !proof {
			h.leave(n)
			n.boot++
		}
		n.kill()
		time.Sleep(h.seconds(25))
		n.start()
	case 4, 5:
		parting, away := h.random.IntN(2) == 0, h.seconds(40)
		h.note("the master restarts, parting %v, away %s", parting, away)
		h.end(parting)
		time.Sleep(away)
		h.begin()
	case 6:
		if h.random.IntN(3) == 0 {
			h.note("the master is restored from a backup")
			h.end(false)
			h.restoreRecords(h.stage.records, h.backup)
			h.begin()
		}
	case 7:
		h.note("a backup")
		h.backup = h.stage.backup()
	case 8:
		h.tell("pause "+id, &messages.PauseAccount{Account: id})
	case 9:
		h.tell("resume "+id, &messages.ResumeAccount{Account: id})
	case 10, 11, 12:
		h.tell(fmt.Sprintf("move %s to %s", id, n.id), &messages.MoveAccount{Account: id, Worker: string(n.id)})
	case 13:
		h.tell("drain "+string(n.id), &messages.DrainWorker{Worker: string(n.id), Leaving: h.random.IntN(3) == 0})
	case 14:
		h.tell("undrain "+string(n.id), &messages.UndrainWorker{Worker: string(n.id)})
	}
	time.Sleep(h.seconds(15))
}

func (h *history) tell(what string, command any) {
	h.note("%s", what)
	h.client.Send(h.stage.master, command)
}

// restoreRecords puts a backup in the place of the records, as the command does.
func (h *history) restoreRecords(now, backup map[string]map[string][]byte) {
	clear(now)
	var puts []*messages.Put
	for table, rows := range backup {
		now[table] = maps.Clone(rows)
		for key, value := range rows {
			puts = append(puts, &messages.Put{Table: table, Key: key, Value: value})
		}
	}
	for _, p := range Restored(puts, time.Now()) {
		if now[p.GetTable()] == nil {
			now[p.GetTable()] = map[string][]byte{}
		}
		now[p.GetTable()][p.GetKey()] = p.GetValue()
	}
}

// settle lets everything be well, and looks that every account runs once.
func (h *history) settle() {
	h.note("all is well")
	for _, n := range h.crews {
		h.cut(n, false)
		h.tell("undrain "+string(n.id), &messages.UndrainWorker{Worker: string(n.id)})
	}
	for i := range accountsOfHistory {
		h.tell("resume", &messages.ResumeAccount{Account: fmt.Sprintf("sb_%d", i+1)})
	}
	time.Sleep(6 * time.Minute)
	synctest.Wait()
	h.mu.Lock()
	open := map[messages.AccountID]int{}
	for _, g := range h.gates {
		if sinceBoot() < g.until {
			open[g.pair.Account]++
		}
	}
	h.mu.Unlock()
	for _, a := range h.board.Load().Accounts {
		if open[a.ID()] != 1 {
			h.t.Errorf("account %s is open %d times: %s, %s\n%s\n%s", a.ID(), open[a.ID()], a.Record, a.Status.GetReason(), said(a.Decisions), strings.Join(h.log, "\n"))
		}
	}
	for _, n := range slices.Backward(h.crews) {
		n.kill()
	}
}

func said(decisions []*messages.Decision) string {
	var out []string
	for _, d := range decisions {
		out = append(out, fmt.Sprintf("%s %s@%s: %s", d.GetWhat(), d.GetWorker(), messages.Epoch(d.GetEpoch()), d.GetReason()))
	}
	return strings.Join(out, "\n")
}
