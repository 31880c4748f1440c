package browser

import (
	"slices"
	"testing"

	"troupe/platforms/page"
)

func TestAnswersFromOneAddressKeepTheirOrder(t *testing.T) {
	job := func(url string) *bodyJob { return &bodyJob{rec: page.Record{URL: url}} }
	first, second, other := job("https://a.test/chats?page=1"), job("https://a.test/chats?page=2"), job("https://a.test/unread")
	b := &bodies{order: []*bodyJob{first, second, other}}
	var got []string
	for _, done := range []*bodyJob{second, other, first} { // the first is the largest
		done.done = true
		b.handOn(func(rec page.Record) { got = append(got, rec.URL) })
	}
	if want := []string{other.rec.URL, first.rec.URL, second.rec.URL}; !slices.Equal(got, want) || len(b.order) != 0 {
		t.Errorf("handed on %v, %d are left", got, len(b.order))
	}
}
