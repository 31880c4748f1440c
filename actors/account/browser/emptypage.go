package browser

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-rod/rod/lib/proto"
)

// emptyPage is a tab of its own in which a document of any origin comes up without the network: each of its requests is
// answered here. It is opened when it is first needed; close ends it. It serves one caller at a time.
type emptyPage struct {
	instance *Instance
	target   *target
}

// at brings up an empty document of that origin.
func (p *emptyPage) at(ctx context.Context, origin string) (frame, error) {
	if p.target == nil {
		if err := p.open(ctx); err != nil {
			return frame{}, fmt.Errorf("open an empty page: %w", err)
		}
	}
	if err := newTab(p.instance, p.target).Navigate(ctx, origin+"/"); err != nil {
		return frame{}, err
	}
	return frame{target: p.target, id: p.target.doc.main}, nil
}

func (p *emptyPage) open(ctx context.Context) error {
	t, err := p.instance.targets.open(ctx, "")
	if err != nil {
		return err
	}
	p.target = t
	t.served.Store(true)
	for _, s := range []step{
		{"Network.setBypassServiceWorker", map[string]any{"bypass": true}},
		{"Network.disable", nil}, // nobody's traffic
		{"Fetch.enable", map[string]any{"patterns": []map[string]any{{"urlPattern": "*"}}}},
	} {
		if err := t.call(ctx, s.method, s.params, nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *emptyPage) close(ctx context.Context) error {
	if p.target == nil {
		return nil
	}
	return p.instance.targets.close(context.WithoutCancel(ctx), p.target.id)
}

// emptyHTML names an icon of its own: Chromium would fetch the site's by itself.
const emptyHTML = `<!doctype html><link rel="icon" href="data:,">`

// emptyDocument answers a paused request of such a page.
func (i *Instance) emptyDocument(t *target, params json.RawMessage) {
	var paused proto.FetchRequestPaused
	if json.Unmarshal(params, &paused) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, setupLimit)
	defer cancel()
	answer := map[string]any{
		"requestId": paused.RequestID, "responseCode": 200,
		"responseHeaders": []map[string]string{{"name": "Content-Type", "value": "text/html"}},
		"body":            []byte(emptyHTML),
	}
	if err := t.call(ctx, "Fetch.fulfillRequest", answer, nil); err != nil && t.ctx.Err() == nil {
		i.cfg.Log.Debug("empty document refused", "err", err)
	}
}
