package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"troupe/messages"
)

// ServerTLS is for connections that other nodes open: who calls proves by a certificate of the cluster that it is a node of one of
// the roles.
func (id *Identity) ServerTLS(from ...Role) *tls.Config {
	c := id.serverTLS()
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.VerifyConnection = func(state tls.ConnectionState) error {
		peer, err := peerOf(state.PeerCertificates[0])
		if err != nil {
			return err
		}
		for _, role := range from {
			if peer.Role == role && peer.Cluster == id.Cluster {
				return nil
			}
		}
		return fmt.Errorf("%s may not connect here", peer)
	}
	return c
}

// NodeBehind names the node that a connection's certificate, which was verified, belongs to, as addresses have it: a master is MasterNode.
func NodeBehind(state tls.ConnectionState) (messages.NodeID, error) {
	if len(state.PeerCertificates) == 0 {
		return "", errNoPeer
	}
	peer, err := peerOf(state.PeerCertificates[0])
	if err == nil && peer.Role == Master {
		return MasterNode, nil
	}
	return peer.Node, err
}

// serverTLS asks callers for their certificate and lets everybody in: the door judges what is shown.
func (id *Identity) serverTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert, ClientCAs: id.pool(),
		// A resumed session would prove a certificate that has ended since.
		SessionTicketsDisabled: true,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return id.cert.Load(), nil },
	}
}

// ClientTLS is for connections to nodes of a role, whatever their address: they are known by their certificate.
func (id *Identity) ClientTLS(to Role) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: id.pool(), ServerName: hostOf(to),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return id.cert.Load(), nil },
	}
}

func (id *Identity) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(id.authority)
	return pool
}

// pinnedTLS is for the one call of a node that has no identity yet: the master shows its authority's certificate, and that must have
// the fingerprint that the join token names. found gets it.
func pinnedTLS(want string, found *x509.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: hostOf(Master),
		InsecureSkipVerify: true, // VerifyConnection verifies, by the pin
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := state.PeerCertificates
			if len(chain) < 2 || fingerprint(chain[len(chain)-1]) != want {
				return errOtherAuthority
			}
			root := chain[len(chain)-1]
			pool := x509.NewCertPool()
			pool.AddCert(root)
			if _, err := chain[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: hostOf(Master)}); err != nil {
				return err
			}
			*found = *root
			return nil
		},
	}
}

// errOtherAuthority means that whoever answers is not the master that the token is of.
var errOtherAuthority = errors.New("the master's authority is not the one that the join token names: take a token of this master (troupe keys token)")
