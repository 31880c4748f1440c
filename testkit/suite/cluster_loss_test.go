package suite

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"troupe/actors/gateway/api"
	"troupe/messages"
	"troupe/testkit"
	"troupe/testkit/check"
	"troupe/testkit/faults"
)

// TestClusterKilledWorkerIsBackAtOnce kills a worker's process and starts it again: its accounts stay its own, logged in. (In full: ten
// times, with three accounts, and nothing beside it.)
func TestClusterKilledWorkerIsBackAtOnce(t *testing.T) {
	start, accounts := newCluster, 4
	if testkit.Full {
		start, accounts = newLoneCluster, 6
	}
	c := start(t, 2)
	c.bringIn(accounts)
	for range testkit.Runs(t, 1, 10) {
		victim := c.Workers[0]
		moving := c.on(victim.Name)
		meanwhile := c.injectEach(c.accounts, "节点死了")
		began := time.Now()
		victim.Kill()
		victim.Restart()
		first := time.Duration(0)
		c.eventually("all accounts collect again", 15*time.Second, func() bool {
			again := c.collecting(moving, began)
			if again > 0 && first == 0 {
				first = time.Since(began)
			}
			return again == len(moving)
		})
		t.Logf("first account after %s, all after %s", first.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
		c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	}
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// collecting counts the accounts that have finished a round since then.
func (c *cluster) collecting(accounts []string, since time.Time) (count int) {
	for _, a := range c.stage.accounts() {
		if slices.Contains(accounts, a.ID) && a.State == "watching" && a.LastRound > since.UnixMilli() {
			count++
		}
	}
	return count
}

// TestClusterLostHostIsReplacedAsRoot takes a worker's machine off the network for good, in the middle of a reply, before or after its
// ticket. Its accounts come up elsewhere, logged in; the reply ends, and stands once at most. Then the other machine is lost. (In full: 40
// machines, of four clusters.)
func TestClusterLostHostIsReplacedAsRoot(t *testing.T) {
	testkit.NeedsRoot(t)
	t.Parallel()
	losses := testkit.Runs(t, 2, 40)
	clusters := max(1, losses/10)
	for i := range clusters {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			c := newNetwork(t, 2, "--dev-pace", "0.2")
			c.bringIn(3)
			for round := range losses / clusters {
				c.losesHost(round, []moment{beforeTicket, afterTicket}[round%2])
			}
			c.loggedInWithoutCodes()
			c.announcedOnce()
		})
	}
}

// losesHost takes the machine of the first account off the network at that moment of a reply, kills what runs there, and brings it back when
// all is well elsewhere.
func (c *cluster) losesHost(round int, m moment) {
	c.t.Helper()
	account := c.accounts[0]
	lost := c.worker(c.stage.account(account).Node)
	heard := lost
	if m.name == afterTicket.name {
		heard = c.Master // which gives it
	}
	moving := c.on(lost.Name)
	text := fmt.Sprintf("%s %d", m.name, round)
	target := c.comment(account, "给 "+text)
	c.eventually("the comment is stored", 30*time.Second, func() bool { return c.has(account, messages.Comments, target.ID) })
	var reply api.Reply
	var began time.Time
	faults.AtLogLine(c.t, heard, 40*time.Second, func() {
		reply = c.reply(api.NewReply{Account: account, Target: &api.Target{Kind: "comment", CommentID: target.ID}, Content: text})
	}, func() {
		c.net.Down(lost.Name)
		began = time.Now()
		c.ends = append(c.ends, check.End{Source: lost.Addr, At: began})
		lost.Kill()
	}, m.words...)
	meanwhile := c.injectEach(c.accounts, "机器没了")
	c.eventually("the first account is elsewhere", 25*time.Second, func() bool { return c.collecting(moving, began) > 0 })
	c.t.Logf("first account elsewhere after %s", time.Since(began).Round(time.Millisecond))
	c.eventually("all are elsewhere", 20*time.Second, func() bool { return len(c.on(lost.Name)) == 0 && c.collecting(moving, began) == len(moving) })
	c.eventually("what was written meanwhile is stored", 20*time.Second, meanwhile)
	end := c.replyEnds(reply.ID, 60*time.Second)
	c.t.Logf("the reply that was lost %s: %s, posted %d times", m.name, end.State, c.posts(text))
	c.net.Up(lost.Name)
	lost.Restart()
}

// TestClusterKilledAtRandomLosesNothing kills workers, the master and browsers while visitors write and agents answer: the store has
// all that the site has, each reply stands once at most, and every one ends. (In full: for ten minutes, 200 comments, 40 replies.)
func TestClusterKilledAtRandomLosesNothing(t *testing.T) {
	c := newCluster(t, 2)
	c.bringIn(3)
	items, lasts := 20, 40*time.Second
	if testkit.Full {
		items, lasts = 200, 10*time.Minute
	}
	target := map[string]string{}
	for _, account := range c.accounts {
		target[account] = c.comment(account, "请回复").ID
	}
	c.eventually("the comments are stored", 20*time.Second, func() bool {
		return !slices.ContainsFunc(c.accounts, func(a string) bool { return !c.has(a, messages.Comments, target[a]) })
	})
	dice, kills := rand.New(rand.NewPCG(3, 1)), 0
	var stored []func() bool
	for i := range items {
		account := c.accounts[dice.IntN(len(c.accounts))]
		stored = append(stored, c.injectEach([]string{account}, fmt.Sprintf("第 %d 条", i)))
		if i%5 == 2 {
			c.submits(api.NewReply{ID: fmt.Sprintf("r-%d", i), Account: account, Target: &api.Target{Kind: "comment", CommentID: target[account]}, Content: fmt.Sprintf("答 %d", i)})
		}
		if i%5 == 3 {
			c.kill(dice, kills)
			kills++
		}
		time.Sleep(lasts / time.Duration(items))
	}
	c.eventually("clients are served", 10*time.Second, c.served)
	c.allWatched(60 * time.Second)
	for _, all := range stored {
		c.eventually("everything is stored", 30*time.Second, all)
	}
	c.repliesEnd()
	c.loggedInWithoutCodes()
	c.announcedOnce()
}

// submits hands a reply to the master, again and again until it has it; the key makes it one reply.
func (c *cluster) submits(r api.NewReply) {
	c.t.Helper()
	c.eventually("the master takes reply "+r.ID, 15*time.Second, func() bool { return c.call("POST", "/replies", r, nil) == nil })
}

// kill kills a worker, the master or a browser, in turn, and starts again what does not come back by itself.
func (c *cluster) kill(dice *rand.Rand, turn int) {
	c.t.Helper()
	node := c.Workers[dice.IntN(len(c.Workers))]
	switch turn % 3 {
	case 1:
		node = c.Master
	case 2:
		account := c.accounts[dice.IntN(len(c.accounts))]
		c.t.Logf("the browser of %s is killed", account)
		for _, n := range c.Workers {
			if pid := n.BrowserMain(account); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
			}
		}
		return
	}
	c.t.Logf("%s is killed", node.Name)
	node.Kill()
	node.Restart()
}
