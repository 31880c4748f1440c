// Package recorded makes and checks the recordings in platforms' testdata. A platform's test calls Check with its definition, the
// folder, and how an account before the look-alike is recorded anew; `go test -update` of that test is the whole work of
// making a recording. Everything it starts ends with the test.
package recorded

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/page"
	"troupe/platforms/recording"
	"troupe/testkit/rig"
)

var update = flag.Bool("update", false, "make the recordings anew")

// sizeMost is how large a recording in testdata may be, in bytes.
const sizeMost = 512 << 10

// Case is one recording of a platform.
type Case struct {
	Definition *definition.Definition
	Dir        string // of the recording: testdata/recording
	// Logged starts a rig whose account is logged in, before a look-alike with a little of everything. It is called to make the
	// recording anew.
	Logged func(t *testing.T) *rig.Rig
	// Happens is what befalls the account between the probe and the round that is recorded: things that are pushed.
	Happens func(t *testing.T)
	// Optional are keys (comments.[].user.id) that an answer may do without although rows or pages depend on them, with the
	// reason.
	Optional map[string]string
}

// Check is every check that needs no browser: the size, the mapping, and the mutations.
func (c Case) Check(t *testing.T) {
	t.Helper()
	rec := c.Load(t)
	c.CheckSize(t)
	c.CheckMapping(t, rec)
	c.CheckMutations(t, rec)
}

// Load makes the recording anew if the test was told to, and reads it.
func (c Case) Load(t *testing.T) *recording.Recording {
	t.Helper()
	if *update {
		c.make(t)
	}
	rec, err := recording.Load(os.DirFS(c.Dir))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// make records a round of the logged-in account and writes it.
func (c Case) make(t *testing.T) {
	t.Helper()
	r := c.Logged(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	rec, err := recording.Record(ctx, recording.Config{
		Definition: r.Definition, Browser: r.Browser, Now: time.Now(),
		Client: func(b page.Browser) platforms.Client {
			client := engine.New(engine.Config{Definition: r.Definition, Browser: b, Account: r.Account, ReadOnly: true})
			return eventful{client, func() {
				if c.Happens != nil {
					c.Happens(t)
				}
			}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rec.Pages {
		rec.Pages[i].Picture = nil // it would be most of the folder, and differ each time
	}
	if rec.Result.Error != "" {
		t.Fatalf("the round to be recorded ended %s in %s", rec.Result.Error, rec.Result.Step)
	}
	if err := os.RemoveAll(c.Dir); err != nil {
		t.Fatal(err)
	}
	if err := rec.Save(c.Dir); err != nil {
		t.Fatal(err)
	}
}

// CheckSize fails the test if the folder is larger than a repository should carry.
func (c Case) CheckSize(t *testing.T) {
	t.Helper()
	var size int64
	err := filepath.Walk(c.Dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > sizeMost {
		t.Errorf("%s has %d bytes, more than %d", c.Dir, size, sizeMost)
	}
}

// CheckMapping maps the recording without a browser and compares what comes out with the stored result.
func (c Case) CheckMapping(t *testing.T, rec *recording.Recording) {
	t.Helper()
	batch, err := recording.Map(t.Context(), c.Definition, rec)
	if err != nil {
		t.Fatal(err)
	}
	got, err := recording.ResultOf(nil, nil, batch)
	if err != nil {
		t.Fatal(err)
	}
	got.Profile, got.Complete = rec.Result.Profile, rec.Result.Complete // they are of the flows
	for _, line := range rec.Result.Diff(&got) {
		t.Error(line)
	}
}

// CheckReplay makes the recorded round again in a real Chromium, against nothing but the recording. Pictures, frames and the like
// that had not arrived when a page was left may be missing; nothing that the definition listens to may.
func (c Case) CheckReplay(t *testing.T) {
	t.Helper()
	rec, err := recording.Load(os.DirFS(c.Dir))
	if err != nil {
		t.Fatal(err)
	}
	out := c.replay(t, rec)
	for _, line := range out.Diff {
		t.Error(line)
	}
	for _, miss := range out.Missed {
		if c.listens(strings.Cut(miss, " ")) {
			t.Errorf("the recording has no answer to %s", miss)
		} else {
			t.Logf("the recording has no answer to %s", miss)
		}
	}
}

// listens says whether an answer to that request is read.
func (c Case) listens(method, address string, _ bool) bool {
	for _, l := range c.Definition.Listen {
		if l.Answers(method, address) {
			return true
		}
	}
	return false
}

// CheckChanged changes every answer whose address ends in place, makes the round again in a real Chromium, and wants it called
// page_changed.
func (c Case) CheckChanged(t *testing.T, place string, change func(answer map[string]any)) {
	t.Helper()
	rec, err := recording.Load(os.DirFS(c.Dir))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rec.Entries {
		e := &rec.Entries[i]
		if at, _, _ := strings.Cut(e.URL, "?"); e.Kind == recording.Response && strings.HasSuffix(at, place) {
			v, ok := decoded(e.Body)
			if !ok {
				t.Fatalf("%s is no JSON object", e.BodyFile)
			}
			change(v.(map[string]any))
			e.Body = encoded(t, v)
		}
	}
	if out := c.replay(t, rec); out.Result.Error != platforms.PageChanged.String() {
		t.Errorf("the round ended %q, not page_changed, with %v", out.Result.Error, out.Result.Counts())
	}
}

// replay makes the recorded round again in a real Chromium.
func (c Case) replay(t *testing.T, rec *recording.Recording) recording.Outcome {
	t.Helper()
	server, err := recording.Serve(rec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	account := c.Definition.Prefix + "_1"
	r := rig.Start(t, rig.Config{Definition: c.Definition, Account: messages.AccountID(account), Site: server})
	out, err := recording.Replay{
		Recording: rec, Definition: c.Definition, Server: server, Browser: r.Browser, Account: r.Account,
		Evidence: func(e engine.Evidence) { r.Evidence = append(r.Evidence, e) },
	}.Run(r.Context(90 * time.Second))
	if err != nil {
		t.Fatalf("%v\n%s\nno answer to %v", err, r.Story(), out.Missed)
	}
	return out
}

// eventful is a client before whose round something happens.
type eventful struct {
	platforms.Client
	happens func()
}

// Collect implements platforms.Client.
func (e eventful) Collect(ctx context.Context) (platforms.Batch, error) {
	e.happens()
	return e.Client.Collect(ctx)
}
