package actors

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
)

// libraryLog logs what the actor library says of its connections as debug, whatever it thinks of it itself: it calls each attempt
// at a node that is away an error. The cluster's link says once when a peer is away, and when it is back.
type libraryLog struct{ slog.Handler }

const remoteLibrary = "github.com/asynkron/protoactor-go/remote."

func (h libraryLog) Handle(ctx context.Context, r slog.Record) error {
	frame, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
	if r.Level > slog.LevelDebug && strings.HasPrefix(frame.Function, remoteLibrary) {
		if !h.Enabled(ctx, slog.LevelDebug) {
			return nil
		}
		r.Level = slog.LevelDebug
	}
	return h.Handler.Handle(ctx, r)
}

func (h libraryLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return libraryLog{h.Handler.WithAttrs(attrs)}
}

func (h libraryLog) WithGroup(name string) slog.Handler {
	return libraryLog{h.Handler.WithGroup(name)}
}
