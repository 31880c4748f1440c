package worker

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/platform"
	"troupe/messages"
	"troupe/platforms/definition"
)

// onSetDefinition takes another version of a platform's definition; its accounts follow. One that this node cannot use is
// refused, and the one before stays: assignments that need it will be refused too, with the reason.
func (w *worker) onSetDefinition(c actor.Context, m *messages.SetDefinition) {
	if err := w.takeDefinition(c, messages.PlatformName(m.GetPlatform()), m.GetDigest(), m.GetPacked()); err != nil {
		w.Log.Error("definition refused, the one before stays", "platform", m.GetPlatform(), "err", err)
		w.sayStatus(c)
	}
}

// takeDefinition makes the version of that digest the platform's one on this node. Without files it is the node's own.
func (w *worker) takeDefinition(c actor.Context, name messages.PlatformName, digest string, packed []byte) error {
	d := w.Definitions.Get(name)
	if len(packed) > 0 && (d == nil || d.Digest != digest) {
		var err error
		if d, err = definition.Unpack(packed); err == nil {
			_, err = w.Definitions.Replace(name, d)
		}
		if err != nil {
			w.refused[name] = err.Error()
			return fmt.Errorf("node %s cannot use the definition of %s: %w", w.Node.ID, name, err)
		}
		delete(w.refused, name)
		w.sayStatus(c) // the master waits for it, and it may be a platform that was not known here
	}
	if pid := w.platforms[name]; pid != nil && d != nil {
		c.Send(pid, platform.Change{Definition: d})
	}
	return nil
}
