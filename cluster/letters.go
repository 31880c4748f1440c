package cluster

import (
	"fmt"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"troupe/messages"
)

// kinds is a set of message types.
type kinds map[protoreflect.FullName]bool

func kindsOf(list ...proto.Message) kinds {
	set := kinds{}
	for _, m := range list {
		set[proto.MessageName(m)] = true
	}
	return set
}

// repeating are the messages that their senders say again by themselves, until they are answered or every few seconds. A long
// outage must not fill the queue with them. An account's status is none: it may be the last one for long, and an account whose gate
// is shut has little to say.
var repeating = kindsOf(
	&messages.Observed{}, &messages.Acked{}, &messages.NodeStatus{},
	&messages.SaveVault{}, &messages.VaultSaved{},
)

// toMaster is what a worker may say, and to whom. Anything else that comes from one is refused: it speaks for its accounts,
// and gives no orders. Answers go to whoever asked (isFuture).
var toMaster = map[string]kinds{
	"store": kindsOf(&messages.Observed{}),
	"master": kindsOf(
		&messages.NodeStatus{}, &messages.AccountAssigned{}, &messages.AccountRevoked{}, &messages.AccountFailed{},
		&messages.AccountStatus{}, &messages.WorkerDrained{}, &messages.SaveVault{}, &messages.ProxyChecked{},
		&messages.LoginStarted{}, &messages.LoginStep{}, &messages.LoginEnded{}, &messages.BeginCommit{},
		&messages.ReplyResult{}, &messages.ReplyFound{}, &messages.Refused{}, &actor.DeadLetterResponse{},
	),
}

// futures is how the names of those begin who wait for one answer.
const futures = "future"

// admitted says whether a peer may say this to an actor of ours. The master may say anything of ours to its workers' actors.
func admitted(from messages.NodeID, l *messages.Letter) bool {
	kind := protoreflect.FullName(l.GetType())
	ours := kind.Parent() == "troupe" || kind == proto.MessageName(&actor.DeadLetterResponse{})
	if from == MasterNode {
		return ours && (l.GetTarget() == messages.WorkerActor || strings.HasPrefix(l.GetTarget(), messages.WorkerActor+"/") || isFuture(l.GetTarget()))
	}
	return ours && isFuture(l.GetTarget()) || toMaster[l.GetTarget()][kind] || leaves(from, l)
}

// leaves says whether a letter is the only order that a worker gives: to drain itself, because it ends.
func leaves(from messages.NodeID, l *messages.Letter) bool {
	if protoreflect.FullName(l.GetType()) != proto.MessageName(&messages.DrainWorker{}) || l.GetTarget() != "master" {
		return false
	}
	m, err := unseal(l)
	drain, ok := m.(*messages.DrainWorker)
	return err == nil && ok && drain.GetLeaving() && messages.NodeID(drain.GetWorker()) == from
}

func isFuture(name string) bool { return strings.HasPrefix(name, futures) }

// seal makes a letter of a message. Only protobuf messages travel.
func seal(target string, message any, limit int) (*letter, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("a %T cannot leave the node", message)
	}
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", message, err)
	}
	if len(body) > limit {
		return nil, fmt.Errorf("a %T of %d bytes is too large to leave the node, limit %d", message, len(body), limit)
	}
	kind := proto.MessageName(m)
	return &letter{target: target, kind: string(kind), body: body, repeats: repeating[kind]}, nil
}

// unseal makes the message of a whole letter.
func unseal(l *messages.Letter) (proto.Message, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(l.GetType()))
	if err != nil {
		return nil, fmt.Errorf("find message type %q: %w", l.GetType(), err)
	}
	m := kind.New().Interface()
	if err := proto.Unmarshal(l.GetBody(), m); err != nil {
		return nil, fmt.Errorf("decode %s: %w", l.GetType(), err)
	}
	return m, nil
}
