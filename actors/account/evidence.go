package account

import (
	"context"
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/messages"
	"troupe/platforms"
)

// Evidence is what a failed flow left. Its files are private to the node's user and were redacted by the engine.
type Evidence struct {
	Kind  platforms.Kind
	Steps []platforms.StepLog
	Files map[string][]byte // by extension: png of the page, html of its document, json of the last answers
}

// evidenceKept is evidence of a flow that failed just now; its end is noted right after.
type evidenceKept struct {
	steps []platforms.StepLog
	files []string // the picture first
}

// keepEvidence writes evidence to the node's box. It runs where the flow ran, off the mailbox.
func (a *account) keepEvidence(e Evidence) evidenceKept {
	kept := evidenceKept{steps: e.Steps}
	if a.Node.Evidence == nil || len(e.Files) == 0 {
		return kept
	}
	stem, err := a.Node.Evidence.Keep(a.ID, e.Kind.String(), e.Files)
	if err != nil {
		a.Log.Warn("evidence not kept whole", "err", err)
	}
	if stem == "" {
		return kept
	}
	for _, extension := range slices.Sorted(maps.Keys(e.Files)) {
		if extension == "png" {
			kept.files = slices.Insert(kept.files, 0, stem+".png")
			continue
		}
		kept.files = append(kept.files, stem+"."+extension)
	}
	return kept
}

func (a *account) onEvidence(c actor.Context, m evidenceKept) {
	if a.draining != nil {
		return
	}
	a.failed = m
	if len(m.files) > 0 {
		a.evidence = m.files[0]
		a.report(c)
	}
}

// onReadEvidence answers with a file that was kept.
func (a *account) onReadEvidence(c actor.Context, m *messages.ReadEvidence) {
	box, asker, system := a.Node.Evidence, c.Sender(), c.ActorSystem().Root
	if asker == nil {
		return
	}
	if box == nil {
		c.Send(asker, refused("not_found", "this node keeps no evidence"))
		return
	}
	actors.Job(c, func(context.Context) any {
		content, err := box.Read(a.ID, m.GetName())
		if err != nil {
			system.Send(asker, refused("not_found", "there is no such evidence; only the newest is kept"))
			return nil
		}
		system.Send(asker, &messages.EvidenceRead{Content: content})
		return nil
	})
}
