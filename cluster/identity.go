package cluster

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"troupe/messages"
)

// Identity is who a node is in its cluster: the cluster's id, the authority that everybody of it trusts, its own certificate and key,
// and the key of the gossip. It rests in a folder of its own (mode 0700):
//
//	cluster.json   cluster, node and role
//	ca.pem         certificate of the authority
//	node.pem       the node's certificate and its key; replaced as a whole when renewed
//	gossip.key     base64
//	ca-key.pem     only on the master: what makes certificates
//
// It is safe for concurrent use; a renewed certificate is used from the next connection on.
type Identity struct {
	Cluster string
	Node    messages.NodeID
	Role    Role

	dir       string
	authority *x509.Certificate
	gossip    messages.Secret
	cert      atomic.Pointer[tls.Certificate]
}

// names of the files of an identity
const (
	clusterFile      = "cluster.json"
	authorityFile    = "ca.pem"
	authorityKeyFile = "ca-key.pem"
	nodeFile         = "node.pem"
	gossipFile       = "gossip.key"
)

// gossipKeySize is that of AES-256.
const gossipKeySize = 32

// pinned is what cluster.json holds.
type pinned struct {
	Cluster string          `json:"cluster"`
	Node    messages.NodeID `json:"node"`
	Role    Role            `json:"role"`
}

// Found makes a new cluster whose first node, and master, is this one, and writes its identity and its authority to dir. It
// fails with fs.ErrExist where there is one already.
func Found(dir string, node messages.NodeID, now time.Time) (*Identity, *Authority, error) {
	id := &Identity{Cluster: ulid.Make().String(), Node: node, Role: Master, dir: dir, gossip: make([]byte, gossipKeySize)}
	rand.Read(id.gossip) // never fails
	a, err := newAuthority(id.Cluster, now)
	if err != nil {
		return nil, nil, fmt.Errorf("found cluster: %w", err)
	}
	id.authority = a.cert
	if err := a.Renew(id, now); err != nil {
		return nil, nil, fmt.Errorf("found cluster: %w", err)
	}
	key, err := keyPEM(a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("found cluster: %w", err)
	}
	if err := id.create(map[string][]byte{authorityKeyFile: key}); err != nil {
		return nil, nil, fmt.Errorf("found cluster: %w", err)
	}
	return id, a, nil
}

// OpenIdentity reads the identity in dir. It refuses files that others than their owner may read. A missing one is an
// error that is fs.ErrNotExist.
func OpenIdentity(dir string) (*Identity, error) {
	id := &Identity{dir: dir}
	if err := id.read(); err != nil {
		return nil, fmt.Errorf("read the cluster's files in %s: %w", dir, err)
	}
	return id, nil
}

func (id *Identity) read() error {
	raw, err := readPrivate(filepath.Join(id.dir, clusterFile))
	if err != nil {
		return err
	}
	var p pinned
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("%s: %w", clusterFile, err)
	}
	id.Cluster, id.Node, id.Role = p.Cluster, p.Node, p.Role
	if id.authority, err = readCertificate(filepath.Join(id.dir, authorityFile)); err != nil {
		return err
	}
	if raw, err = readPrivate(filepath.Join(id.dir, gossipFile)); err != nil {
		return err
	}
	if id.gossip, err = base64.StdEncoding.AppendDecode(nil, raw); err != nil || len(id.gossip) != gossipKeySize {
		return fmt.Errorf("%s is not %d bytes in base64", gossipFile, gossipKeySize)
	}
	if raw, err = readPrivate(filepath.Join(id.dir, nodeFile)); err != nil {
		return err
	}
	cert, err := tls.X509KeyPair(raw, raw)
	if err != nil {
		return fmt.Errorf("%s: %w", nodeFile, err)
	}
	return id.use(cert)
}

// use takes a certificate of this node up, if it is one.
func (id *Identity) use(cert tls.Certificate) error {
	peer, err := peerOf(cert.Leaf)
	if err != nil {
		return err
	}
	if want := (Peer{id.Cluster, id.Role, id.Node}); peer != want {
		return fmt.Errorf("the certificate is for %s, not for %s", peer, want)
	}
	if err := cert.Leaf.CheckSignatureFrom(id.authority); err != nil {
		return fmt.Errorf("the certificate is not of the cluster's authority: %w", err)
	}
	cert.Certificate = append(cert.Certificate[:1:1], id.authority.Raw) // so that who joins can pin the authority
	id.cert.Store(&cert)
	return nil
}

// create writes the identity to its folder, which must not exist yet, all at once.
func (id *Identity) create(more map[string][]byte) error {
	head, err := json.Marshal(pinned{id.Cluster, id.Node, id.Role})
	if err != nil {
		return err
	}
	own, err := nodePEM(id.cert.Load())
	if err != nil {
		return err
	}
	files := map[string][]byte{
		clusterFile: append(head, '\n'), authorityFile: certificatePEM(id.authority.Raw), nodeFile: own,
		gossipFile: base64.StdEncoding.AppendEncode(nil, id.gossip),
	}
	for name, content := range more {
		files[name] = content
	}
	if _, err := os.Stat(id.dir); err == nil {
		return fmt.Errorf("%s: %w", id.dir, os.ErrExist)
	}
	beside := id.dir + ".new"
	if err := errors.Join(os.RemoveAll(beside), os.Mkdir(beside, 0o700)); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(beside, name), content, 0o600); err != nil {
			return err
		}
	}
	return errors.Join(syncAll(beside), os.Rename(beside, id.dir), syncAll(filepath.Dir(id.dir)))
}

// replace writes one file of the identity anew; at each moment the old one or the new one stands there whole.
func replaceFile(path string, content []byte) error {
	beside := path + ".new"
	f, err := os.OpenFile(beside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return errors.Join(os.Rename(beside, path), syncAll(filepath.Dir(path)))
}

// syncAll makes the names in a folder durable.
func syncAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readPrivate reads a file that only its owner may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read by others (mode %o); chmod 600 it", path, info.Mode().Perm())
	}
	return os.ReadFile(path)
}

func readCertificate(path string) (*x509.Certificate, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return x509.ParseCertificate(block.Bytes)
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// nodePEM is a certificate and its key in one file.
func nodePEM(cert *tls.Certificate) ([]byte, error) {
	key, ok := cert.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("a key of type %T is not one of ours", cert.PrivateKey)
	}
	text, err := keyPEM(key)
	if err != nil {
		return nil, err
	}
	return append(certificatePEM(cert.Certificate[0]), text...), nil
}

// GossipKey is the cluster's key for membership messages.
func (id *Identity) GossipKey() messages.Secret { return id.gossip }

// gossipDigest tells gossip keys apart, and nothing of them.
func (id *Identity) gossipDigest() string {
	sum := sha256.Sum256(append([]byte("troupe gossip key "), id.gossip...))
	return hex.EncodeToString(sum[:8])
}

// Fingerprint is the SHA-256 of the authority's certificate, in hex: what a join token pins.
func (id *Identity) Fingerprint() string { return fingerprint(id.authority) }

// AuthorityUntil is when the authority's certificate ends.
func (id *Identity) AuthorityUntil() time.Time { return id.authority.NotAfter }

// Until is when the node's certificate ends.
func (id *Identity) Until() time.Time { return id.cert.Load().Leaf.NotAfter }

// Stale says whether the node's certificate should be renewed: a third of its life is left.
func (id *Identity) Stale(now time.Time) bool {
	leaf := id.cert.Load().Leaf
	return leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/3
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}
