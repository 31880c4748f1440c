package store

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"troupe/messages"
)

// seed is an account of the specification's size: 10 works, 100 comments, 50 discussions, 20 conversations, 200
// messages, by 60 people.
func seed(id messages.AccountID) *messages.Observed {
	o := observed(id, 1)
	o.Stream = ""
	created := noon.Add(-time.Hour).UnixMilli()
	long := strings.Repeat("很喜欢这个作品，", 4)
	person := func(i int) *messages.Person {
		n := i % 60
		return &messages.Person{
			UserId: fmt.Sprintf("74000000000000%05d", n), UserName: fmt.Sprint("小红花", n),
			Avatar: fmt.Sprintf("https://p3.example.com/aweme/100x100/%068d.jpeg", n),
		}
	}
	add := func(i *messages.Item) { o.Items = append(o.Items, i) }
	for i := range 10 {
		add(&messages.Item{Entity: &messages.Item_Content{Content: &messages.Content{
			Id: fmt.Sprintf("73000000000000%05d", i), Title: long, Description: long + long, PublishTime: created,
			CoverUrl: fmt.Sprintf("https://p3.example.com/cover/%070d.jpeg", i),
		}}})
	}
	for i := range 100 {
		p := person(i)
		add(&messages.Item{Entity: &messages.Item_Comment{Comment: &messages.Comment{
			Id: fmt.Sprintf("72000000000000%05d", i), WorkId: fmt.Sprintf("73000000000000%05d", i%10), Content: long, CreateTime: created + int64(i),
			AuthorId: p.GetUserId(), AuthorName: p.GetUserName(), AuthorAvatar: p.GetAvatar(),
		}}})
	}
	for i := range 50 {
		p := person(i + 7)
		add(&messages.Item{Entity: &messages.Item_Discussion{Discussion: &messages.Discussion{
			Id: fmt.Sprintf("71000000000000%05d", i), CommentId: fmt.Sprintf("72000000000000%05d", i), WorkId: fmt.Sprintf("73000000000000%05d", i%10),
			Content: long, CreateTime: created + int64(i), AuthorId: p.GetUserId(), AuthorName: p.GetUserName(), AuthorAvatar: p.GetAvatar(),
		}}})
	}
	for i := range 20 {
		add(&messages.Item{Entity: &messages.Item_Conversation{Conversation: &messages.Conversation{
			Id: fmt.Sprintf("me:%s", person(i).GetUserId()), Participant: person(i), LastMessage: long, LastMessageTime: created,
		}}})
	}
	for i := range 200 {
		add(&messages.Item{Entity: &messages.Item_Message{Message: &messages.DirectMessage{
			Id: fmt.Sprintf("70000000000000%05d", i), ConversationId: fmt.Sprintf("me:%s", person(i%20).GetUserId()), Sender: person(i % 20),
			Recipient: &messages.Person{UserId: "me", UserName: "店主"}, Content: long, MsgType: "text", CreateTime: created + int64(i),
		}}})
	}
	return o
}

// fill makes a store of so many accounts. A few at a time, as they come: all at once would be one huge batch, and what is
// measured after a restart would be its recovery.
func fill(b *testing.B, n *node, accounts int) {
	b.Helper()
	const waiting = 4
	l := n.listen()
	for i := range accounts {
		n.send(l, seed(messages.AccountID(fmt.Sprint("a", i))))
		if i >= waiting {
			next[*messages.Acked](b, l)
		}
	}
	for range min(waiting, accounts) {
		next[*messages.Acked](b, l)
	}
}

// BenchmarkIngest commits observations of one new item each, with Sync, to a real disk.
func BenchmarkIngest(b *testing.B) {
	for _, waiting := range []int{1, 16, 128} {
		b.Run(fmt.Sprint("unanswered=", waiting), func(b *testing.B) {
			n := startIn(b, b.TempDir(), nil, &clock{now: noon})
			defer n.stop()
			fill(b, n, 10)
			l := n.listen()
			b.ResetTimer()
			for i := range b.N {
				id := messages.AccountID(fmt.Sprint("a", i%10))
				n.send(l, observed(id, uint64(i+1), comment(fmt.Sprint("new", i), "w1", "新来的评论", noon)))
				if i >= waiting {
					next[*messages.Acked](b, l)
				}
			}
			for range min(waiting, b.N) {
				next[*messages.Acked](b, l)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkLoad opens a store and loads every account. Its own figures leave out the close, which ns/op has too; the
// processor time is comparable on a busy machine as well.
func BenchmarkLoad(b *testing.B) {
	for _, accounts := range []int{100, 1000} {
		b.Run(fmt.Sprint("accounts=", accounts), func(b *testing.B) {
			dir, c := b.TempDir(), &clock{now: noon}
			n := startIn(b, dir, nil, c)
			fill(b, n, accounts)
			n.stop()
			var first, all, used time.Duration
			for b.Loop() {
				began, before := time.Now(), processorTime(b)
				n = startIn(b, dir, nil, c)
				until(b, "the summaries are there", func() bool { return len(n.views.All()) == accounts })
				first += time.Since(began)
				until(b, "every item is there", n.views.Loaded)
				all += time.Since(began)
				used += processorTime(b) - before
				n.stop()
			}
			b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "ms/first-answer")
			b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "ms/all-loaded")
			b.ReportMetric(float64(used.Milliseconds())/float64(b.N), "cpu-ms/all-loaded")
		})
	}
}

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkMemory reports what one more account of the specification's size takes. The change log is full in both stores that
// it compares, and so is not in it.
func BenchmarkMemory(b *testing.B) {
	const few, many = 100, 300
	for b.Loop() {
		b.ReportMetric(float64(weigh(b, many)-weigh(b, few))/(many-few)/1024, "KiB/account")
	}
}

// weigh is the heap that the views of so many accounts take after a restart. Their folder is on the real disk: what one in
// memory frees meanwhile would be taken off.
func weigh(b *testing.B, accounts int) int64 {
	b.Helper()
	dir, c := b.TempDir(), &clock{now: noon}
	n := startIn(b, dir, nil, c)
	fill(b, n, accounts)
	n.stop()
	n.views = nil
	before := heap()
	n = startIn(b, dir, nil, c)
	n.loaded()
	n.stop()
	taken := heap() - before
	runtime.KeepAlive(n)
	return taken
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
