package turns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"troupe/messages"
)

// crawler takes turns of ten seconds, pausing between them, until ctx ends. It says when one begins (1) and ends (-1).
func crawler(ctx context.Context, q *Queue, id messages.AccountID, pause time.Duration, tell func(int)) {
	for {
		end, err := q.Take(ctx, id)
		if err != nil {
			return
		}
		tell(1)
		time.Sleep(10 * time.Second)
		tell(-1)
		end()
		time.Sleep(pause)
	}
}

func TestAccountsTakeTurnsHoweverOftenOneAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var mu sync.Mutex
		turns := map[messages.AccountID]int{}
		running, most := 0, 0
		var all sync.WaitGroup
		for n := range 10 {
			id, pause := messages.AccountID(fmt.Sprintf("a%d", n)), time.Second
			if n == 0 {
				pause = 0 // comes again at once
			}
			all.Go(func() {
				crawler(ctx, q, id, pause, func(step int) {
					mu.Lock()
					defer mu.Unlock()
					running += step
					most = max(most, running)
					turns[id] += max(step, 0)
				})
			})
		}
		all.Wait()
		for id, n := range turns {
			if n < 100 || n > 116 { // an hour has 1080 turns of ten seconds
				t.Errorf("account %s had %d turns, its share is 108", id, n)
			}
		}
		if len(turns) != 10 || most > 3 {
			t.Errorf("%d accounts had turns, %d at once", len(turns), most)
		}
	})
}

func TestTurnGoesToWhoHadNoneForLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(1)
		var order []messages.AccountID
		var all sync.WaitGroup
		ask := func(id messages.AccountID) {
			all.Go(func() {
				end, err := q.Take(t.Context(), id)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, id) // one turn at a time: no race
				time.Sleep(time.Second)
				end()
			})
			synctest.Wait()
		}
		ask("a")
		ask("b")
		all.Wait()
		ask("hold") // while it has its turn, the others come
		ask("b")
		ask("a")
		ask("new")
		all.Wait()
		if want := []messages.AccountID{"a", "b", "hold", "new", "a", "b"}; !slices.Equal(order, want) {
			t.Errorf("turns went to %v, want %v", order, want)
		}
	})
}

func TestWhoGivesUpLosesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(1)
		end, err := q.Take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Take(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited on: %v", err)
		}
		end()
		for range 2 {
			again, err := q.Take(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			again()
		}
	})
}
