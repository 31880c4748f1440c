package browser

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-rod/rod/lib/proto"

	"troupe/platforms/page"
)

const (
	bodyLimit = 30 * time.Second // to fetch one body
	fetchers  = 3                // of one target, so that one that hangs holds up only itself
	maxWaits  = 1024             // responses of a target whose body is still to be fetched
	maxAtOnce = 12               // bodies on their way from all targets, which bounds the memory they take
)

// bodyJob is a response whose body is to be fetched.
type bodyJob struct {
	from *target
	id   proto.NetworkRequestID
	rec  page.Record
	done bool // the record is as complete as it will be
}

// bodies are a target's responses whose body is still to be fetched. Answers from one address are handed on in the order in which
// the page got them: a list's second page may be smaller than its first, and its body here sooner.
type bodies struct {
	mu      sync.Mutex
	waiting []*bodyJob // not yet begun
	order   []*bodyJob // not yet handed on, as the page got them
	running int        // fetchers
}

// handOn adds the records that are complete, but for those behind one from the same address that is not. The caller holds the
// lock.
func (b *bodies) handOn(add func(page.Record)) {
	held := make(map[string]bool)
	b.order = slices.DeleteFunc(b.order, func(job *bodyJob) bool {
		address, _, _ := strings.Cut(job.rec.URL, "?")
		if !job.done || held[address] {
			held[address] = true
			return false
		}
		add(job.rec)
		return true
	})
}

// fetch has a body fetched and its record added. It does not wait.
func (r *traffic) fetch(job bodyJob) {
	b := &job.from.bodies
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= maxWaits {
		job.rec.Err = "too many responses at once"
		r.add(job.rec)
		return
	}
	b.waiting, b.order = append(b.waiting, &job), append(b.order, &job)
	if b.running < fetchers {
		b.running++
		go r.fetchAll(b)
	}
}

// fetchAll is one of a target's fetchers. It ends when nothing waits any more.
func (r *traffic) fetchAll(b *bodies) {
	for {
		b.mu.Lock()
		if len(b.waiting) == 0 {
			b.running--
			b.mu.Unlock()
			return
		}
		job := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.mu.Unlock()
		rec := r.complete(*job)
		b.mu.Lock()
		job.rec, job.done = rec, true
		b.handOn(r.add)
		b.mu.Unlock()
	}
}

// complete fetches one body. That of a frame or worker which ended meanwhile is still there for any other page.
func (r *traffic) complete(job bodyJob) page.Record {
	ctx, cancel := context.WithTimeout(r.life, bodyLimit)
	defer cancel()
	select {
	case r.atOnce <- struct{}{}:
		defer func() { <-r.atOnce }()
	case <-ctx.Done():
		job.rec.Err = context.Cause(ctx).Error()
		return job.rec
	}
	body, err := job.ask(ctx, job.from)
	if anchor := job.from.all.anchor.Load(); err != nil && job.from.ctx.Err() != nil && anchor != nil {
		body, err = job.ask(ctx, anchor)
	}
	if err != nil {
		job.rec.Err = err.Error()
		return job.rec
	}
	setBody(&job.rec, body.Body, body.Base64Encoded)
	return job.rec
}

// ask asks a target for the body.
func (j bodyJob) ask(ctx context.Context, where *target) (body proto.NetworkGetResponseBodyResult, err error) {
	err = where.call(ctx, "Network.getResponseBody", map[string]any{"requestId": j.id}, &body)
	return body, err
}
