package lease

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"troupe/messages"
)

// KeeperOptions is what a keeper is made of.
type KeeperOptions struct {
	Worker      messages.NodeID
	Incarnation string // new at each start of the node
	Granter     Granter
	Figures     Figures
	// Clock is the time since boot, Wall the time of day; nil means BootTime and time.Now.
	Clock func() time.Duration
	Wall  func() time.Time
	// Lost is told once of each pair that the master grants no longer: its epoch is over, its browser is to be closed. A
	// lease that merely lapsed is not lost. It is called on the keeper's goroutine and must not block.
	Lost func(Pair)
	// NewMaster is told of the first grant of each life of the master: it wants to know what runs here. Called like Lost; may be nil.
	NewMaster func()
	// Answered is told of each beat how long its answer took; err means that there was none. Called on any goroutine; nil tells nobody.
	Answered func(took time.Duration, err error)
	Log      *slog.Logger
}

// Keeper is a worker's side: it beats, and opens and shuts the fences of the accounts that the worker holds. Run drives it; the other
// methods may be called from any goroutine.
type Keeper struct {
	o KeeperOptions

	hurry    chan struct{}   // asks Run for a beat at once
	returned <-chan struct{} // the same, by the Granter; nil if it is never out of reach

	mu     sync.Mutex
	seq    uint64 // of the newest beat sent
	newest uint64 // of the newest beat whose grant was seen
	pairs  map[Pair]*held
	skew   time.Duration // wall clock minus boot clock when last looked at
	risky  bool          // no grant for longer than Figures.Risk
	heard  time.Duration // when the beat of the newest grant was sent
	master string        // the life of the master that gave it
}

// held is one pair and its fence.
type held struct {
	fence Fence
	from  uint64        // only grants of this beat and later ones count
	lost  bool          // was omitted by a grant; never opens again
	sent  time.Duration // when the beat of its newest grant was sent
	until time.Duration // instant at which its fence shuts; 0 = not granted
}

// call is one beat under way, and its answer.
type call struct {
	beat  *messages.Beat
	sent  time.Duration
	grant *messages.Grant
	err   error
}

const (
	hurryTime  = 10 * time.Millisecond // gathers several Holds into one beat
	jumpAtMost = time.Second           // of the wall clock against the boot clock, between two looks
)

// NewKeeper makes a keeper; Run starts it.
func NewKeeper(o KeeperOptions) *Keeper {
	if o.Clock == nil {
		o.Clock = BootTime
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{o: o, hurry: make(chan struct{}, 1), pairs: map[Pair]*held{}, heard: o.Clock()}
	k.skew = k.skewNow()
	if r, ok := o.Granter.(Returner); ok {
		k.returned = r.Returned()
	}
	return k
}

// Hold claims a pair from the next beat on and puts its fence under the lease. The fence opens with the first
// grant that names the pair and whose beat is sent after this call. release gives the pair up and shuts its fence.
func (k *Keeper) Hold(account messages.AccountID, epoch messages.Epoch, fence Fence) (release func()) {
	pair := Pair{account, epoch}
	k.mu.Lock()
	h := &held{fence: fence, from: k.seq + 1}
	k.pairs[pair] = h
	k.mu.Unlock()
	select {
	case k.hurry <- struct{}{}:
	default:
	}
	return func() { k.release(pair, h) }
}

func (k *Keeper) release(pair Pair, h *held) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pairs[pair] == h {
		delete(k.pairs, pair)
		h.shut("released")
	}
}

// MayBegin says whether something that cannot be taken back may be begun for the pair: its lease is fresh.
func (k *Keeper) MayBegin(account messages.AccountID, epoch messages.Epoch) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.pairs[Pair{account, epoch}]
	now := k.o.Clock()
	return h != nil && now < h.until && now-h.sent < k.o.Figures.Risk
}

// Standing is how a keeper stands towards the master.
type Standing struct {
	Held  int  // pairs that the worker claims
	Open  int  // of them, whose fence is open
	Fresh bool // a beat was granted lately enough that what cannot be taken back may be begun
}

// Standing says how it stands now.
func (k *Keeper) Standing() Standing {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.o.Clock()
	s := Standing{Held: len(k.pairs), Fresh: k.newest > 0 && now-k.heard < k.o.Figures.Risk}
	for _, h := range k.pairs {
		if now < h.until {
			s.Open++
		}
	}
	return s
}

// Run beats until ctx ends; then it shuts every fence.
func (k *Keeper) Run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	defer k.shutAll("the keeper stopped")
	answers := make(chan *call)
	timer := time.NewTimer(0)
	defer timer.Stop()
	hurried := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.hurry:
			if !hurried {
				hurried = true
				timer.Reset(hurryTime)
			}
		case <-k.returned:
			timer.Reset(0)
		case <-timer.C:
			hurried = false
			timer.Reset(k.o.Figures.Beat)
			c := k.next()
			calls.Go(func() { k.ask(ctx, c, answers) })
		case c := <-answers:
			k.take(c)
		}
	}
}

// ask makes one call. Several may be under way: a slow master's answers still count from when their beats were sent.
func (k *Keeper) ask(ctx context.Context, c *call, answers chan<- *call) {
	bounded, cancel := context.WithTimeout(ctx, k.o.Figures.Risk)
	defer cancel()
	c.grant, c.err = k.o.Granter.Beat(bounded, c.beat)
	if k.o.Answered != nil && ctx.Err() == nil {
		k.o.Answered(k.o.Clock()-c.sent, c.err)
	}
	select {
	case answers <- c:
	case <-ctx.Done():
	}
}

// next makes the next beat.
func (k *Keeper) next() *call {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checkWall()
	k.checkRisk()
	k.seq++
	now := k.o.Clock()
	beat := &messages.Beat{Worker: string(k.o.Worker), Incarnation: k.o.Incarnation, Seq: k.seq}
	for pair, h := range k.pairs {
		if !h.lost {
			beat.Held = append(beat.Held, &messages.Held{Account: string(pair.Account), Epoch: uint64(pair.Epoch), Open: now < h.until})
		}
	}
	return &call{beat: beat, sent: now}
}

// take obeys a grant, unless a newer one was seen.
func (k *Keeper) take(c *call) {
	if c.err != nil {
		k.o.Log.Debug("beat was not answered", "seq", c.beat.GetSeq(), "err", c.err)
		return
	}
	lost, another := k.obey(c)
	if another && k.o.NewMaster != nil {
		k.o.NewMaster()
	}
	for _, pair := range lost {
		k.o.Log.Info("account is granted no longer", pair.Account.Attr(), pair.Epoch.Attr())
		if k.o.Lost != nil {
			k.o.Lost(pair)
		}
	}
}

// obey does what a grant says; another tells that no grant of that life of the master was seen before.
func (k *Keeper) obey(c *call) (lost []Pair, another bool) {
	covers := make(map[Pair]bool, len(c.grant.GetCovers()))
	for _, h := range c.grant.GetCovers() {
		covers[Pair{messages.AccountID(h.GetAccount()), messages.Epoch(h.GetEpoch())}] = true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checkWall()
	if c.beat.GetSeq() <= k.newest {
		return nil, false
	}
	k.newest, k.heard = c.beat.GetSeq(), c.sent
	another, k.master = k.master != c.grant.GetMaster(), c.grant.GetMaster()
	until := c.sent + time.Duration(c.grant.GetTtlMs())*time.Millisecond - k.o.Figures.Drain
	for pair, h := range k.pairs {
		switch {
		case h.lost || c.beat.GetSeq() < h.from:
		case covers[pair]:
			h.sent, h.until = c.sent, until
			h.fence.Extend(until)
		default:
			h.lost = true
			h.shut("granted no longer")
			lost = append(lost, pair)
		}
	}
	return lost, another
}

// checkWall shuts every fence when the wall clock jumped: the machine was frozen, restored or set, and how long is unknown. Grants of
// beats sent before do not count. Needs mu.
func (k *Keeper) checkWall() {
	skew := k.skewNow()
	if jump := (skew - k.skew).Abs(); jump > jumpAtMost {
		k.o.Log.Warn("wall clock jumped, gates shut until the next grant", "dur", jump)
		for _, h := range k.pairs {
			h.from = k.seq + 1
			h.shut("the wall clock jumped")
		}
	}
	k.skew = skew
}

func (k *Keeper) skewNow() time.Duration { return time.Duration(k.o.Wall().UnixNano()) - k.o.Clock() }

// checkRisk logs the beginning and the end of a time without grants. Needs mu.
func (k *Keeper) checkRisk() {
	silent := k.o.Clock() - k.heard
	switch risky := silent >= k.o.Figures.Risk; {
	case risky && !k.risky:
		k.o.Log.Warn("no lease from the master, nothing is begun", "dur", silent)
		k.risky = true
	case !risky && k.risky:
		k.o.Log.Info("leases are granted again")
		k.risky = false
	}
}

func (k *Keeper) shutAll(reason string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.pairs {
		h.shut(reason)
	}
}

func (h *held) shut(reason string) {
	h.until = 0
	h.fence.Shut(reason)
}
