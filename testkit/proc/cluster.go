package proc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ClusterOptions say how the nodes of a cluster are run.
type ClusterOptions struct {
	Options     // of every node; Name and Dir are the cluster's to give
	Workers int // that join at the start

	// Each says what further flags a node of that name has; nil is none.
	Each func(name string) []string

	// Place says where a node of that name runs; nil is this machine, each node at a loopback address of its own.
	Place func(name string) Place
}

// Place is where a node runs.
type Place struct {
	Addr  netip.Addr            // by which other nodes reach it, and from which its gates dial
	Spawn func(*exec.Cmd) error // starts its process; nil starts it here
	Dir   string                // its data folder; "" makes a new one, which the test's end removes
}

// Cluster is a master's node, which runs no accounts itself, and the workers that joined it: each a process with a data folder of
// its own. All end with the test, the master last.
type Cluster struct {
	Master  *Node
	Workers []*Node // in the order in which they joined: worker-1 and following

	t       testing.TB
	options ClusterOptions
	gateway string // of the master, as workers are told
}

// MasterName is the name of the master's node.
const MasterName = "master-1"

// StartCluster starts a master and its workers, one after the other, and waits until each answers.
func StartCluster(t testing.TB, o ClusterOptions) *Cluster {
	t.Helper()
	c := &Cluster{t: t, options: o}
	if c.options.Place == nil {
		c.options.Place = c.here
	}
	c.startMaster()
	for range o.Workers {
		c.AddWorker()
	}
	return c
}

// here gives each node an address on this machine.
func (c *Cluster) here(string) Place {
	addr := netip.MustParseAddr("127.0.0.2")
	for range len(c.Workers) {
		addr = addr.Next()
	}
	if c.Master != nil {
		addr = addr.Next()
	}
	return Place{Addr: addr}
}

func (c *Cluster) startMaster() {
	c.t.Helper()
	o, place := c.node(MasterName)
	o.Args = append(o.Args, "--max-accounts", "0", "--master-host", place.Addr.String())
	if !place.Addr.IsLoopback() {
		cert, key := certificate(c.t)
		o.Args = append(o.Args, "--dev-role", "off", "--tls-cert", cert, "--tls-key", key)
	}
	c.Master = Start(c.t, o)
	c.Master.Addr = place.Addr.String()
	_, c.gateway, _ = strings.Cut(c.Master.URL, "://")
	_, port, err := net.SplitHostPort(c.gateway)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Master.options.Args = append(c.Master.options.Args, "--master-port", port) // workers find it there after a restart
}

// node are the options that every node has.
func (c *Cluster) node(name string) (Options, Place) {
	place := c.options.Place(name)
	o := c.options.Options
	o.Name, o.Spawn, o.Dir = name, place.Spawn, place.Dir
	o.Args = append([]string{"--cluster-host", place.Addr.String()}, o.Args...)
	if c.options.Each != nil {
		o.Args = append(o.Args, c.options.Each(name)...)
	}
	return o, place
}

// AddWorker starts one more worker, which joins by a token of its own, and waits until the master has let it in.
func (c *Cluster) AddWorker() *Node {
	c.t.Helper()
	return c.AddWorkerOf("")
}

// AddWorkerOf is AddWorker with another program, such as Changed makes.
func (c *Cluster) AddWorkerOf(program string) *Node {
	c.t.Helper()
	o, place := c.node(fmt.Sprintf("worker-%d", len(c.Workers)+1))
	o.Program, o.killed = program, true // a clean end would move its accounts to the others, one node after the other
	o.Args = append(o.Args, "--join", c.gateway, "--token", c.Token())
	n := Start(c.t, o)
	n.Addr = place.Addr.String()
	c.Workers = append(c.Workers, n)
	return n
}

// Token is a new join token, for one node.
func (c *Cluster) Token() string {
	c.t.Helper()
	out, errs, status := c.Master.CLI("keys", "token")
	if status != 0 {
		c.t.Fatalf("troupe keys token: %s", errs)
	}
	return strings.TrimSpace(out)
}

// Gateway is the master's address for nodes that join: host:port.
func (c *Cluster) Gateway() string { return c.gateway }

// certificate makes the gateway's own, which nodes do not judge: beyond loopback it must have one.
func certificate(t testing.TB) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"gateway.test"},
		NotBefore: time.Now().Add(-30 * 24 * time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour), // clocks are stepped
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", secret)
}
