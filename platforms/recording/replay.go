package recording

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/page"
)

// Replay says what happens again.
type Replay struct {
	Recording  *Recording
	Definition *definition.Definition // the recording's own, or the one that is tried
	Server     *Server                // of the recording; its address is where the browser's names lead
	Browser    page.Browser           // with an empty profile
	Account    messages.AccountID     // of the browser
	Evidence   func(engine.Evidence)  // of what failed; may be nil
	Log        *slog.Logger           // nil: none
}

// Outcome is what a replay came to.
type Outcome struct {
	Result Result
	// Missed are the requests of the pages that the recording has no answer to.
	Missed []string
	// Diff are lines that say how the result differs from the recording's.
	Diff []string
}

// speed is the definition's pace in a replay, where nobody is asked to wait.
var speed = definition.Rate{Events: 600, Per: time.Minute}

// Run makes the recorded round again: probe, collect, and what the sockets say. The error is of the replay itself; what the round
// failed with is in the outcome.
func (r Replay) Run(ctx context.Context) (Outcome, error) {
	d := *r.Definition
	d.Collect.NavigateAtMost, d.Collect.Navigations = speed, definition.Allowance{}
	client := engine.New(engine.Config{
		Definition: &d, Browser: r.Browser, Account: r.Account, Whole: r.Recording.Whole, ReadOnly: true, Evidence: r.Evidence, Log: r.Log,
	})
	profile, failure := client.Probe(ctx)
	var batches []platforms.Batch
	if failure == nil {
		var round platforms.Batch
		round, failure = client.Collect(ctx)
		batches = append(batches, round)
	}
	if failure == nil {
		var late []platforms.Batch
		late, failure = r.listen(ctx, client)
		batches = append(batches, late...)
	}
	if err := context.Cause(ctx); err != nil {
		return Outcome{Missed: r.Server.Missed()}, fmt.Errorf("replay: %w", err)
	}
	result, err := ResultOf(profile, failure, batches...)
	if err != nil {
		return Outcome{}, fmt.Errorf("replay: %w", err)
	}
	return Outcome{Result: result, Missed: r.Server.Missed(), Diff: r.Recording.Result.Diff(&result)}, nil
}

// The pace of listening: how often it is looked, and for how long after the last frame was sent.
const (
	listenEvery = 50 * time.Millisecond
	listenLast  = 4
)

// listen drains until the sockets have said everything and the browser had time to say so.
func (r Replay) listen(ctx context.Context, client platforms.Client) (batches []platforms.Batch, err error) {
	tick := time.NewTicker(listenEvery)
	defer tick.Stop()
	for quiet := 0; quiet < listenLast; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return batches, context.Cause(ctx)
		}
		batch, err := client.Drain(ctx)
		if batches = append(batches, batch); err != nil {
			return batches, err
		}
		quiet++
		if len(batch.Items) > 0 || !r.Server.Said() {
			quiet = 0
		}
	}
	return batches, nil
}
