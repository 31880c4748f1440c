package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"troupe/messages"
)

// carrier takes Letters to a peer. It may lose, double and delay them.
type carrier func(c actor.Context, address string, m *messages.Letters)

func carryByRemote(c actor.Context, address string, m *messages.Letters) {
	c.Send(actor.NewPID(address, mailroomName), m)
}

// Settings of remote. Its own defaults hold 16 MB per peer, break on a burst (grpc refuses a batch over 4 MB, and everything in it is lost
// without a word), and block a dead peer's endpoint for ten seconds.
const (
	writerBatch  = 16       // Letters in one grpc message, of half a megabyte each
	writerQueue  = 4096     // first size of an endpoint's queue
	messageLimit = 64 << 20 // of one grpc message
)

// startRemote listens. Its panics are errors here: a port that is taken is no bug of ours.
func startRemote(system *actor.ActorSystem, cfg LinkConfig, names *names, mailroom *actor.PID) (r *remote.Remote, err error) {
	defer func() {
		if v := recover(); v != nil {
			r, err = nil, fmt.Errorf("listen on %s: %v", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)), v)
		}
	}()
	dial := cfg.Dial
	if dial == nil {
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		}
	}
	options := []remote.ConfigOption{
		remote.WithEndpointWriterBatchSize(writerBatch),
		remote.WithEndpointWriterQueueSize(writerQueue),
		remote.WithServerOptions(
			grpc.Creds(credentials.NewTLS(cfg.Server)), grpc.MaxRecvMsgSize(messageLimit),
			grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second}),
			grpc.StreamInterceptor(guardStream(cfg.Peer, mailroom)), grpc.UnaryInterceptor(refuseUnary),
		),
		remote.WithDialOptions(
			grpc.WithTransportCredentials(newClientCreds(cfg, names)),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit)),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff: backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}, MinConnectTimeout: 3 * time.Second,
			}),
			grpc.WithContextDialer(dial),
		),
	}
	if cfg.Advertise != "" {
		options = append(options, remote.WithAdvertisedHost(cfg.Advertise))
	}
	config := remote.Configure(cfg.Host, cfg.Port, options...)
	config.MaxRetryCount = 1 // the link asks again by itself
	r = remote.NewRemote(system, config)
	r.Start()
	return r, nil
}

// hangUp ends the connection to an address that nobody is at any more.
func hangUp(system *actor.ActorSystem, address string) {
	system.EventStream.Publish(&remote.EndpointTerminatedEvent{Address: address})
}

// names remembers which node is to be found at an address, so that no other can stand in for it.
type names struct{ at sync.Map }

func (n *names) set(address string, node messages.NodeID) { n.at.Store(address, node) }

// expects says whether node may answer at address.
func (n *names) expects(address string, node messages.NodeID) bool {
	want, known := n.at.Load(address)
	return known && want == node
}

// clientCreds is TLS that also checks that the node which answers is the one that was called.
type clientCreds struct {
	credentials.TransportCredentials
	server string // that the certificate must be for; empty = the address that is called
	names  *names
	peer   namer
}

// newClientCreds keeps the name of the server from grpc, which would call every address by it.
func newClientCreds(cfg LinkConfig, names *names) *clientCreds {
	client := cfg.Client.Clone()
	client.ServerName = ""
	return &clientCreds{TransportCredentials: credentials.NewTLS(client), server: cfg.Client.ServerName, names: names, peer: cfg.Peer}
}

func (c *clientCreds) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, cmp.Or(c.server, authority), raw)
	if err != nil {
		return nil, nil, err
	}
	node, err := nodeBehind(info, c.peer)
	if err == nil && !c.names.expects(authority, node) {
		err = fmt.Errorf("another node answers at %s: %s", authority, node)
	}
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, info, nil
}

// Clone keeps the check.
func (c *clientCreds) Clone() credentials.TransportCredentials {
	return &clientCreds{TransportCredentials: c.TransportCredentials.Clone(), server: c.server, names: c.names, peer: c.peer}
}

func nodeBehind(info credentials.AuthInfo, peer namer) (messages.NodeID, error) {
	t, ok := info.(credentials.TLSInfo)
	if !ok {
		return "", fmt.Errorf("the connection is not TLS but %T", info)
	}
	node, err := peer(t.State)
	if err != nil {
		return "", fmt.Errorf("name the peer: %w", err)
	}
	return node, nil
}
