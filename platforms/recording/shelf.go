package recording

import (
	"context"
	"errors"

	"troupe/platforms/page"
)

// errNoPage is what a shelf says to whoever wants more than its records.
var errNoPage = errors.New("a recording has no page of its own")

// shelf is a page.Browser that has received a recording's records, and has no page.
type shelf struct{ records []page.Record }

func (s *shelf) Tab(context.Context, string) (page.Tab, error) { return nil, errNoPage }

func (s *shelf) CloseTab(context.Context, string) error { return nil }

func (s *shelf) HasCookie(context.Context, string, string) (bool, error) { return false, errNoPage }

func (s *shelf) Traffic() page.Traffic { return (*shelfTraffic)(s) }

type shelfTraffic shelf

func (s *shelfTraffic) Watch(func(page.RecordKind, string, string) bool) {}

func (s *shelfTraffic) Seq() uint64 { return uint64(len(s.records)) }

func (s *shelfTraffic) Since(seq uint64) ([]page.Record, bool) { return s.records[seq:], false }

func (s *shelfTraffic) Wait(context.Context, uint64, func(page.Record) bool) (page.Record, error) {
	return page.Record{}, errNoPage
}

func (s *shelfTraffic) Expect(func(page.Record) bool) page.Expectation { return nothing{} }

func (s *shelfTraffic) Arrived() <-chan struct{} { return nil }

type nothing struct{}

func (nothing) Wait(context.Context) (page.Record, error) { return page.Record{}, errNoPage }

var _ page.Browser = (*shelf)(nil)
