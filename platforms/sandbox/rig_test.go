package sandbox_test

import (
	"testing"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/sandbox"
	"troupe/testkit/rig"
	"troupe/testkit/site"
)

// stand is the made-up site with one owner, and a rig before it.
type stand struct {
	*rig.Rig
	t     *testing.T
	site  *site.Site
	owner site.Owner
}

func newStand(t *testing.T, o site.NewOwner) *stand {
	t.Helper()
	web, err := site.Start(site.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Close(); err != nil {
			t.Error(err)
		}
	})
	def, err := definition.Load(sandbox.FS)
	if err != nil {
		t.Fatal(err)
	}
	def.Collect.NavigateAtMost = definition.Rate{Events: 600, Per: time.Minute}
	owner, err := web.CreateOwner(o)
	if err != nil {
		t.Fatal(err)
	}
	return &stand{Rig: rig.Start(t, rig.Config{Definition: def, Account: "sb_2", Site: web}), t: t, site: web, owner: owner}
}

func (r *stand) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Error(err)
	}
}

// collect makes one round that must be well.
func (r *stand) collect() platforms.Batch {
	r.t.Helper()
	b, err := r.Client.Collect(r.Context(2 * time.Minute))
	if err != nil {
		r.t.Fatalf("collect: %v\n%s", err, r.Story())
	}
	return b
}
