package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/actors"
	"troupe/actors/gateway/api"
	"troupe/actors/gateway/api/apitest"
	"troupe/actors/store"
	"troupe/actors/store/backup"
	"troupe/actors/store/dataset"
	"troupe/actors/store/disk"
	"troupe/messages"
	"troupe/testkit"
)

// kept is a node whose store is a real one on disk, without a master.
type kept struct {
	*apitest.Node
	observe func(id string)
	stop    func()
}

// keep starts a store in a data folder of its own, with a record of an account and three comments.
func keep(t *testing.T) *kept {
	t.Helper()
	dir, sys := t.TempDir(), testkit.System(t)
	pid, err := sys.Root.SpawnNamed(store.Props(store.Config{Dir: filepath.Join(dir, "store"), Views: &dataset.Views{}, Log: testkit.Quiet()}), store.Name)
	if err != nil {
		t.Fatal(err)
	}
	copies := &backups{root: sys.Root, store: pid, dir: dir, node: "worker-1", version: "test", cluster: "c1", log: testkit.Quiet()}
	k := &kept{
		Node: apitest.Start(t, func(c *api.Config) { c.Backups = copies }),
		observe: func(id string) {
			t.Helper()
			if _, err := actors.Ask[*messages.Acked](t.Context(), sys.Root, pid, &messages.Observed{
				Account: "sb_1", Epoch: 1, Stream: "s", N: 1, SeenAt: time.Now().UnixMilli(), Items: []*messages.Item{apitest.Comment(id, "w1", "你好 "+id)},
			}); err != nil {
				t.Fatal(err)
			}
		},
		stop: func() {
			if err := sys.Root.StopFuture(pid).Wait(); err != nil {
				t.Error(err)
			}
		},
	}
	t.Cleanup(k.stop)
	if _, err := actors.Ask[*messages.Appended](t.Context(), sys.Root, pid, &messages.Append{Puts: []*messages.Put{
		{Table: "meta", Key: "generation", Value: []byte("3")}, {Table: "accounts", Key: "sb_1", Value: []byte("an account")},
	}}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		k.observe(fmt.Sprint("c", i))
	}
	return k
}

// offline runs a command line that needs no node.
func offline(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	s := start(t, nil, args...)
	s.in.Close()
	code = s.end(t)
	return code, s.out.String(), s.errs.String()
}

// opened reads a restored store.
func opened(t *testing.T, dir string) (records map[string]string, items []string, state disk.State) {
	t.Helper()
	db := disk.New(disk.Config{Dir: dir, ReadOnly: true, Log: slog.New(slog.DiscardHandler)})
	if err := db.Open(); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	puts, err := db.Control()
	if err != nil {
		t.Fatal(err)
	}
	records = map[string]string{}
	for _, p := range puts {
		records[p.GetTable()+"/"+p.GetKey()] = string(p.GetValue())
	}
	if err := db.Items("sb_1", func(_, id string, _ []byte) error { items = append(items, id); return nil }); err != nil {
		t.Fatal(err)
	}
	if state, err = db.State(); err != nil {
		t.Fatal(err)
	}
	return records, items, state
}

func TestBackupOfARunningStoreComesBackAndIsMarkedAsRestored(t *testing.T) {
	k := keep(t)
	file := filepath.Join(t.TempDir(), "b.tar.zst")
	var made struct {
		File     string
		Accounts int
		Items    int64
	}
	if err := json.Unmarshal([]byte(must(t, k.Node, "--json", "store", "backup", file)), &made); err != nil {
		t.Fatal(err)
	}
	if made.File != file || made.Accounts != 1 || made.Items != 3 {
		t.Errorf("%+v", made)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	k.observe("later") // is not in it

	data := t.TempDir()
	code, out, errs := offline(t, "--data-dir", data, "store", "restore", file)
	if code != exitOK || !strings.Contains(out, "no key ring here") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	records, items, state := opened(t, filepath.Join(data, "worker-1", "store"))
	if !slices.Equal(items, []string{"c0", "c1", "c2"}) || records["accounts/sb_1"] != "an account" {
		t.Errorf("%v %v", items, records)
	}
	generation, err := strconv.ParseInt(records["meta/generation"], 10, 64)
	if err != nil || generation <= 3 || time.Since(time.Unix(generation, 0)) > time.Minute || records["meta/restored"] == "" {
		t.Errorf("%v", records)
	}
	if state.Rev <= 1<<32 || state.LogFrom != state.Rev {
		t.Errorf("cursors of before would be taken for new ones: %+v", state)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "worker-1", "restore-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestBackupOverwritesNothingAndLeavesNoPart(t *testing.T) {
	k, dir := keep(t), t.TempDir()
	file, folder := filepath.Join(dir, "b.tar.zst"), filepath.Join(dir, "unpacked")
	must(t, k.Node, "store", "backup", file)
	if code, _, errs := troupe(t, k.Node, "store", "backup", file); code != exitUsage || !strings.Contains(errs, "overwrites nothing") {
		t.Errorf("%d %s", code, errs)
	}
	out := must(t, k.Node, "store", "backup", "--unpacked", folder)
	if !strings.Contains(out, "no keys") || !exists(filepath.Join(folder, "manifest.json")) {
		t.Errorf("%s", out)
	}
	if code, _, _ := troupe(t, k.Node, "store", "backup", "--unpacked", folder); code != exitUsage {
		t.Errorf("a folder was overwritten: %d", code)
	}
	must(t, k.Node, "store", "backup", dir) // named by the time
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) != 3 || !slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "troupe-20") }) {
		t.Errorf("%v", names)
	}

	cut := apitest.Start(t, func(c *api.Config) { c.Backups = nil })
	if code, _, errs := troupe(t, cut, "store", "backup", filepath.Join(dir, "none")); code != exitUnreachable || exists(filepath.Join(dir, "none")) {
		t.Errorf("%d %s", code, errs)
	}
	plain := apitest.Start(t) // its backup is no backup
	if code, _, errs := troupe(t, plain, "store", "backup", filepath.Join(dir, "none")); code != exitFailed || len(errs) == 0 {
		t.Errorf("%d %s", code, errs)
	}
	if after, _ := filepath.Glob(filepath.Join(dir, "*")); len(after) != 3 {
		t.Errorf("left over: %v", after)
	}
}

// tree is every file below a folder with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	held := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		text, err := os.ReadFile(path)
		held[path] = string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return held
}

func TestRestoreTouchesNothingUnlessAllIsWell(t *testing.T) {
	k, dir := keep(t), t.TempDir()
	file, folder := filepath.Join(dir, "b.tar.zst"), filepath.Join(dir, "unpacked")
	must(t, k.Node, "store", "backup", file)
	must(t, k.Node, "store", "backup", "--unpacked", folder)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	broken := slices.Clone(whole)
	broken[len(broken)/2] ^= 1
	if err := os.WriteFile(damaged, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "short"), whole[:len(whole)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	lying := unpackedWith(t, folder, filepath.Join(dir, "lying"), func(m *backup.Manifest) { m.Items++ })
	newer := unpackedWith(t, folder, filepath.Join(dir, "newer"), func(m *backup.Manifest) { m.Schema = disk.Schema + 1 })

	data := t.TempDir()
	if code, _, errs := offline(t, "--data-dir", data, "store", "restore", folder); code != exitOK {
		t.Fatal(errs)
	}
	before := tree(t, data)
	for _, tc := range []struct {
		why, say string
		args     []string
	}{
		{"a store is there", "--replace", []string{file}},
		{"damaged", "damaged", []string{damaged, "--replace"}},
		{"cut short", "cut short", []string{filepath.Join(dir, "short"), "--replace"}},
		{"a manifest that lies", "manifest says", []string{lying, "--replace"}},
		{"a newer layout", "a newer troupe wrote it", []string{newer, "--replace"}},
		{"no backup", "no such file", []string{filepath.Join(dir, "nothing"), "--replace"}},
	} {
		code, _, errs := offline(t, append([]string{"--data-dir", data, "store", "restore"}, tc.args...)...)
		if code == exitOK || !strings.Contains(errs, tc.say) {
			t.Errorf("%s: %d %s", tc.why, code, errs)
		}
	}
	lock, err := lockNode(filepath.Join(data, "worker-1"))
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errs := offline(t, "--data-dir", data, "store", "restore", file, "--replace"); code == exitOK || !strings.Contains(errs, "another troupe runs") {
		t.Errorf("a node runs: %d %s", code, errs)
	}
	lock.Close()
	if !maps.Equal(before, tree(t, data)) {
		t.Error("something was touched")
	}
	code, out, errs := offline(t, "--data-dir", data, "store", "restore", file, "--replace")
	if code != exitOK || !strings.Contains(out, "store.before-") {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

// unpackedWith copies an unpacked backup and changes its manifest.
func unpackedWith(t *testing.T, from, to string, change func(*backup.Manifest)) string {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to, "manifest.json")
	text, err := os.ReadFile(path)
	var m backup.Manifest
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	change(&m)
	if text, err = json.Marshal(m); err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestOneBackupAtATime(t *testing.T) {
	b := &backups{log: testkit.Quiet()}
	b.busy.Lock()
	defer b.busy.Unlock()
	if err := b.Backup(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "another backup") {
		t.Errorf("%v", err)
	}
}
