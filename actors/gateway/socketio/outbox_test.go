package socketio

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// taken is what leaves an outbox, joined.
func taken(o *outbox, atMost int) string {
	var all []string
	for _, f := range o.take(atMost) {
		all = append(all, string(f))
	}
	return strings.Join(all, " ")
}

func TestNewerFrameTakesThePlaceOfOneThatWaits(t *testing.T) {
	o := newOutbox(100, 1000)
	for _, f := range []struct{ frame, key string }{
		{"hint1", ""}, {"topics1", "a"}, {"other", "b"}, {"answer", ""}, {"hint2", ""}, {"topics2", "a"},
	} {
		if !o.put([]byte(f.frame), f.key) {
			t.Fatal("no room")
		}
	}
	if got := taken(o, math.MaxInt); got != "hint1 other answer hint2 topics2" {
		t.Errorf("got %s", got)
	}
	o.put([]byte("topics3"), "a")
	if got := taken(o, math.MaxInt); got != "topics3" {
		t.Errorf("got %q: what was taken is not replaced", got)
	}
}

func TestWhatChangesAllTheTimeIsSentAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox(100, 1000)
		began, first := time.Now(), time.Duration(0)
		for n := 0; first == 0; n++ {
			o.put([]byte("new"), "a")
			o.put([]byte("x"), "")
			if got := taken(o, 1); got == "new" {
				first = time.Since(began)
			}
			time.Sleep(50 * time.Millisecond)
			if n > 100 {
				t.Fatal("it is put off for ever")
			}
		}
	})
}

func TestReplacedFramesTakeNoRoom(t *testing.T) {
	o := newOutbox(3, 30)
	for range 100 {
		if !o.put([]byte("0123456789"), "a") {
			t.Fatal("no room for a frame whose older ones were replaced")
		}
	}
	for _, ok := range []bool{true, true, false} {
		if o.put([]byte("0123456789"), "") != ok {
			t.Errorf("with %d bytes waiting: want %v", o.bytes, ok)
		}
	}
}

func TestBatchesAreBoundedAndKeepTheOrder(t *testing.T) {
	o := newOutbox(100, 1000)
	for _, f := range []string{"aaaaaaaa", "bb", "cc", "dd"} {
		o.put([]byte(f), "")
	}
	for _, want := range []string{"aaaaaaaa", "bb cc", "dd", ""} {
		if got := taken(o, 4); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if o.waits() != 0 || o.bytes != 0 || o.held != 0 {
		t.Errorf("%d frames of %d bytes are left", o.held, o.bytes)
	}
}
