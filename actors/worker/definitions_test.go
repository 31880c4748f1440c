package worker

import (
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"troupe/actors/platform"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit"
)

// second is another version of the sandbox's definition, and its files in one piece.
func second(t *testing.T) (*definition.Definition, []byte) {
	t.Helper()
	files, err := definition.Files(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for name, src := range files {
		folder[name] = &fstest.MapFile{Data: []byte(strings.Replace(src, "\nversion: 1\n", "\nversion: 2\n", 1))}
	}
	d, err := definition.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := d.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return d, packed
}

func TestNewVersionReachesThePlatformsActor(t *testing.T) {
	h := host(t)
	d, packed := second(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, h, 10, Room{Memory: 8 << 30, Cores: 2})
		if refused := s.assign("sb_1"); refused != "" {
			t.Fatal(refused)
		}
		s.master.Send(s.worker, &messages.SetDefinition{Platform: "sandbox", Digest: "broken", Packed: []byte("{}")})
		s.master.Send(s.worker, &messages.SetDefinition{Platform: "sandbox", Digest: d.Digest, Packed: packed})
		if m := testkit.Expect[platform.Change](s.platform, nil); m.Definition.Digest != d.Digest {
			t.Errorf("version %d", m.Definition.Version)
		}
	})
}

func TestAssignmentBringsItsDefinition(t *testing.T) {
	h := host(t)
	d, packed := second(t)
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, h, 10, Room{Memory: 8 << 30, Cores: 2})
		for id, files := range map[string][]byte{"sb_1": packed, "sb_2": []byte("{}")} {
			digest := d.Digest
			if id == "sb_2" {
				digest = "broken"
			}
			s.master.Send(s.worker, &messages.AssignAccount{Account: &messages.Account{Id: id, Platform: "sandbox"}, Epoch: 1, Digest: digest, Definition: files})
			refused := testkit.Expect(s.master, func(m *messages.AccountAssigned) bool { return m.GetAccount() == id }).GetRefused()
			if usable := id == "sb_1"; usable != (refused == "") {
				t.Errorf("%s: refused with %q", id, refused)
			}
		}
	})
}
