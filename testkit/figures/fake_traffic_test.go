package figures

import (
	"context"
	"sync"
	"time"

	"troupe/platforms/page"
)

// trafficKept bounds a fake browser's ring; a whole look at an account of the specification's size is a tenth of it.
const trafficKept = 500

// fakeTraffic is the ring of what a fake browser's pages received. Any goroutine may use it.
type fakeTraffic struct {
	arrived chan struct{}
	gone    <-chan struct{} // closed when the browser ends

	mu      sync.Mutex
	keep    func(kind page.RecordKind, method, url string) bool
	records []page.Record // oldest first, Seq without gaps
	seq     uint64
	changed chan struct{} // closed and replaced at each record
}

func newFakeTraffic(gone <-chan struct{}) *fakeTraffic {
	return &fakeTraffic{arrived: make(chan struct{}, 1), gone: gone, changed: make(chan struct{})}
}

// Watch implements page.Traffic.
func (r *fakeTraffic) Watch(keep func(kind page.RecordKind, method, url string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep = keep
}

// add keeps a record, if anybody wants it.
func (r *fakeTraffic) add(rec page.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keep == nil || !r.keep(rec.Kind, rec.Method, rec.URL) {
		return
	}
	r.seq++
	rec.Seq, rec.At = r.seq, time.Now()
	r.records = append(r.records, rec)
	if over := len(r.records) - trafficKept; over > 0 {
		clear(r.records[:over])
		r.records = r.records[over:]
	}
	close(r.changed)
	r.changed = make(chan struct{})
	select {
	case r.arrived <- struct{}{}:
	default:
	}
}

// Seq implements page.Traffic.
func (r *fakeTraffic) Seq() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

// Since implements page.Traffic.
func (r *fakeTraffic) Since(seq uint64) (records []page.Record, dropped bool) {
	records, dropped, _ = r.after(seq)
	return records, dropped
}

func (r *fakeTraffic) after(seq uint64) (records []page.Record, dropped bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.seq - uint64(len(r.records)) // the newest that is not kept any more
	if seq < r.seq {
		records = append(records, r.records[max(seq, before)-before:]...)
	}
	return records, seq < before, r.changed
}

// Wait implements page.Traffic.
func (r *fakeTraffic) Wait(ctx context.Context, seq uint64, match func(page.Record) bool) (page.Record, error) {
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
		case <-r.gone:
			return page.Record{}, page.ErrGone
		}
	}
}

// Expect implements page.Traffic.
func (r *fakeTraffic) Expect(match func(page.Record) bool) page.Expectation {
	return fakeExpectation{r, r.Seq(), match}
}

// fakeExpectation is a place in the ring and what is wanted after it.
type fakeExpectation struct {
	from  *fakeTraffic
	seq   uint64
	match func(page.Record) bool
}

// Wait implements page.Expectation.
func (e fakeExpectation) Wait(ctx context.Context) (page.Record, error) {
	return e.from.Wait(ctx, e.seq, e.match)
}

// Arrived implements page.Traffic.
func (r *fakeTraffic) Arrived() <-chan struct{} { return r.arrived }

var _ page.Traffic = (*fakeTraffic)(nil)
