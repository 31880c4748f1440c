package engine

import (
	"context"
	"time"

	"troupe/platforms/definition"
)

// admitTime is how long a page may take to let an account in by itself.
const admitTime = time.Second

// further makes the login of another part of the platform. Its page lets an account in by itself where the first login counts
// there, too: at once, or when it is opened again.
func (l *login) further(ctx context.Context, also *definition.FurtherLogin) error {
	next := &login{flow: l.flow, in: l.in, show: l.show, proof: &also.Proof, qr: also.QR, code: also.QR.Code, refused: also.QR.State.Refused}
	l.flow.person = next
	return next.within(ctx, patience(also.QR.Timeout), func(ctx context.Context) error {
		for range 2 {
			if in, err := next.admitted(ctx); err != nil || in {
				return err
			}
		}
		if err := next.begin(ctx); err != nil {
			return err
		}
		return next.follow(ctx)
	})
}

// admitted opens the page and says whether it shows a login soon.
func (l *login) admitted(ctx context.Context) (in bool, err error) {
	defer l.flow.client.inbox.begin()()
	if err := l.flow.walk(ctx, definition.Flow{{Open: &definition.Open{To: definition.Text(l.qr.Open)}}}); err != nil {
		return false, err
	}
	for began := l.flow.client.Clock(); ; {
		in, err = l.flow.provedBy(ctx, l.proof)
		if err = passing(err); err != nil || in || l.flow.client.Clock().Sub(began) >= admitTime {
			return in, err
		}
		if err := wait(ctx, pollTime); err != nil {
			return false, err
		}
	}
}
