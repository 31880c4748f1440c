package account

import (
	"archive/zip"
	"bytes"
	"testing"
	"testing/synctest"

	"troupe/messages"
	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
	"troupe/platforms/recording"
	"troupe/testkit"
)

func TestRecordedRoundGoesIntoTheRecordingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.definition = &definition.Definition{Platform: "sandbox", Digest: "first", Version: 9}
		s.client.items, s.tried = []string{"c1"}, &fakeClient{items: []string{"c4"}}
		s.begin()
		s.state(messages.Watching)
		s.master.Send(s.account, &messages.RecordRound{Account: "sb_1"})
		recorded := testkit.Expect[*messages.RoundRecorded](s.master, nil)
		folder, err := zip.NewReader(bytes.NewReader(recorded.GetArchive()), int64(len(recorded.GetArchive())))
		if err != nil {
			t.Fatal(err)
		}
		rec, err := recording.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		if recorded.GetOutcome() != "ok" || rec.Definition.Digest != "first" || rec.Texts != recording.TextsHidden || rec.Result.Items["comments/c4"] == nil {
			t.Errorf("%s: %+v", recorded.GetOutcome(), rec)
		}
		if ran := s.client.versions(); len(ran) == 0 || ran[len(ran)-1] != "first" {
			t.Errorf("the present client was not told to listen again: %v", ran)
		}
		s.tried.script(&platforms.Error{Op: "probe/await me", Kind: platforms.PageChanged}, nil)
		s.master.Send(s.account, &messages.RecordRound{Account: "sb_1", KeepTexts: true})
		if m := testkit.Expect[*messages.RoundRecorded](s.master, nil); m.GetOutcome() != "page_changed" || m.GetStep() != "probe/await me" {
			t.Errorf("%s in %s", m.GetOutcome(), m.GetStep())
		}
	})
}

// quiet is the traffic of pages that receive nothing.
type quiet struct{ page.Traffic }

func (quiet) Watch(func(page.RecordKind, string, string) bool) {}
func (quiet) Seq() uint64                                      { return 0 }
func (quiet) Since(uint64) ([]page.Record, bool)               { return nil, false }

func (b *fakeBrowser) Traffic() page.Traffic { return quiet{} }
