package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// door is the TLS of the master's cluster port. A caller needs no certificate, for it may want to join. One that shows a certificate which
// is not good is let in too, but as nobody: each of its calls is answered with what is wrong, so that it stands in both sides' logs. (A
// broken handshake would tell either side next to nothing.)
type door struct {
	credentials.TransportCredentials
	authority *x509.CertPool
	now       func() time.Time
	// balked is told of a caller that would have none of this master.
	balked func(from net.Addr)
}

// visitor is a caller, as the door saw it.
type visitor struct {
	credentials.TLSInfo
	problem error // of its certificate; nil = it is good
}

// ServerHandshake implements credentials.TransportCredentials.
func (d door) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := d.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		if broken := (*net.OpError)(nil); errors.As(err, &broken) && broken.Op == "remote error" { // a TLS alert
			d.balked(raw.RemoteAddr())
		}
		return nil, nil, err
	}
	tlsInfo, ok := info.(credentials.TLSInfo)
	if !ok {
		conn.Close()
		return nil, nil, errNoCertificate
	}
	return conn, visitor{tlsInfo, d.judge(tlsInfo.State.PeerCertificates)}, nil
}

// Clone implements credentials.TransportCredentials.
func (d door) Clone() credentials.TransportCredentials {
	d.TransportCredentials = d.TransportCredentials.Clone()
	return d
}

// joinAnew is what helps a node whose files are of no use any more.
const joinAnew = "remove the folder cluster from its data folder, and start it with a new token (troupe keys token)"

// judge says what is wrong with a certificate, in words for the people on both sides.
func (d door) judge(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errNoCertificate
	}
	leaf, now := chain[0], d.now()
	_, err := leaf.Verify(x509.VerifyOptions{Roots: d.authority, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	switch {
	case err == nil:
		return nil
	case errors.As(err, &x509.UnknownAuthorityError{}):
		return status.Error(codes.Unauthenticated, "the node's certificate is of another authority than this cluster's: "+joinAnew)
	case now.After(leaf.NotAfter):
		return status.Errorf(codes.Unauthenticated, "the node's certificate ended on %s: %s", leaf.NotAfter.Format(time.DateOnly), joinAnew)
	case now.Before(leaf.NotBefore):
		return status.Errorf(codes.Unauthenticated, "the node's certificate begins on %s only: set the clock of the machine that is wrong", leaf.NotBefore.Format(time.DateOnly))
	default:
		return status.Errorf(codes.Unauthenticated, "the node's certificate is not good: %v", err)
	}
}

// caller is the node that makes a call, and its certificate.
func caller(ctx context.Context) (Peer, *x509.Certificate, error) {
	p, ok := grpcpeer.FromContext(ctx)
	if !ok {
		return Peer{}, nil, errNoCertificate
	}
	v, ok := p.AuthInfo.(visitor)
	if !ok {
		return Peer{}, nil, errNoCertificate
	}
	if v.problem != nil {
		return Peer{}, nil, v.problem
	}
	cert := v.State.PeerCertificates[0]
	peer, err := peerOf(cert)
	return peer, cert, err
}

var errNoCertificate = status.Error(codes.Unauthenticated, "this call needs a certificate of the cluster; a node gets one by: troupe serve --join --token")
