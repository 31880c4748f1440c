package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"troupe/messages"
)

// callLimit is how long a call of a node to its master may take, beats apart.
const callLimit = 5 * time.Second

// RefusedError means that the master heard a node and will not have it. To try again changes nothing until a person does something.
type RefusedError struct {
	Reason    string
	Forgotten bool // the node was of the cluster, which let it go: a new token lets it in again
}

func (e *RefusedError) Error() string { return "the master refuses this node: " + e.Reason }

// Join makes a node that has a token a worker of the token's cluster, whose master's cluster port is at address. keepRing gets the
// cluster's key ring; when it has kept it the identity is written to dir, which must not exist yet. A refusal is a *RefusedError.
func Join(ctx context.Context, address string, token Token, node messages.NodeID, dir string, keepRing func(messages.Secret) error) (*Identity, error) {
	key, request, err := newRequest(node)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	authority := &x509.Certificate{}
	joined, err := callOnce[messages.Joined](ctx, address, pinnedTLS(token.Authority, authority), "Join",
		&messages.JoinRequest{Node: string(node), Secret: token.Secret, Request: request})
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	id := &Identity{Cluster: joined.GetCluster(), Node: node, Role: Worker, dir: dir, authority: authority, gossip: joined.GetGossipKey()}
	if err := id.take(key, joined.GetCertificate()); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if err := keepRing(joined.GetRing()); err != nil {
		return nil, fmt.Errorf("join: keep the key ring: %w", err)
	}
	if err := id.create(nil); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	return id, nil
}

// longestJoinWait is the longest pause between two attempts to reach a master.
const longestJoinWait = 5 * time.Second

// UntilAnswered makes an attempt again and again, each time a little later, as long as it fails because no master answers: the first start of
// a node need not wait for its master's. waits is told of each such failure, and how long the pause after it is.
func UntilAnswered(ctx context.Context, attempt func() error, waits func(err error, pause time.Duration)) error {
	for pause := time.Second; ; pause = min(2*pause, longestJoinWait) {
		err := attempt()
		var unanswered *UnansweredError
		if !errors.As(err, &unanswered) {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		waits(err, pause)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// JoinAgain gives a node that the cluster forgot a certificate of its own again, by a token of the same cluster. keepRing gets the cluster's key
// ring before. What the node has in its data folder stays.
func (id *Identity) JoinAgain(ctx context.Context, address string, token Token, keepRing func(messages.Secret) error) error {
	if token.Authority != id.Fingerprint() {
		return fmt.Errorf("join again: %w", &RefusedError{Reason: "the join token is of another cluster"})
	}
	key, request, err := newRequest(id.Node)
	if err != nil {
		return fmt.Errorf("join again: %w", err)
	}
	joined, err := callOnce[messages.Joined](ctx, address, pinnedTLS(token.Authority, &x509.Certificate{}), "Join",
		&messages.JoinRequest{Node: string(id.Node), Secret: token.Secret, Request: request})
	if err != nil {
		return fmt.Errorf("join again: %w", err)
	}
	if err := keepRing(joined.GetRing()); err != nil {
		return fmt.Errorf("join again: keep the key ring: %w", err)
	}
	if err := id.take(key, joined.GetCertificate()); err != nil {
		return fmt.Errorf("join again: %w", err)
	}
	return nil
}

// callOnce makes one call on a line of its own.
func callOnce[A any](ctx context.Context, address string, config *tls.Config, name string, question any) (*A, error) {
	l, err := dial(address, config)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	answer, err := invoke[A](ctx, l, name, question)
	return answer, refusal(err)
}

// refusal makes what a master said no to a *RefusedError; what merely failed stays as it is.
func refusal(err error) error {
	switch s := status.Convert(err); s.Code() {
	case codes.PermissionDenied, codes.FailedPrecondition, codes.InvalidArgument, codes.AlreadyExists, codes.Unauthenticated:
		return &RefusedError{Reason: s.Message()}
	case codes.NotFound:
		return &RefusedError{Reason: s.Message(), Forgotten: true}
	case codes.OK:
		return nil
	default:
		return &UnansweredError{s.Message()}
	}
}
