package recording

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"troupe/platforms"
	"troupe/platforms/definition"
	"troupe/platforms/engine"
	"troupe/platforms/page"
)

// Config says what is recorded.
type Config struct {
	Definition *definition.Definition
	Browser    page.Browser // of a logged-in account
	// Client makes the client that makes the round, over a browser that is Browser with an ear on it. It should be read-only.
	Client    func(page.Browser) platforms.Client
	Whole     []string // the collections that the client knows to have been seen whole
	Redaction Redaction
	Now       time.Time
}

// Record makes one round, a probe and a collect, and returns what happened in it, redacted. A round that fails is recorded
// too: its failure is in the result, and the error is nil. The browser's Traffic keeps everything while it runs; the caller lets
// its own client say again what it wants (platforms.Reloader). It must be the only one that acts in the browser.
func Record(ctx context.Context, cfg Config) (*Recording, error) {
	ear := newRecorder(cfg.Browser)
	client := cfg.Client(ear)
	var batches []platforms.Batch
	profile, failure := client.Probe(ctx)
	if failure == nil {
		var round, late platforms.Batch
		if round, failure = client.Collect(ctx); failure == nil {
			late, failure = client.Drain(ctx)
		}
		batches = append(batches, round, late)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := errors.Join(context.Cause(ctx), ear.close(closing)); err != nil {
		return nil, fmt.Errorf("record a round: %w", err)
	}
	rec := &Recording{
		Format: Format, Platform: cfg.Definition.Platform, Definition: Edition{cfg.Definition.Version, cfg.Definition.Digest},
		Day: cfg.Now.UTC().Format(time.DateOnly), Owner: profile.GetPlatformUserId(), Texts: TextsKept, Whole: cfg.Whole,
		Dropped: ear.dropped, Entries: ear.entries, Pages: ear.pages,
	}
	if cfg.Redaction.HideTexts {
		rec.Texts = TextsHidden
	}
	if cookie := cfg.Definition.Login.Proof.Cookie; cookie != "" {
		rec.Cookies = []string{cookie}
	}
	var err error
	if rec.Result, err = ResultOf(profile, failure, batches...); err != nil {
		return nil, fmt.Errorf("record a round: %w", err)
	}
	newRedactor(cfg.Definition, cfg.Redaction).recording(rec)
	return rec, nil
}

// Map maps what a recording's pages received, without a browser: every answer and frame that the definition listens to.
// What it reads from documents is not there.
func Map(ctx context.Context, d *definition.Definition, rec *Recording) (platforms.Batch, error) {
	shelf := &shelf{}
	client := engine.New(engine.Config{Definition: d, Browser: shelf, Owner: rec.Owner, ReadOnly: true}) // takes in what comes later
	for _, r := range rec.records(time.Unix(0, 0)) {
		wanted := d.Hears(r.Method, r.URL)
		if r.Kind == page.Frame || r.Kind == page.Sent {
			wanted = d.HearsSocket(r.Kind == page.Sent, r.URL)
		}
		if wanted {
			r.Seq = uint64(len(shelf.records) + 1)
			shelf.records = append(shelf.records, r)
		}
	}
	return client.Drain(ctx)
}

// hostAndPath is an address without scheme, query and fragment, and without a slash at its end.
func hostAndPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host + strings.TrimSuffix(u.Path, "/")
}

// isMedia says whether an answer of that type is nothing that a definition or a page's code reads.
func isMedia(mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	return kind == "image" || kind == "video" || kind == "audio" || kind == "font"
}
