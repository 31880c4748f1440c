package account

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/messages"
	"troupe/platforms"
)

// evidenceKept is how many pictures of troubles an account keeps.
const evidenceKept = 20

// onEvidence keeps the picture of a flow that failed; its end is noted right after.
func (a *account) onEvidence(c actor.Context, m Evidence) {
	if a.draining != nil {
		return
	}
	a.failed = m
	if len(m.Picture) > 0 {
		a.evidence = a.keepEvidence(m.Picture, m.Kind)
		a.report(c)
	}
}

// onReadEvidence answers with a picture that was kept.
func (a *account) onReadEvidence(c actor.Context, m *messages.ReadEvidence) {
	root, err := os.OpenRoot(filepath.Join(a.Dir, "evidence")) // a name cannot lead out of it
	if err != nil {
		c.Respond(refused("not_found", "the account has kept no evidence"))
		return
	}
	defer root.Close()
	png, err := root.ReadFile(m.GetName())
	if err != nil {
		c.Respond(refused("not_found", "there is no such evidence; only the newest pictures are kept"))
		return
	}
	c.Respond(&messages.EvidenceRead{Png: png})
}

// keepEvidence stores a picture of a trouble in the account's folder, the newest ones.
func (a *account) keepEvidence(png []byte, kind platforms.Kind) string {
	dir := filepath.Join(a.Dir, "evidence")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		a.Log.Warn("evidence not kept", "err", err)
		return ""
	}
	name := a.Node.Now().UTC().Format("20060102T150405.000") + "-" + kind.String() + ".png"
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
		a.Log.Warn("evidence not kept", "err", err)
		return ""
	}
	a.pruneEvidence(dir)
	return name
}

func (a *account) pruneEvidence(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	for len(names) > evidenceKept {
		if err := os.Remove(filepath.Join(dir, names[0])); err != nil {
			a.Log.Debug("old evidence stays", "err", err)
		}
		names = names[1:]
	}
}
