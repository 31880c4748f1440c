package disk

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/time/rate"
)

// logger is Pebble's way to the log. On a full disk Pebble repeats itself thousands of times a minute; one
// line in a second is enough.
type logger struct {
	log   *slog.Logger
	dir   string
	fatal func(string)
	tells rate.Sometimes
}

// Infof implements pebble.Logger.
func (l *logger) Infof(format string, args ...any) {
	l.log.Debug("pebble says", "detail", fmt.Sprintf(format, args...))
}

// Errorf implements pebble.Logger.
func (l *logger) Errorf(format string, args ...any) {
	l.warn("pebble complains", fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. It must not return: Pebble would go on as if the write had succeeded.
func (l *logger) Fatalf(format string, args ...any) {
	l.die(fmt.Sprintf(format, args...))
}

func (l *logger) die(reason string) {
	reason = fmt.Sprintf("the store in %s cannot go on: %s", l.dir, reason)
	if l.fatal != nil {
		l.fatal(reason)
	}
	panic(reason)
}

func (l *logger) warn(what, detail string) {
	l.tells.Do(func() { l.log.Warn(what, "dir", l.dir, "detail", detail) })
}

// listener passes on the events that a person should know of.
func (l *logger) listener() *pebble.EventListener {
	l.tells.Interval = time.Second
	return &pebble.EventListener{
		BackgroundError: func(err error) { l.warn("the disk refuses background work", err.Error()) },
		DataCorruption:  func(info pebble.DataCorruptionInfo) { l.die(info.String()) },
		DiskSlow:        func(info pebble.DiskSlowInfo) { l.warn("the disk is slow", info.String()) },
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) { l.warn("writes are stalled", info.String()) },
	}
}

var _ pebble.Logger = (*logger)(nil)
