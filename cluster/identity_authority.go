package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"troupe/messages"
)

// Role is what a node is for; it stands in its certificate.
type Role string

// The roles of nodes.
const (
	Master Role = "master" // store, master, gateway, and accounts too
	Worker Role = "worker" // accounts only
)

// Peer is the node that a certificate is for.
type Peer struct {
	Cluster string
	Role    Role
	Node    messages.NodeID
}

// String names the node for people.
func (p Peer) String() string { return fmt.Sprintf("%s %s of cluster %s", p.Role, p.Node, p.Cluster) }

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	nodeLife      = 90 * 24 * time.Hour
	// backdate lets a certificate be good where the clock is late, or is set back.
	backdate  = 48 * time.Hour
	uriScheme = "troupe"
)

// hostOf is the DNS name that every node of a role has in its certificate: nodes are known by it, whatever their address.
func hostOf(role Role) string { return string(role) + ".troupe.internal" }

// Authority makes the cluster's certificates. Only the master has it.
type Authority struct {
	cluster string
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
}

func newAuthority(cluster string, now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "troupe cluster " + cluster},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cluster, cert, key}, err
}

// OpenAuthority reads the authority beside the identity in dir; fs.ErrNotExist means that this node has none.
func OpenAuthority(dir string) (*Authority, error) {
	id, err := OpenIdentity(dir)
	if err != nil {
		return nil, err
	}
	raw, err := readPrivate(filepath.Join(dir, authorityKeyFile))
	if err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", authorityKeyFile)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", authorityKeyFile, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(id.authority.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s", authorityKeyFile, authorityFile)
	}
	return &Authority{id.Cluster, id.authority, key}, nil
}

// issue makes a certificate for a node and a public key that somebody has proven to hold.
func (a *Authority) issue(node messages.NodeID, role Role, public any, now time.Time) (der []byte, err error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	name := &url.URL{Scheme: uriScheme, Host: strings.ToLower(a.cluster), Path: "/" + string(role) + "/" + string(node)}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: string(node), OrganizationalUnit: []string{string(role)}},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(nodeLife), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{hostOf(role)}, URIs: []*url.URL{name},
	}
	return x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
}

// answer makes a certificate for a PKCS #10 request: of it only the key counts, whose possession its signature proves.
func (a *Authority) answer(request []byte, node messages.NodeID, role Role, now time.Time) (der []byte, err error) {
	r, err := x509.ParseCertificateRequest(request)
	if err != nil {
		return nil, fmt.Errorf("read the certificate request: %w", err)
	}
	if err := r.CheckSignature(); err != nil {
		return nil, fmt.Errorf("check the certificate request: %w", err)
	}
	return a.issue(node, role, r.PublicKey, now)
}

// Renew gives an identity of this cluster a fresh key and certificate, in memory and, where it has a folder already, on disk.
func (a *Authority) Renew(id *Identity, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	der, err := a.issue(id.Node, id.Role, key.Public(), now)
	if err != nil {
		return fmt.Errorf("renew certificate: %w", err)
	}
	return id.take(key, der)
}

// IssueTo makes a worker's identity and writes it to dir, which must not exist, so that it can be carried there by hand.
func (a *Authority) IssueTo(dir string, from *Identity, node messages.NodeID, now time.Time) (*Identity, error) {
	id := &Identity{Cluster: from.Cluster, Node: node, Role: Worker, dir: dir, authority: a.cert, gossip: from.gossip}
	if err := a.Renew(id, now); err != nil {
		return nil, err
	}
	if err := id.create(nil); err != nil {
		return nil, fmt.Errorf("write %s's files: %w", node, err)
	}
	return id, nil
}

// take uses a certificate for a key, and writes both where the identity is on disk already.
func (id *Identity) take(key *ecdsa.PrivateKey, der []byte) error {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("read the new certificate: %w", err)
	}
	before := id.cert.Load()
	if err := id.use(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}); err != nil {
		return err
	}
	if before == nil {
		return nil
	}
	text, err := nodePEM(id.cert.Load())
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(id.dir, nodeFile), text); err != nil {
		return fmt.Errorf("keep the new certificate: %w", err)
	}
	return nil
}

// newRequest makes a key and a PKCS #10 request for it.
func newRequest(node messages.NodeID) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: string(node)}}, key)
	return key, der, err
}

// errNoPeer is a certificate that names no node.
var errNoPeer = errors.New("the certificate names no node of a cluster")

// peerOf reads whom a certificate is for.
func peerOf(cert *x509.Certificate) (Peer, error) {
	for _, u := range cert.URIs {
		role, node, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		if u.Scheme == uriScheme && ok {
			return Peer{strings.ToUpper(u.Host), Role(role), messages.NodeID(node)}, nil
		}
	}
	return Peer{}, errNoPeer
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}
