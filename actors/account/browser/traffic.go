package browser

import (
	"context"
	"sync"
	"sync/atomic"

	"troupe/platforms/page"
)

const (
	maxRecords = 2000
	maxHeld    = 32 << 20 // bytes of bodies in the ring
)

// keepFunc says which URLs are worth keeping.
type keepFunc func(kind page.RecordKind, method, url string) bool

// traffic is a ring of what all targets received. It implements page.Traffic and is safe for concurrent use.
type traffic struct {
	life    context.Context // the browser's
	keep    atomic.Pointer[keepFunc]
	arrived chan struct{}
	atOnce  chan struct{} // held while a body is fetched

	mu      sync.Mutex
	records []page.Record // oldest first, Seq without gaps
	held    int           // bytes in their bodies and posts
	seq     uint64        // of the newest record
	changed chan struct{} // closed and replaced at each record
}

func newTraffic(life context.Context) *traffic {
	return &traffic{
		life: life, arrived: make(chan struct{}, 1), atOnce: make(chan struct{}, maxAtOnce), changed: make(chan struct{}),
	}
}

// Watch implements page.Traffic.
func (r *traffic) Watch(keep func(kind page.RecordKind, method, url string) bool) {
	f := keepFunc(keep)
	r.keep.Store(&f)
}

// wants says whether the engine wants to see it. Without a Watch nothing is kept.
func (r *traffic) wants(kind page.RecordKind, method, url string) bool {
	keep := r.keep.Load()
	return keep != nil && (*keep)(kind, method, url)
}

// Seq implements page.Traffic.
func (r *traffic) Seq() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

// add appends a record and drops old ones over the bounds.
func (r *traffic) add(rec page.Record) {
	r.mu.Lock()
	r.seq++
	rec.Seq = r.seq
	r.records = append(r.records, rec)
	r.held += len(rec.Body) + len(rec.Post)
	drop := 0
	for len(r.records)-drop > maxRecords || r.held > maxHeld && len(r.records)-drop > 1 {
		r.held -= len(r.records[drop].Body) + len(r.records[drop].Post)
		r.records[drop] = page.Record{}
		drop++
	}
	r.records = r.records[drop:]
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
	select {
	case r.arrived <- struct{}{}:
	default:
	}
}

// Since implements page.Traffic.
func (r *traffic) Since(seq uint64) (records []page.Record, dropped bool) {
	records, dropped, _ = r.after(seq)
	return records, dropped
}

// after is Since with the channel that tells of the next record.
func (r *traffic) after(seq uint64) (records []page.Record, dropped bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	oldest := r.seq + 1 - uint64(len(r.records))
	if seq < r.seq {
		from := uint64(0)
		if seq+1 > oldest {
			from = seq + 1 - oldest
		}
		records = append(records, r.records[from:]...)
	}
	return records, seq+1 < oldest, r.changed
}

// Wait implements page.Traffic. It fails with page.ErrGone when the browser exits.
func (r *traffic) Wait(ctx context.Context, seq uint64, match func(page.Record) bool) (page.Record, error) {
	for {
		records, _, changed := r.after(seq)
		for _, rec := range records {
			if match(rec) {
				return rec, nil
			}
			seq = rec.Seq
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return page.Record{}, context.Cause(ctx)
		case <-r.life.Done():
			return page.Record{}, context.Cause(r.life)
		}
	}
}

// Expect implements page.Traffic.
func (r *traffic) Expect(match func(page.Record) bool) page.Expectation {
	return expectation{from: r, seq: r.Seq(), match: match}
}

// expectation is a place in the ring and what is wanted after it.
type expectation struct {
	from  *traffic
	seq   uint64
	match func(page.Record) bool
}

// Wait implements page.Expectation.
func (e expectation) Wait(ctx context.Context) (page.Record, error) {
	return e.from.Wait(ctx, e.seq, e.match)
}

// Arrived implements page.Traffic.
func (r *traffic) Arrived() <-chan struct{} { return r.arrived }

var _ page.Traffic = (*traffic)(nil)
