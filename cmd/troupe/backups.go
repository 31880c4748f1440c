package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/gateway/api"
	"troupe/actors/store"
	"troupe/actors/store/backup"
	"troupe/messages"
)

// checkpointFolder is where a backup's files stand while they are sent, beside the store so that they can be links.
const checkpointFolder = "store.checkpoint"

// backups makes copies of the node's store for the API, one at a time.
type backups struct {
	root          *actor.RootContext
	store         *actor.PID
	dir           string // the node's
	node, version string
	cluster       string // its id; empty = there is none
	log           *slog.Logger
	busy          sync.Mutex
}

// backups are those of this node's store.
func (n *node) backups() *backups {
	b := &backups{root: n.system.Root, store: n.store, dir: n.cfg.nodeDir(), node: n.cfg.WorkerID, version: version(), log: n.log}
	if n.identity != nil {
		b.cluster = n.identity.Cluster
	}
	return b
}

// Backup implements api.Backups.
func (b *backups) Backup(ctx context.Context, w io.Writer) (err error) {
	if !b.busy.TryLock() {
		return &actors.RefusedError{Refused: &messages.Refused{Code: "conflict", Message: "another backup is being made: wait for its end"}}
	}
	defer b.busy.Unlock()
	began, dir := time.Now(), filepath.Join(b.dir, checkpointFolder)
	defer func() {
		if left := os.RemoveAll(dir); left != nil {
			b.log.Warn("checkpoint not removed", "dir", dir, "err", left)
		}
	}()
	m, err := b.checkpoint(ctx, dir)
	if err != nil {
		return err
	}
	if err := backup.Write(ctx, w, dir, m); err != nil {
		return err
	}
	b.log.Info("backup made", "accounts", m.Accounts, "items", m.Items, "size", m.Size(), "dur", time.Since(began))
	return nil
}

// checkpoint has the store make a copy in dir and describes it.
func (b *backups) checkpoint(ctx context.Context, dir string) (m backup.Manifest, err error) {
	at := time.Now()
	made, err := actors.Ask[*store.CheckpointMade](ctx, b.root, b.store, store.MakeCheckpoint{Dir: dir})
	if err != nil {
		return m, err
	}
	if made.Err != nil {
		return m, fmt.Errorf("make a checkpoint: %w", made.Err)
	}
	m = backup.Manifest{Cluster: b.cluster, Node: b.node, Version: b.version, TakenAt: at.UTC().Truncate(time.Second)}
	if m, err = backup.Describe(ctx, dir, m); err != nil {
		return m, err
	}
	held, err := store.SurveyCheckpoint(dir, b.log)
	if err != nil {
		return m, fmt.Errorf("open the checkpoint: %w", err)
	}
	m.Schema, m.Rev, m.Accounts, m.Items = held.Schema, uint64(held.Rev), held.Accounts, held.Items
	return m, nil
}

var _ api.Backups = (*backups)(nil)
