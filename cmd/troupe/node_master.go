package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"troupe/actors"
	"troupe/actors/account/vault"
	"troupe/actors/master"
	"troupe/actors/master/board"
	"troupe/actors/store"
	"troupe/actors/store/dataset"
	"troupe/cluster/lease"
)

// startMaster starts a whole system: store, master, gateway and a worker, and the ports by which other nodes join.
func (n *node) startMaster() error {
	ring, err := openRing(n.ringPath())
	if err != nil {
		return err
	}
	shared, err := n.shared(ring)
	if err != nil {
		return err
	}
	if err := n.openCluster(); err != nil {
		return err
	}
	views, published := &dataset.Views{}, &board.Holder{}
	n.leases = lease.NewTable(lease.DefaultFigures(), lease.BootTime, n.incarnation)
	if n.store, err = n.root.SpawnNamed(store.Props(store.Config{
		Dir: filepath.Join(n.cfg.nodeDir(), "store"), Views: views, Retention: n.cfg.retention(), Now: n.now, Log: n.log, Meter: n.vitals.metrics,
		Fatal: func(reason string) { fatal(n.log, "store", reason) },
	}), store.Name); err != nil {
		return fmt.Errorf("start the store: %w", err)
	}
	logins := states{ring}
	if n.master, err = n.root.SpawnNamed(master.Props(master.Config{
		Store: n.store, Leases: n.leases, Board: published, Definitions: n.definitions, Folder: n.cfg.folder(),
		Keys: ring, SealSecret: logins.sealSecret, Forget: n.forget, Noise: n.cfg.Noise,
		Clock: lease.BootTime, Now: n.now, Log: n.log,
	}), master.Name); err != nil {
		return fmt.Errorf("start the master: %w", err)
	}
	if err := n.startWorker(shared, n.leases, lease.DefaultFigures(), n.master, n.store, ""); err != nil {
		return err
	}
	if err := n.openRegistrar(ring); err != nil {
		return err
	}
	if err := n.startGateway(n.root, views, published, logins); err != nil {
		return fmt.Errorf("start the gateway: %w", err)
	}
	return nil
}

// ringPath is the file of the cluster's key ring.
func (n *node) ringPath() string { return filepath.Join(n.cfg.nodeDir(), "keys") }

// openRing loads the cluster's key ring; the first start of the first master makes it.
func openRing(path string) (*vault.KeyRing, error) {
	ring, err := vault.LoadKeyRing(path)
	if errors.Is(err, os.ErrNotExist) {
		return vault.CreateKeyRing(path)
	}
	return ring, err
}

// part makes the leases of other nodes long, and lets each of them beat once more: the master's absence shall shut no gate.
func (n *node) part(ctx context.Context) {
	if n.registrar == nil || n.registrar.Living() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	if _, err := actors.Ask[master.Parted](ctx, n.system.Root, n.master, master.Part{}); err != nil {
		n.log.Warn("leases not prolonged before the stop", "err", err)
		return
	}
	time.Sleep(2 * lease.DefaultFigures().Beat)
}

// closeOffice ends what clients and other nodes talk to.
func (n *node) closeOffice() {
	for _, s := range n.servers {
		s.Close()
	}
	if n.gateway != nil {
		n.gateway.Close()
	}
	if n.registrar != nil {
		n.registrar.Close()
	}
}
