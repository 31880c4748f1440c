package browser

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

const (
	closeGrace = 5 * time.Second // for Browser.close
	intGrace   = 3 * time.Second // for SIGINT after it

	probeEvery = 15 * time.Second
	probeLimit = 10 * time.Second
)

// reasonClosed is the Exit.Reason of a browser that was closed.
const reasonClosed = "closed"

// ErrUnclean means that Chromium did not close its profile itself: the newest cookies in it may be missing.
var ErrUnclean = errors.New("chromium did not close its profile")

// watch ends everything that belongs to the process when it exits.
func (i *Instance) watch() {
	<-i.proc.exited
	i.cancel(fmt.Errorf("%w: chromium %s", page.ErrGone, i.ExitReason()))
	left := killAll(i.proc.rec, i.proc.profile)
	if len(left) == 0 {
		i.tidy()
	} else {
		i.cfg.Log.Error("browser processes do not end", "left", len(left))
	}
	unlock(i.lock)
	i.cfg.Log.Info("browser exited", "exit", i.ExitReason(), "dur", time.Since(i.started))
	close(i.exited)
}

// tidy leaves the account's folder as the next browser should find it. A profile that Chromium closed because we asked
// for it is marked as such.
func (i *Instance) tidy() {
	if err := sweep(i.cfg.Dir); err != nil {
		i.cfg.Log.Warn("account folder not swept", "err", err)
	}
	if exit := i.ExitReason(); exit.Reason != reasonClosed || exit.Signal != "" {
		return
	}
	if err := markClosed(i.cfg, i.host.cfg.Mode, i.version); err != nil {
		i.cfg.Log.Warn("the closed profile will not be used again", "err", err)
	}
}

// probe asks Chromium for a sign of life now and then, and kills it when it gives none. It asks twice: this
// process may itself have been stopped during the first question.
func (i *Instance) probe(every, limit time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	silent := 0
	for {
		select {
		case <-i.browser.ctx.Done():
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(i.browser.ctx, limit)
		_, err := proto.BrowserGetVersion{}.Call(i.browser.in(ctx))
		cancel()
		if err == nil {
			silent = 0
			continue
		}
		if silent++; silent == 2 {
			i.cfg.Log.Warn("browser hung, killing it", "err", err)
			i.proc.kill("hung")
			return
		}
	}
}

// Close lets Chromium save its profile and go, within about 8 seconds or until ctx ends; then it is killed. It returns when
// nothing is left. ErrUnclean says that the profile should not be used again.
func (i *Instance) Close(ctx context.Context) error {
	i.closing.Do(func() { i.closed = i.close(ctx) })
	<-i.exited
	return i.closed
}

func (i *Instance) close(ctx context.Context) error {
	select {
	case <-i.proc.exited:
		return fmt.Errorf("%w: %s", ErrUnclean, i.ExitReason())
	default:
	}
	i.proc.because(reasonClosed)
	asked, cancel := context.WithTimeout(ctx, closeGrace)
	defer cancel()
	proto.BrowserClose{}.Call(i.browser.in(asked)) // its own end is the answer
	if !i.exitsBefore(asked) {
		i.proc.interrupt()
		interrupted, cancel := context.WithTimeout(ctx, intGrace)
		defer cancel()
		if !i.exitsBefore(interrupted) {
			return errors.Join(ErrUnclean, i.proc.kill("killed"))
		}
	}
	if exit := i.ExitReason(); exit.Signal != "" {
		return fmt.Errorf("%w: %s", ErrUnclean, exit)
	}
	return nil
}

func (i *Instance) exitsBefore(ctx context.Context) bool {
	select {
	case <-i.proc.exited:
		return true
	case <-ctx.Done():
		return false
	}
}

// Kill ends it at once; its profile may lack the last seconds. It returns when nothing is left.
func (i *Instance) Kill() error {
	if err := i.proc.kill("killed"); err != nil {
		return err
	}
	<-i.exited
	return nil
}
