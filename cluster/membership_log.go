package cluster

import (
	"bytes"
	"log"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// gossipLogger is what memberlist writes its lines to. They begin with a level in brackets, and are debug to us: what matters to people is
// logged by Membership, and a node that is away is called every few seconds. Only that a stranger was refused is worth a warning.
func gossipLogger(to *slog.Logger) *log.Logger {
	return log.New(&gossipLines{log: to, refused: rate.Sometimes{First: 1, Interval: time.Minute}}, "", 0)
}

type gossipLines struct {
	log     *slog.Logger
	refused rate.Sometimes
}

// strangers are what memberlist says of one who has another key, none, or another cluster's label.
var strangers = [][]byte{
	[]byte("Decrypt packet failed"), []byte("unacceptable label"), []byte("no installed keys could decrypt"),
	[]byte("encryption is configured but remote state is not encrypted"),
}

// Write takes one line.
func (l *gossipLines) Write(line []byte) (int, error) {
	level, text := "", bytes.TrimSpace(line)
	if rest, ok := bytes.CutPrefix(text, []byte("[")); ok {
		if name, after, ok := bytes.Cut(rest, []byte("] ")); ok {
			level, text = string(name), bytes.TrimPrefix(after, []byte("memberlist: "))
		}
	}
	what := []any{"level_there", level, "text", string(text)}
	l.log.Debug("gossip says", what...)
	if slices.ContainsFunc(strangers, func(s []byte) bool { return bytes.Contains(text, s) }) {
		l.refused.Do(func() { l.log.Warn("gossip of a stranger refused: it has another key or cluster", what...) })
	}
	return len(line), nil
}
