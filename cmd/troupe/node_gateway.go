package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/gateway"
	"troupe/actors/gateway/api"
	"troupe/actors/gateway/console"
	"troupe/actors/gateway/people"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/cmd/troupe/metrics"
	"troupe/messages"
)

// firstAdminFile holds the first admin's one-time code while there is no admin.
const firstAdminFile = "first-admin"

// startGateway starts everything that clients talk to.
func (n *node) startGateway(root *actor.RootContext, views *dataset.Views, published *board.Holder, logins states) error {
	cert, err := n.certificate()
	if err != nil {
		return err
	}
	door, err := n.startPeople(root, cert)
	if err != nil {
		return err
	}
	if n.gateway, err = gateway.New(gateway.Config{
		Views: views, Board: published, Door: door, Master: n.master, Store: n.store, Now: n.now, Log: n.log, PushMessages: n.cfg.IMPush,
		ReadState: func(state []byte) ([]byte, error) {
			plain, _, err := logins.Read(state)
			return plain, err
		},
		OpenSecret: logins.openSecret,
		OpenLogin:  func(sealed *messages.SealedState) ([]byte, error) { return logins.Export(sealed, true) },
	}); err != nil {
		return err
	}
	if _, err := root.SpawnNamed(n.gateway.Props(), gateway.Name); err != nil {
		return err
	}
	if n.events, err = root.SpawnNamed(api.Props(api.EventsConfig{Store: n.store, Master: n.master, Log: n.log}), api.Name); err != nil {
		return err
	}
	n.vitals.watchOffice(metrics.Office{Board: published, Views: views, Gateway: n.gateway})
	near, err := networks(n.cfg.MetricsNetworks)
	if err != nil {
		return err
	}
	web := api.New(api.Config{
		Root: n.system.Root, Master: n.master, Store: n.store, Events: n.events, People: n.people, Door: door, Board: published, Views: views,
		States: logins, Backups: n.backups(), Cluster: n.cluster(), Version: version(), Console: console.Handler(), Now: n.now, Log: n.log,
		Lacks: n.vitals.lacks, Metrics: n.vitals.metrics.Handler(), Near: near,
		URL: func() string { return n.url },
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", n.gateway.Handler())
	mux.Handle("/", web)
	return n.listen(door.Edge(mux), cert)
}

// certificate is the gateway's; nil without TLS.
func (n *node) certificate() (*certificate, error) {
	if n.cfg.TLSCert == "" {
		return nil, nil
	}
	return loadCertificate(n.cfg.TLSCert, n.cfg.TLSKey, n.log)
}

// startPeople starts the actor that knows who may come in, and makes the door that asks what it published.
func (n *node) startPeople(root *actor.RootContext, cert *certificate) (*people.Door, error) {
	holder := &people.Holder{}
	var err error
	if n.people, err = root.SpawnNamed(people.Props(people.Config{
		Store: n.store, People: holder, Code: n.showCode, Now: n.now, Log: n.log,
	}), people.Name); err != nil {
		return nil, err
	}
	proxies, err := networks(n.cfg.Proxies)
	if err != nil {
		return nil, err
	}
	im, err := networks(n.cfg.IMNetworks)
	if err != nil {
		return nil, err
	}
	cfg := people.DoorConfig{
		People: holder, Hosts: n.cfg.Hosts, Origins: n.cfg.Origins, Proxies: proxies,
		IMRole: people.Role(n.cfg.IMRole), IMNetworks: im, DevelopmentRole: people.Role(n.cfg.DevRole), Log: n.log,
		Audit: func(e *messages.AuditEntry) { n.system.Root.Send(n.people, e) },
	}
	if cert != nil {
		cfg.Named = cert.named
	}
	return people.NewDoor(cfg), nil
}

// showCode keeps the first admin's code in a file that only the node's user can read, and takes the file away once there is
// an admin. The code is never logged.
func (n *node) showCode(code string) {
	path := filepath.Join(n.cfg.nodeDir(), firstAdminFile)
	err := os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err == nil && code != "" {
		err = os.WriteFile(path, []byte(code+"\n"), 0o600)
	}
	if err != nil {
		n.log.Warn("first admin's code not kept", "err", err)
	}
	select {
	case n.firstCode <- code:
	default: // it was said at the start
	}
}

// listen opens the port, and the Unix socket of this machine's own operator.
func (n *node) listen(h http.Handler, cert *certificate) error {
	tcp, err := api.Listen(net.JoinHostPort(n.cfg.MasterHost, fmt.Sprint(n.cfg.MasterPort)), n.cfg.protected())
	if err != nil {
		return fmt.Errorf("%w (MASTER_PORT chooses another port)", err)
	}
	socket, err := api.ListenSocket(n.cfg.nodeDir())
	if err != nil {
		tcp.Close()
		return err
	}
	n.url = "http://" + tcp.Addr().String()
	if cert != nil {
		n.url = "https://" + tcp.Addr().String()
		tcp = tls.NewListener(tcp, cert.config())
	}
	n.serve(tcp, h)
	n.serve(socket, h)
	return n.serveHealth(true)
}

func (n *node) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug)}
	n.servers = append(n.servers, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			n.log.Error("http server ended", "err", err)
		}
	}()
}
