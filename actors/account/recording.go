package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account/browser"
	"troupe/actors/account/vault"
	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/page"
	"troupe/platforms/recording"
)

// A round is recorded like a version is tried: by a second, read-only client over the account's own browser, in tabs of its own,
// as an operation among the others. What it reads goes nowhere but into the recording.

// recordLimit is how long a recorded round may take.
const recordLimit = 2 * time.Minute

// onRecord records a round and answers with the recording.
func (a *account) onRecord(c actor.Context, m *messages.RecordRound) {
	asker := c.Sender()
	if asker == nil {
		return
	}
	if why := a.mayRecord(); why != "" {
		c.Send(asker, refused("conflict", why))
		return
	}
	r := &roundRecording{
		Config: a.Config, client: a.client, browser: a.instance, owner: a.owner, known: a.known, hide: !m.GetKeepTexts(),
		whole: append([]string(nil), a.whole...),
	}
	a.do(c, &op{
		name: "record", urgency: soon, interrupts: true,
		run: func(ctx context.Context) any {
			ctx, cancel := context.WithTimeout(ctx, recordLimit)
			defer cancel()
			return r.run(ctx)
		},
		done: func(c actor.Context, result any) {
			if result == nil {
				result = refused("unavailable", "the account was stopped")
			}
			c.Send(asker, result)
		},
	})
}

// mayRecord says why nothing can be recorded now, "" when it can. An account in trouble is what one would like to see.
func (a *account) mayRecord() string {
	switch {
	case a.ops.waits("record"):
		return "a round is being recorded on this account already"
	case a.client == nil || a.draining != nil:
		return fmt.Sprintf("the account is %s and has no page to record", a.state)
	case !a.gate.Open() || !a.Node.Leases.MayBegin(a.ID, a.Epoch):
		return "the account holds no lease at the moment; try again in a few seconds"
	}
	return ""
}

// roundRecording is one recording being made. It runs off the mailbox, on a copy of what it needs of the account.
type roundRecording struct {
	Config
	client  platforms.Client // the present one; it rests meanwhile
	browser browser.Chromium
	owner   string
	known   *known
	whole   []string
	hide    bool
}

// run answers RoundRecorded or Refused.
func (r *roundRecording) run(ctx context.Context) any {
	state, err := r.browser.Export(ctx)
	if err != nil {
		return refused("unavailable", "the login's secrets could not be read, and so not be taken out: "+err.Error())
	}
	defer r.restore()
	rec, err := recording.Record(ctx, recording.Config{
		Definition: r.Definition, Browser: r.browser, Whole: r.whole, Now: r.Node.Now(),
		Redaction: recording.Redaction{Secrets: secretsOf(state), HideTexts: r.hide},
		Client: func(b page.Browser) platforms.Client {
			return r.Node.Client(ClientConfig{
				Definition: r.Definition, Browser: b, Account: r.ID, Owner: r.owner, Whole: r.whole, Known: r.known.has,
				Holds: r.known.holds, ReadOnly: true, Evidence: func(Evidence) {}, Log: r.Log,
			})
		},
	})
	if err != nil {
		return refused("unavailable", err.Error())
	}
	archive, err := rec.Archive()
	if err != nil {
		return refused("unavailable", err.Error())
	}
	recorded := &messages.RoundRecorded{Archive: archive, Outcome: "ok", Step: rec.Result.Step}
	if rec.Result.Error != "" {
		recorded.Outcome = rec.Result.Error
	}
	return recorded
}

// restore lets the present client say again what it listens to.
func (r *roundRecording) restore() {
	if reloader, ok := r.client.(platforms.Reloader); ok {
		reloader.Reload(r.Definition)
	}
}

// secretsOf are the values of a login: its cookies and what its pages store.
func secretsOf(state *vault.State) []string {
	var values []string
	for _, raw := range state.Cookies {
		var cookie struct {
			Value string `json:"value"`
		}
		if json.Unmarshal(raw, &cookie) == nil {
			values = append(values, cookie.Value)
		}
	}
	for _, origin := range state.Origins {
		for _, pair := range origin.LocalStorage {
			values = append(values, string(pair[1]))
		}
	}
	return values
}
