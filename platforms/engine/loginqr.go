package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/page"
)

// load opens the page of the code and makes it show it.
func (l *login) load(ctx context.Context) error {
	steps := append(definition.Flow{{Open: &definition.Open{To: definition.Text(l.qr.Open)}}}, l.qr.Prepare...)
	return l.flow.walk(ctx, steps)
}

// expiry asks for a new code when the shown one does not work any more.
func (l *login) expiry(ctx context.Context) error {
	expired, err := l.flow.anyShown(ctx, l.qr.State.Expired)
	if err != nil || !expired {
		return err
	}
	if l.renewals++; l.qr.Renewals > 0 && l.renewals > l.qr.Renewals {
		return &platforms.Error{Kind: platforms.LoginTimeout, Err: fmt.Errorf("the code expired %d times", l.renewals)}
	}
	return l.renew(ctx)
}

func (l *login) renew(ctx context.Context) error {
	l.scanned = false
	if l.qr.Renew != "" {
		el, _, err := l.flow.visible(ctx, l.flow.client.Definition.Find[l.qr.Renew], nil)
		if err != nil {
			return err
		}
		if el != nil {
			l.flow.acting()
			l.flow.start = l.flow.mark // what was said of the old code is over
			return el.Click(ctx)
		}
	}
	l.flow.start = l.flow.client.Browser.Traffic().Seq()
	return l.load(ctx)
}

func (l *login) scan(ctx context.Context) error {
	scanned, err := l.flow.anyShown(ctx, l.qr.State.Scanned)
	if err == nil && scanned && !l.scanned {
		l.scanned = true
		l.show(platforms.Step{Status: "scanning", ExpiresAt: l.expires})
	}
	return err
}

// picture shows the code when it is new.
func (l *login) picture(ctx context.Context) error {
	el, _, err := l.flow.visible(ctx, l.flow.client.Definition.Find[l.qr.Image], nil)
	if err != nil || el == nil {
		return err
	}
	src, _, err := el.Attr(ctx, "src")
	if err != nil || src == "" && l.shown || src != "" && src == l.src {
		return err
	}
	png, err := pictureOf(ctx, el, src)
	if err != nil {
		return err
	}
	status := "qrcode_ready"
	if l.shown {
		status = "qrcode_refreshed"
	}
	l.src, l.shown, l.scanned = src, true, false
	l.expires = l.expiresAt(ctx)
	l.show(platforms.Step{Status: status, QR: png, ExpiresAt: l.expires})
	return nil
}

// expiresAt is when the newest code stops working: what the platform says of it, or what the definition promises.
func (l *login) expiresAt(ctx context.Context) time.Time {
	now := l.flow.client.Clock()
	promised := now.Add(l.qr.Valid.Min)
	if l.qr.Expires == nil {
		return promised
	}
	records, _ := l.flow.client.Browser.Traffic().Since(l.flow.start)
	listen := l.flow.client.Definition.Listen[l.qr.Expires.Listen]
	for i := len(records) - 1; i >= 0; i-- {
		rec := records[i]
		if rec.Kind == page.Failed || !matches(ctx, listen, rec) {
			continue
		}
		b := bodyOf(rec, "")
		value, err := b.of(ctx, listen)
		if err != nil {
			return promised
		}
		at, err := l.qr.Expires.At.First(ctx, value, b.vars)
		if ms, ok, bad := instant(at); err == nil && bad == nil && ok && time.UnixMilli(ms).After(now) {
			return time.UnixMilli(ms)
		}
		return promised
	}
	return promised
}

// pictureOf takes a picture from its data: address, or photographs it.
func pictureOf(ctx context.Context, el page.Element, src string) ([]byte, error) {
	if encoded, ok := strings.CutPrefix(src, "data:image/png;base64,"); ok {
		if png, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return png, nil
		}
	}
	return el.Screenshot(ctx)
}
