package figures

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"troupe/testkit/faults"
	"troupe/testkit/proc"
	"troupe/testkit/site"
)

// What the specification's figures are measured with. Its own words: memory < 200 MB (100 accounts), delay of data sync < 30 s, response time of
// the IM interface < 100 ms, success of the workers' pushes > 99 %.
const (
	specWorkers  = 3
	specAccounts = 100
	specAgents   = 5
	specRounds   = 3                     // at once on a worker, as the program's own default
	specStream   = 60 * time.Second      // of items
	specPause    = 50 * time.Millisecond // between two
	specPatience = 60 * time.Second      // until the last item of the stream must have come
	specCalm     = 2 * time.Second       // after it, in which nothing may come twice
	specAfter    = 10 * time.Second      // after a link is healed, in which an item still counts as cut off

	siteHost   = "site"
	agentsHost = "desk"
	agentsFrom = "10.77.0.0/24" // the made-up network
)

// specification is the stage of the specification's figures: a master that runs no accounts, workers with fake browsers, agents, and the site, each
// on a machine of its own in a made-up network.
type specification struct {
	*stage
	net     *faults.Net
	cluster *proc.Cluster
	agents  []*agent
	items   map[string]specItem // by id
}

// BenchmarkSpecification prints the four figures that the specification asks for, from one run whose links are cut again and again. It fails when an
// item is lost or comes twice; a target that is missed is a word in the table. Only root can cut links.
func BenchmarkSpecification(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Fatal("only root can make a network to cut: make bench asks sudo for it")
	}
	b.Cleanup(proc.Clean)
	began := time.Now()
	step := func(what string) { fmt.Printf("%5.1fs  %s\n", time.Since(began).Seconds(), what) }
	fmt.Println()
	t := &Table{Title: title(b)}
	step(fmt.Sprintf("build the program, start a master and %d workers", specWorkers))
	s := newSpecification(b, t)
	step(fmt.Sprintf("%d accounts of the specification's size", specAccounts))
	s.bringIn()
	step(fmt.Sprintf("%d agents; %s of items, 20 a second, while links are cut", specAgents, specStream))
	s.openDesk()
	s.stream()
	step("wait for the last items")
	s.awaitAll()
	s.addMemory()
	s.addDelays()
	s.addAnswers()
	s.addPushes()
	step("done; load average now " + load(b))
	fmt.Println()
	if err := t.Print(os.Stdout); err != nil {
		b.Fatal(err)
	}
	fmt.Println()
}

func newSpecification(b *testing.B, t *Table) *specification {
	b.Helper()
	hosts := []string{siteHost, agentsHost, proc.MasterName}
	for n := range specWorkers {
		hosts = append(hosts, workerName(n))
	}
	s := &specification{net: faults.NewNet(b, hosts...), items: map[string]specItem{}}
	at := s.net.Host(siteHost)
	web, err := site.Start(site.Options{Seed: 1, Addr: at.Addr.String() + ":443", Listen: at.Listen})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := web.Close(); err != nil {
			b.Error(err)
		}
	})
	s.cluster = proc.StartCluster(b, proc.ClusterOptions{
		Options: proc.Options{Dial: web.Addr(), Pins: []string{web.SPKI()}}, Workers: specWorkers,
		Place: func(name string) proc.Place {
			host := s.net.Host(name)
			if name == proc.MasterName {
				return proc.Place{Addr: host.Addr, Spawn: host.Start}
			}
			return proc.Place{Addr: host.Addr, Spawn: func(cmd *exec.Cmd) error {
				if err := asFakeWorker(cmd); err != nil {
					return err
				}
				return host.Start(cmd)
			}}
		},
		Each: func(name string) []string {
			if name != proc.MasterName {
				return nil
			}
			return []string{"--log-level", "info", "--im-push", "--im-networks", agentsFrom, "--hosts", s.net.Host(name).Addr.String()}
		},
	})
	s.stage = &stage{B: b, table: t, web: web, node: s.cluster.Master, owners: map[string]site.Owner{}}
	return s
}

func workerName(n int) string { return fmt.Sprintf("worker-%d", n+1) }

// bringIn adds the accounts, logged in, each with as much as the specification gives it, and waits until all of that is collected.
func (s *specification) bringIn() {
	s.Helper()
	folder := s.TempDir()
	for n := range specAccounts {
		s.leaveLogin(folder, fmt.Sprintf("shop-%03d", n))
	}
	if _, stderr, status := s.node.CLI("account", "import", folder, "--platform", "sandbox", "--yes"); status != 0 {
		s.Fatalf("troupe account import: %s", stderr)
	}
	s.await("all accounts are watched, and were seen whole", time.Second, func() bool {
		whole := 0
		for _, a := range s.all() {
			if a.State == "watching" && a.GateOpen && a.Rounds > 0 {
				whole++
			}
		}
		return whole == specAccounts
	})
}

// leaveLogin makes an owner, and leaves a login of it where an import finds it.
func (s *specification) leaveLogin(folder, account string) {
	s.Helper()
	owner, err := s.web.CreateOwner(site.NewOwner{Nickname: account, Empty: true})
	if err == nil {
		err = s.web.Fill(site.Fill{Owner: owner.UID, Works: 10, Comments: 150, Conversations: 20, Messages: 200})
	}
	if err != nil {
		s.Fatal(err)
	}
	s.accounts, s.owners[account] = append(s.accounts, account), owner
	state, err := json.Marshal(map[string]any{"origins": []any{}, "cookies": []map[string]any{{
		"name": "sb_session", "value": s.web.LoggedInElsewhere(owner.UID), "domain": ".sandbox.test", "path": "/",
		"expires": time.Now().AddDate(0, 1, 0).Unix(), "httpOnly": true, "secure": true, "sameSite": "Lax",
	}}})
	if err != nil {
		s.Fatal(err)
	}
	dir := filepath.Join(folder, "storage-states")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, account+"_storage.json"), state, 0o600); err != nil {
		s.Fatal(err)
	}
}

// openDesk joins the agents, and waits until each has had its channels.
func (s *specification) openDesk() {
	s.Helper()
	ctx, hangUp := context.WithCancel(s.Context())
	var wg sync.WaitGroup
	s.Cleanup(func() {
		hangUp()
		wg.Wait()
	})
	client := &http.Client{Transport: &http.Transport{
		DialContext: s.net.Host(agentsHost).DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the gateway's own certificate
	}}
	for range specAgents {
		a, err := join(ctx, s.node.URL, client, &wg)
		if err != nil {
			s.Fatal(err)
		}
		s.agents = append(s.agents, a)
	}
	s.await("all agents have the topics of all accounts", 50*time.Millisecond, func() bool {
		return !slices.ContainsFunc(s.agents, func(a *agent) bool {
			lists, _ := a.answers()
			return len(lists) < specAccounts
		})
	})
}
