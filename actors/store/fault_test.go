package store

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestNoWriteThatFailedIsAcknowledged lets the n-th write or sync of the log fail, for many n. Whatever was acknowledged
// before it is there afterwards; the store ends, and says why, rather than go on.
func TestNoWriteThatFailedIsAcknowledged(t *testing.T) {
	c := &clock{now: noon}
	for index := range int32(24) {
		mem := vfs.NewCrashableMem()
		fault := &errorfs.Toggle{Injector: errorfs.OnIndex(index)}
		n := start(t, errorfs.Wrap(mem, onLog(fault)), c)
		n.loaded()
		fault.On()
		l := n.listen()
		acked, reason := uint64(0), any(nil)
		for i := uint64(1); reason == nil && i <= 20; i++ {
			n.send(l, observed(acc, i, comment(string(rune('a'+i)), "w1", "一", noon)))
			select {
			case <-l.mail:
				acked = i
			case reason = <-n.died:
			case <-time.After(patience):
				t.Fatalf("fault %d: neither acknowledged nor ended", index)
			}
		}
		n.stop()
		if err, ok := reason.(error); reason != nil && (!ok || !strings.Contains(err.Error(), "data")) {
			t.Errorf("fault %d: the folder is not named: %v", index, reason)
		}
		after := start(t, mem.CrashClone(vfs.CrashCloneCfg{}), c)
		after.loaded()
		for i := uint64(1); i <= acked; i++ {
			if v := after.views.Get(acc); v == nil || v.Comment(string(rune('a'+i))) == nil {
				t.Errorf("fault %d: observation %d of %d acknowledged ones is lost", index, i, acked)
			}
		}
		after.stop()
	}
}

// onLog lets an injector see only what is written to Pebble's log.
func onLog(inner errorfs.Injector) errorfs.Injector {
	return errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !strings.HasSuffix(op.Path, ".log") || op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
			return nil
		}
		if inner.MaybeError(op) != nil {
			return errors.New("the disk is broken")
		}
		return nil
	})
}
