package platform

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors/account"
	"troupe/messages"
	"troupe/platforms/definition"
	"troupe/testkit"
)

func TestNewVersionGoesToAccountsThatRunAndToThoseThatCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := testkit.System(t)
		accounts := testkit.Probe(t, sys)
		platform := sys.Root.Spawn(Props(Config{
			Name: "sandbox", Definition: &definition.Definition{Digest: "first"}, Log: testkit.Quiet(),
			Account: func(cfg account.Config) *actor.Props {
				return actor.PropsFromFunc(func(c actor.Context) {
					switch m := c.Message().(type) {
					case *actor.Started:
						c.Send(accounts.PID(), cfg.Definition)
					case account.TakeUp:
						c.Send(accounts.PID(), m)
					}
				})
			},
		}))
		t.Cleanup(func() { _ = sys.Root.StopFuture(platform).Wait() })
		assign := func(id string) {
			sys.Root.Send(platform, Assign{Message: &messages.AssignAccount{Account: &messages.Account{Id: id}, Epoch: 1}})
		}
		begins := func(digest string) {
			t.Helper()
			if d := testkit.Expect[*definition.Definition](accounts, nil); d.Digest != digest {
				t.Errorf("the account begins with the %s version, want the %s one", d.Digest, digest)
			}
		}
		assign("sb_1")
		begins("first")
		second := &definition.Definition{Digest: "second"}
		sys.Root.Send(platform, Change{second})
		if m := testkit.Expect[account.TakeUp](accounts, nil); m.Definition != second {
			t.Errorf("version %s", m.Definition.Digest)
		}
		assign("sb_2")
		begins("second")
		sys.Root.Send(platform, Change{&definition.Definition{Digest: "second"}})
		synctest.Wait()
		if n := len(accounts.Letters()); n != 0 {
			t.Errorf("the same version was handed on again, in %d messages", n)
		}
	})
}
