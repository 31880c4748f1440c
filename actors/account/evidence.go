package account

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/platforms"
)

// evidenceKept is how many pictures of troubles an account keeps.
const evidenceKept = 20

// evidence is what a failed flow left.
type evidence struct {
	kind platforms.Kind
	png  []byte
}

func (a *account) onEvidence(c actor.Context, m evidence) {
	if len(m.png) == 0 || a.draining != nil {
		return
	}
	a.evidence = a.keepEvidence(m.png, m.kind)
	a.report(c)
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
