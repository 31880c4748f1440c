package cluster

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
)

// Environment of a test node: nodeEnv makes this test program one.
const (
	nodeEnv  = "TROUPE_TEST_NODE"
	certsEnv = "TROUPE_TEST_CERTS"
	lifeEnv  = "TROUPE_TEST_LIFE"
)

// talk is a node that does what its stdin says, until its end:
//
//	peer NODE ADDRESS INCARNATION   forget NODE   say NODE FROM TO   big NODE SIZE   ask NODE ACTOR   order NODE   raw ADDRESS   flush NODE
//
// and says on stdout what its actor, called master or worker, hears.
func talk() error {
	name := messages.NodeID(os.Getenv(nodeEnv))
	server, client, err := loadCerts(os.Getenv(certsEnv), name)
	if err != nil {
		return err
	}
	log := slog.New(messages.LogHandler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return log }))
	link, err := OpenLink(system.Root, LinkConfig{
		Node: name, Incarnation: os.Getenv(lifeEnv), Keep: name != MasterNode, Host: "127.0.0.1",
		Server: server, Client: client, Peer: commonName, Log: log,
	})
	if err != nil {
		return err
	}
	lines := make(chan string, 10_000)
	if _, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) { hear(c, lines) }), wellKnown(name)); err != nil {
		return err
	}
	go func() {
		for line := range lines {
			fmt.Println(line)
		}
	}()
	lines <- "listens " + link.Address()
	for s := bufio.NewScanner(os.Stdin); s.Scan(); {
		do(system, link, s.Text(), lines)
	}
	return nil
}

func wellKnown(name messages.NodeID) string {
	if name == MasterNode {
		return "master"
	}
	return messages.WorkerActor
}

func hear(c actor.Context, lines chan<- string) {
	switch m := c.Message().(type) {
	case *messages.CollectNow:
		if c.Sender() != nil {
			c.Respond(&messages.Refused{})
			return
		}
		if len(m.GetAccount()) > 100 {
			lines <- fmt.Sprintf("got %d bytes", len(m.GetAccount()))
			return
		}
		lines <- "got " + m.GetAccount()
	case *messages.ReplyFound:
		lines <- "got " + m.GetReply()
	case *messages.RemoveAccount:
		lines <- "took an order"
	}
}

// do carries a command out; what is to be said of it goes to lines.
func do(system *actor.ActorSystem, link *Link, command string, lines chan<- string) {
	f := strings.Fields(command)
	node := messages.NodeID(f[1])
	to := PID(node, wellKnown(node))
	var from, until int
	switch f[0] {
	case "peer":
		link.SetPeer(node, f[2], f[3])
	case "forget":
		link.Forget(node)
	case "say":
		fmt.Sscan(f[2]+" "+f[3], &from, &until)
		for i := from; i <= until; i++ {
			if node == MasterNode {
				system.Root.Send(to, &messages.ReplyFound{Reply: fmt.Sprint(i)})
			} else {
				system.Root.Send(to, &messages.CollectNow{Account: fmt.Sprint(i)})
			}
		}
	case "big":
		fmt.Sscan(f[2], &until)
		system.Root.Send(to, &messages.CollectNow{Account: strings.Repeat("x", until)})
	case "order":
		system.Root.Send(to, &messages.RemoveAccount{})
	case "raw": // what remote itself would take
		system.Root.Send(actor.NewPID(f[1], "master"), &messages.RemoveAccount{})
	case "ask":
		go func() { lines <- ask(system, PID(node, f[2])) }()
	case "flush":
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		lines <- fmt.Sprint("flushed ", link.Flush(ctx))
	}
}

func ask(system *actor.ActorSystem, pid *actor.PID) string {
	_, err := system.Root.RequestFuture(pid, &messages.CollectNow{}, 15*time.Second).Result()
	switch {
	case err == nil:
		return "answered"
	case errors.Is(err, actor.ErrDeadLetter):
		return "dead letter"
	default:
		return err.Error()
	}
}

func commonName(s tls.ConnectionState) (messages.NodeID, error) {
	return messages.NodeID(s.PeerCertificates[0].Subject.CommonName), nil
}

// makeCerts writes a certificate of each node, and their authority's, to a folder.
func makeCerts(t *testing.T, nodes ...messages.NodeID) string {
	t.Helper()
	dir := t.TempDir()
	key, ca := sign(t, &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	write(t, filepath.Join(dir, "ca"), "CERTIFICATE", ca.Raw)
	for i, node := range nodes {
		own, cert := sign(t, &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 2), Subject: pkix.Name{CommonName: string(node)}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		}, ca, key)
		der, err := x509.MarshalECPrivateKey(own)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, string(node)+".cert"), "CERTIFICATE", cert.Raw)
		write(t, filepath.Join(dir, string(node)+".key"), "EC PRIVATE KEY", der)
	}
	return dir
}

// sign makes a key and its certificate, signed by parent, or by itself.
func sign(t *testing.T, template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, by = template, key
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func write(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func loadCerts(dir string, node messages.NodeID) (server, client *tls.Config, err error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, string(node)+".cert"), filepath.Join(dir, string(node)+".key"))
	if err != nil {
		return nil, nil, err
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca"))
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	server = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
	client = &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, MinVersion: tls.VersionTLS13}
	return server, client, nil
}
