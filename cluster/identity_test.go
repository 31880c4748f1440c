package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFoundedClusterIsFoundAgainAndNeverReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	if _, err := OpenIdentity(dir); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("before: %v", err)
	}
	founded, _, err := Found(dir, "node-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Cluster != founded.Cluster || opened.Role != Master || opened.Fingerprint() != founded.Fingerprint() {
		t.Errorf("%+v became %+v", founded, opened)
	}
	if _, err := OpenAuthority(dir); err != nil {
		t.Error(err)
	}
	if _, _, err := Found(dir, "node-1", time.Now()); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
}

func TestFilesThatOthersMayReadAreRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	if _, _, err := Found(dir, "node-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{clusterFile, nodeFile, gossipFile, authorityKeyFile} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenAuthority(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnotherNodesCertificateIsNotTakenForOurs(t *testing.T) {
	dir := t.TempDir()
	id, authority, err := Found(filepath.Join(dir, "cluster"), "node-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	worker, err := authority.IssueTo(filepath.Join(dir, "worker"), id, "worker-2", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if worker.Role != Worker || worker.Cluster != id.Cluster {
		t.Errorf("%+v", worker)
	}
	text, err := os.ReadFile(filepath.Join(dir, "worker", nodeFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cluster", nodeFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenIdentity(filepath.Join(dir, "cluster")); err == nil || !strings.Contains(err.Error(), "worker-2") {
		t.Errorf("%v", err)
	}
}

func TestRenewedCertificateIsUsedAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	id, authority, err := Found(dir, "node-1", time.Now().Add(-70*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	before := id.Until()
	if !id.Stale(time.Now()) {
		t.Error("not stale after two thirds of its life")
	}
	if err := authority.Renew(id, time.Now()); err != nil {
		t.Fatal(err)
	}
	opened, err := OpenIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !id.Until().After(before) || !opened.Until().Equal(id.Until()) || id.Stale(time.Now()) {
		t.Errorf("until %s, before %s, on disk %s", id.Until(), before, opened.Until())
	}
}

func TestCopyOfADataFolderIsAnotherFolder(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	id, err := FolderID(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := FolderID(dir); err != nil || again != id {
		t.Errorf("%s became %s: %v", id, again, err)
	}
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if other, err := FolderID(copied); err != nil || other == id {
		t.Errorf("the copy is %s too: %v", other, err)
	}
	if boot, err := BootID(); err != nil || len(boot) != 36 {
		t.Errorf("%q, %v", boot, err)
	}
}
