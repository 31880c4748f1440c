package account

import (
	"errors"
	"slices"
	"time"

	"troupe/messages"
	"troupe/platforms"
)

// timelineKept is how many rounds, probes, logins and replies an account remembers.
const timelineKept = 50

// timeline is what an account did last, for people, and how many items came within an hour.
type timeline struct {
	done    []*messages.Round // oldest first
	minutes [60]struct {
		minute int64 // since 1970
		items  int64
	}
}

func (t *timeline) add(r *messages.Round) {
	t.done = append(t.done, r)
	if len(t.done) > timelineKept {
		t.done = slices.Delete(t.done, 0, 1)
	}
}

// count notes items that came now.
func (t *timeline) count(now time.Time, items int) {
	minute := now.Unix() / 60
	m := &t.minutes[minute%60]
	if m.minute != minute {
		m.minute, m.items = minute, 0
	}
	m.items += int64(items)
}

func (t *timeline) lastHour(now time.Time) (items int64) {
	for _, m := range t.minutes {
		if now.Unix()/60-m.minute < 60 {
			items += m.items
		}
	}
	return items
}

func (t *timeline) listed() *messages.RoundsListed {
	rounds := slices.Clone(t.done)
	slices.Reverse(rounds)
	return &messages.RoundsListed{Rounds: rounds}
}

// note remembers the end of something that ran in the browser. What a failed flow left was told just before.
func (a *account) note(what string, began time.Time, items int, steps []platforms.StepLog, err error) {
	a.noteOn(a.Definition.Digest, what, began, items, steps, err)
}

// noteOn is note for what ran on another version of the definition.
func (a *account) noteOn(digest, what string, began time.Time, items int, steps []platforms.StepLog, err error) {
	failed := a.failed
	a.failed = evidenceKept{}
	kind := platforms.KindOf(err)
	if began.IsZero() || err != nil && kind == platforms.Cancelled {
		return // it never ran, or was put off for something more urgent
	}
	r := &messages.Round{
		At: began.UnixMilli(), TookMs: a.Node.Now().Sub(began).Milliseconds(), What: what, Items: int64(items), Outcome: "ok", Definition: digest,
	}
	if err != nil {
		r.Outcome, r.Reason = kind.String(), err.Error()
		if len(failed.files) > 0 {
			r.Evidence, r.EvidenceFiles = failed.files[0], failed.files
		}
		if len(steps) == 0 {
			steps = failed.steps
		}
	}
	for _, s := range steps {
		r.Steps = append(r.Steps, stepOf(s))
	}
	a.timeline.add(r)
}

func stepOf(s platforms.StepLog) *messages.RoundStep {
	return &messages.RoundStep{Step: s.Step, Matched: s.Matched, TookMs: s.Took.Milliseconds(), Error: s.Err}
}

func (a *account) noteReply(began time.Time, o platforms.Outcome) {
	err := o.Err
	switch {
	case err != nil || o.State == messages.ReplyConfirmedState:
	case o.State == messages.ReplyFailedState:
		err = &platforms.Error{Op: "reply", Kind: platforms.Refused, Err: errors.New(o.Reason)}
	default:
		err = errors.New(o.State + ": " + o.Reason)
	}
	a.note("reply", began, 0, nil, err)
}
