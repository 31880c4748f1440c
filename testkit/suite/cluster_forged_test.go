package suite

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	node "troupe/cluster"
	"troupe/messages"
	"troupe/testkit/proc"
)

// anotherGossipKey puts a key of nobody's into a node's folder.
func anotherGossipKey(t *testing.T, folder, _ string) {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key) // never fails
	write(t, filepath.Join(folder, "cluster", "gossip.key"), base64.StdEncoding.AppendEncode(nil, key))
}

// endedCertificate gives a node a certificate of the cluster's authority that ended some days ago.
func endedCertificate(master *proc.Node) func(*testing.T, string, string) {
	return func(t *testing.T, folder, name string) {
		t.Helper()
		home, dir := filepath.Join(master.Dir, master.Name, "cluster"), filepath.Join(folder, "cluster")
		authority, err := node.OpenAuthority(home)
		if err != nil {
			t.Fatal(err)
		}
		from, err := node.OpenIdentity(home)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := authority.IssueTo(dir, from, messages.NodeID(name), time.Now().Add(-95*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
}

// anotherAuthority gives a node certificates that name the right cluster and the right node, but are of an authority that somebody else made.
func anotherAuthority(t *testing.T, folder, name string) {
	t.Helper()
	dir := filepath.Join(folder, "cluster")
	raw, err := os.ReadFile(filepath.Join(dir, "cluster.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ Cluster string }
	if err := json.Unmarshal(raw, &pinned); err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	authorityKey, authority := sign(t, ca, ca, nil)
	own := &x509.Certificate{
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, DNSNames: []string{"worker.troupe.internal"},
		URIs: []*url.URL{{Scheme: "troupe", Host: strings.ToLower(pinned.Cluster), Path: "/worker/" + name}},
	}
	key, cert := sign(t, own, ca, authorityKey)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ca.pem"), authority)
	write(t, filepath.Join(dir, "node.pem"), append(cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...))
}

// sign makes a certificate with a key of its own; without a parent's key it signs itself.
func sign(t *testing.T, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (key *ecdsa.PrivateKey, cert []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
