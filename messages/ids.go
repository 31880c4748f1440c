// Package messages holds the words that actors say to each other, the entities they speak of, and the
// types of their names. It is the bottom of the house: it imports nothing of ours, and all else may import it.
//
// The protobuf structs carry ids as plain strings; rooms convert them to the types below once, at
// their edge. A message is never changed after it was sent.
package messages

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"
)

// AccountID names one watched account, across the whole cluster and for ever.
// Only the master makes them; all others treat them as opaque.
type AccountID string

// Attr is how an account is logged, everywhere.
func (id AccountID) Attr() slog.Attr { return slog.String("account", string(id)) }

var accountIDForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// Valid says whether id has the form of an account id: it names folders and actors.
func (id AccountID) Valid() bool { return accountIDForm.MatchString(string(id)) }

// PlatformName is a platform's short name: douyin, xiaohongshu, sandbox.
type PlatformName string

// Attr is how a platform is logged.
func (p PlatformName) Attr() slog.Attr { return slog.String("platform", string(p)) }

// NodeID is a node's WORKER_ID.
type NodeID string

// Attr is how a node is logged.
func (id NodeID) Attr() slog.Attr { return slog.String("node", string(id)) }

// Epoch fences what one assignment of an account may do. The high half is the cluster's
// generation (raised when a backup is restored), the low half counts assignments of the account.
type Epoch uint64

// EpochOf puts an epoch together.
func EpochOf(generation, n uint32) Epoch { return Epoch(uint64(generation)<<32 | uint64(n)) }

// Next is the epoch of the following assignment in the same generation.
func (e Epoch) Next() Epoch { return e + 1 }

// String is the epoch's short form: 7, or g2.7 after a restore.
func (e Epoch) String() string {
	if g := uint32(e >> 32); g != 0 {
		return fmt.Sprintf("g%d.%d", g, uint32(e))
	}
	return strconv.FormatUint(uint64(e), 10)
}

// Attr is how an epoch is logged.
func (e Epoch) Attr() slog.Attr { return slog.String("epoch", e.String()) }

// ActorName is the name of an account's actor under its platform: dy_1@7.
func ActorName(id AccountID, e Epoch) string { return string(id) + "@" + e.String() }

// WorkerActor is the well-known name of a node's worker.
const WorkerActor = "worker"

// AccountPath is the full name of an account's actor on its node: worker/douyin/dy_1@7.
func AccountPath(p PlatformName, id AccountID, e Epoch) string {
	return WorkerActor + "/" + string(p) + "/" + ActorName(id, e)
}

// Rev orders every durable change of the store; it only grows.
type Rev uint64

// ReplyID is the key of one reply: the same id is never sent twice.
type ReplyID string

// Attr is how a reply is logged.
func (id ReplyID) Attr() slog.Attr { return slog.String("reply", string(id)) }

// LoginID names one login session.
type LoginID string

// Attr is how a login session is logged.
func (id LoginID) Attr() slog.Attr { return slog.String("login", string(id)) }

// TraceID follows one item or reply through every actor.
type TraceID string

// NewTrace makes a trace id; ids made later sort later.
func NewTrace() TraceID { return TraceID(ulid.Make().String()) }

// TopicKind tells a work's comments from a private conversation.
type TopicKind byte

// The two kinds of topic.
const (
	WorkTopic         TopicKind = 'w'
	ConversationTopic TopicKind = 'c'
)

// TopicID names a topic on the wire. It is unique over all accounts and platforms; clients treat it as opaque.
type TopicID string

// TopicOf makes the wire id of a work's comments or of a conversation.
func TopicOf(account AccountID, kind TopicKind, id string) TopicID {
	return TopicID(string(account) + "." + string(rune(kind)) + "." + id)
}

// Parts takes a topic id apart; ok is false for anything that TopicOf did not make.
func (t TopicID) Parts() (account AccountID, kind TopicKind, id string, ok bool) {
	a, rest, found := strings.Cut(string(t), ".")
	if !found || len(rest) < 3 || rest[1] != '.' {
		return "", 0, "", false
	}
	kind = TopicKind(rest[0])
	if kind != WorkTopic && kind != ConversationTopic || !AccountID(a).Valid() {
		return "", 0, "", false
	}
	return AccountID(a), kind, rest[2:], true
}
