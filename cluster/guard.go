package cluster

import (
	"context"
	"crypto/tls"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"troupe/messages"
)

// Remote hands whatever a peer sends to any actor that it names, and trusts its indexes. The guard stands before it: of what comes in,
// only Letters to the link pass, marked with the name that the peer's certificate proves.

type namer = func(tls.ConnectionState) (messages.NodeID, error)

// guardStream lets letters pass to mailroom.
func guardStream(name namer, mailroom *actor.PID) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		p, ok := grpcpeer.FromContext(stream.Context())
		if !ok {
			return status.Error(codes.Unauthenticated, "no peer")
		}
		g := &guarded{ServerStream: stream, peer: func() (messages.NodeID, error) { return nodeBehind(p.AuthInfo, name) }, mailroom: mailroom}
		if _, err := g.peer(); err != nil {
			return status.Error(codes.Unauthenticated, err.Error())
		}
		return handler(srv, g)
	}
}

// refuseUnary refuses remote's diagnostic calls, which are not implemented there and panic.
func refuseUnary(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.Unimplemented, "no such call")
}

// guarded is a stream of one peer.
type guarded struct {
	grpc.ServerStream
	peer     func() (messages.NodeID, error) // asked for each batch: a node may be forgotten meanwhile
	mailroom *actor.PID
}

var lettersType = string(proto.MessageName(&messages.Letters{}))

// RecvMsg ends the stream at the first message that is not for the link.
func (g *guarded) RecvMsg(m any) error {
	if err := g.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	r, ok := m.(*remote.RemoteMessage)
	if !ok {
		return status.Errorf(codes.PermissionDenied, "a %T is not taken", m)
	}
	switch t := r.GetMessageType().(type) {
	case *remote.RemoteMessage_ConnectRequest:
		return nil
	case *remote.RemoteMessage_MessageBatch:
		return g.mark(t.MessageBatch)
	default:
		return status.Errorf(codes.PermissionDenied, "a %T is not taken", t)
	}
}

// mark checks a batch and writes the peer's name on each of its messages.
func (g *guarded) mark(batch *remote.MessageBatch) error {
	types, targets := batch.GetTypeNames(), batch.GetTargets()
	if len(types) != 1 || types[0] != lettersType || len(targets) != 1 || targets[0].GetId() != mailroomName {
		return status.Error(codes.PermissionDenied, "only letters to the link are taken")
	}
	node, err := g.peer()
	if err != nil {
		return status.Error(codes.Unauthenticated, err.Error())
	}
	batch.Senders = nil
	targets[0] = g.mailroom // whatever address they called it by: nothing is passed on to other nodes
	for _, e := range batch.GetEnvelopes() {
		e.TypeId, e.SerializerId, e.Target, e.Sender, e.TargetRequestId, e.SenderRequestId = 0, 0, 0, 0, 0, 0
		e.MessageHeader = &remote.MessageHeader{HeaderData: map[string]string{peerHeader: string(node)}}
	}
	return nil
}
