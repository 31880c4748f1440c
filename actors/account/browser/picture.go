package browser

import (
	"context"
	"fmt"

	"github.com/go-rod/rod/lib/proto"
)

// maxPicture is the size of one screenshot, in bytes of PNG.
const maxPicture = 4 << 20

// Screenshot implements page.Tab.
func (t *tab) Screenshot(ctx context.Context) ([]byte, error) {
	width, height, err := t.viewport(ctx)
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	return t.picture(ctx, point{}, point{width, height})
}

// Screenshot implements page.Element. It is cut out of the page's own picture, so frames of other sites are in it too.
func (e *element) Screenshot(ctx context.Context) ([]byte, error) {
	quads, err := e.reveal(ctx)
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	least, most := quads[0].bounds()
	for _, q := range quads[1:] {
		from, to := q.bounds()
		least, most = point{min(least.x, from.x), min(least.y, from.y)}, point{max(most.x, to.x), max(most.y, to.y)}
	}
	width, height, err := e.tab.viewport(ctx)
	if err != nil {
		return nil, fmt.Errorf("take screenshot: %w", err)
	}
	least, most = point{max(0, least.x), max(0, least.y)}, point{min(width, most.x), min(height, most.y)}
	if most.x <= least.x || most.y <= least.y {
		return nil, fmt.Errorf("take screenshot: %w", errNoSpace)
	}
	return e.tab.picture(ctx, least, most)
}

// picture takes a part of the viewport, smaller and smaller until it is small enough.
func (t *tab) picture(ctx context.Context, from, to point) ([]byte, error) {
	for scale := 1.0; ; scale /= 2 {
		metrics, err := proto.PageGetLayoutMetrics{}.Call(t.target.in(ctx))
		if err != nil {
			return nil, fmt.Errorf("take screenshot: %w", err)
		}
		at := metrics.CSSVisualViewport
		shot, err := proto.PageCaptureScreenshot{
			Format: proto.PageCaptureScreenshotFormatPng,
			Clip: &proto.PageViewport{
				X: from.x + at.PageX, Y: from.y + at.PageY, Width: to.x - from.x, Height: to.y - from.y, Scale: scale,
			},
		}.Call(t.target.in(ctx))
		if err != nil {
			return nil, fmt.Errorf("take screenshot: %w", err)
		}
		if len(shot.Data) <= maxPicture {
			return shot.Data, nil
		}
	}
}
