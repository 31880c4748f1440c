// Package conformance is the suite that every platform passes: it takes the folder of a definition and a look-alike of the
// platform's site, and proves in a real Chromium what troupe promises of any platform. A platform's own tests hold what is
// peculiar to it, and nothing of what stands here.
//
//	func TestPlatformConforms(t *testing.T) {
//		conformance.Run(t, conformance.Platform{FS: mine.FS, Account: "my_1", Site: stand{web}})
//	}
//
// The parts build on each other, in one browser: login, first and second look, news, replies, refusals, trouble, and at the
// end a site that shows nothing any more. Nothing here knows a platform; what differs is asked of the definition (which
// replies it has, whether it listens to a socket, whether looking opens what it reads, how often it looks) and of the Site.
package conformance

import (
	"io/fs"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/testkit"
	"troupe/testkit/rig"
	"troupe/testkit/site/stage"
)

// Platform is what is put to the test.
type Platform struct {
	FS      fs.FS // the definition's folder
	Account messages.AccountID
	Site    Site
	// Short leaves the parts that are not the heart of the suite to a full test.
	Short bool
}

// Site is a look-alike with one owner, on which something of every kind stands already, enough for lists of several pages.
// Its methods are called one at a time; what they change is seen by the next request.
type Site interface {
	rig.Site
	// Audit and Posts are the look-alike's log: reads are entered as stage.KindRead, posts with their Target.
	Audit(stage.AuditQuery) (entries []stage.Entry, next int)
	Posts() []stage.Entry
	// ResetAfterPost resets the connection of the next n accepted posts instead of answering.
	ResetAfterPost(n int)

	// OwnerID is the owner's id on the platform, and Standing how many of each collection stand on the site.
	OwnerID() string
	Standing() map[string]int
	// Enter is what a person does when a login shows a step: on his phone, or by what he enters. Another person, who is
	// not the owner, refuses or guesses until the platform has enough.
	Enter(step platforms.Step, owner bool) []platforms.Input
	// Say lets somebody of that name, who was never there before, say what a reply of that kind answers; for a work
	// the owner publishes. Open pages are told, if the site tells.
	Say(kind messages.ReplyKind, name, text string) (*messages.ReplyTarget, error)
	// Delete takes a comment, an answer or a work away.
	Delete(target *messages.ReplyTarget) error
	Logout() error
	Captcha(on bool) error
	RateLimit(on bool) error // of what the owner writes
	Layout(changed bool) error
	// Clear takes away everything that stands on the site.
	Clear() error
}

// Misleader is implemented by sites whose reply buttons can lead to somebody else than the one whose row they stand in.
type Misleader interface {
	Mislead(on bool) error
}

// RefusedText is in what every look-alike refuses as bad words.
const RefusedText = "违规"

// run is one run of the suite.
type run struct {
	*rig.Rig
	t      *testing.T
	site   Site
	def    *definition.Definition
	memory *engine.Memory
	seen   map[string]bool // keys of all items so far
	full   bool            // every part runs, and each to its end
}

// part is one promise.
type part struct {
	promise string
	prove   func(*run)
	heart   bool // also of a short suite
}

var parts = []part{
	{"without a login the account is logged out", loggedOut, true},
	{"a login by another person is refused", refusedLogin, false},
	{"a login ends with the owner's profile", login, true},
	{"the first round sees every list to its end", firstRound, true},
	{"a second round announces nothing and loads at most a page a minute", quietRound, true},
	{"what is new is seen", news, true},
	{"each kind of reply is posted once, to the right one of two of the same name, and found again", replies, true},
	{"a misled reply is refused and not sent", misled, true},
	{"a refusal of the site is a failure with its reason", refusals, false},
	{"a reply without permission leaves nothing behind", withoutPermission, false},
	{"a connection that breaks after the post is unknown, and settled by reading", brokenConnection, false},
	{"captcha, changed layout and lapse have names and pass", troubles, false},
	{"a site that shows nothing any more is not quiet", empty, true},
}

// Run proves every promise. It needs a Chromium.
func Run(t *testing.T, p Platform) {
	t.Helper()
	def, err := definition.Load(p.FS)
	if err != nil {
		t.Fatal(err)
	}
	// The paces are for real sites; that they are kept is the engine's own test.
	def.Collect.NavigateAtMost = definition.Rate{Events: 600, Per: time.Minute}
	def.Collect.Navigations, def.Collect.Replies = definition.Allowance{}, definition.Allowance{}
	def.Collect.BackOff = definition.BackOff{First: time.Nanosecond, Most: time.Nanosecond}
	for _, flow := range def.Reply {
		for i := range flow {
			if flow[i].Pause.Max > 0 {
				flow[i].Pause = definition.Span{Min: time.Millisecond, Max: time.Millisecond}
			}
		}
	}
	r := &run{
		Rig: rig.Start(t, rig.Config{Definition: def, Account: p.Account, Site: p.Site}),
		t:   t, site: p.Site, def: def, memory: engine.NewMemory(), seen: map[string]bool{}, full: !p.Short || testkit.Full,
	}
	r.Renew(engine.Config{Memory: r.memory})
	for _, one := range parts {
		if !one.heart && !r.full {
			t.Logf("%s: in a full test", one.promise)
			continue
		}
		began := time.Now()
		if !t.Run(one.promise, func(t *testing.T) {
			r.t = t
			one.prove(r)
			if t.Failed() {
				t.Log(r.Story())
			}
		}) {
			t.Fatal("the parts build on each other")
		}
		t.Logf("%5.1f s  %s", time.Since(began).Seconds(), one.promise)
	}
}

// must ends the part when the site refuses its part.
func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// audited counts the log's entries of a kind.
func (r *run) audited(kind string) int {
	entries, _ := r.site.Audit(stage.AuditQuery{Kind: kind})
	return len(entries)
}

// pause lasts until the page received something, or long enough for a page that asks by itself to ask again.
func (r *run) pause() {
	select {
	case <-r.Client.Received():
	case <-time.After(1500 * time.Millisecond):
	}
}
