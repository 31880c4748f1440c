package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"troupe/platforms"
)

// errPaced is the reason when it was not the platform that asked to slow down, but our own pace.
var errPaced = errors.New("the account keeps its pace")

// mayAct is an error while the platform is to be left alone.
func (c *client) mayAct(op string) error {
	if until := c.Memory.LeaveUntil(); c.Clock().Before(until) {
		return paced(op, "the platform asked to slow down", until)
	}
	return nil
}

// note keeps in memory what the end of a flow or a look at an answer says about the pace.
func (c *client) note(err error) {
	if err != nil && platforms.KindOf(err) == platforms.RateLimited && !errors.Is(err, errPaced) {
		c.Memory.slowDown(c.Clock(), c.Definition.Collect.BackOff)
	}
}

// mayNavigate is an error when the hour's or the day's page loads are used up. A look waits for its turn under the floor on
// navigations; everything else counts there too, but is not held up: a person waits for it.
func (f *flow) mayNavigate(ctx context.Context) error {
	c := f.client
	if !f.patient {
		c.navigations.Allow()
	} else if err := c.navigations.Wait(ctx); err != nil {
		if ctx.Err() == nil { // the deadline would come before the turn
			err = context.DeadlineExceeded
		}
		return fmt.Errorf("wait for the floor on navigations: %w", err)
	}
	if again, ok := c.Memory.navigate(c.Clock(), c.Definition.Collect.Navigations); !ok {
		return paced("", "the page loads of this hour or day are used up", again)
	}
	return nil
}

func paced(op, why string, until time.Time) error {
	return &platforms.Error{Op: op, Kind: platforms.RateLimited, Err: fmt.Errorf("%w: %s, until %s", errPaced, why, until.UTC().Format(time.RFC3339))}
}
