package dataset

import (
	"fmt"
	"testing"

	"troupe/messages"
)

// full returns an account with so many works and comments.
func full(b *testing.B, works, comments int) *Dataset {
	b.Helper()
	d := past()
	for i := range works {
		d.Merge(observed(work(fmt.Sprint("w", i), "作品")), noon)
	}
	var items []*messages.Item
	for i := range comments {
		items = append(items, comment(fmt.Sprint("c", i), fmt.Sprint("w", i%works), "好看", at(0)-int64(i)))
	}
	d.Merge(observed(items...), noon)
	return d
}

var sizes = []struct{ works, comments int }{{10, 400}, {1000, 100_000}}

// BenchmarkPublish is what one new item costs until everyone can read it, but for the disk.
func BenchmarkPublish(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("comments=%d", size.comments), func(b *testing.B) {
			d, views := full(b, size.works, size.comments), &Views{}
			i := 0
			for b.Loop() {
				i++
				delta := d.Merge(observed(comment(fmt.Sprint("new", i), "w1", "新", at(0))), noon)
				views.Publish(Publication{Rev: d.Rev(), Views: []*View{d.View(acc)}, Changes: delta.Changes})
			}
		})
	}
}

// BenchmarkTopics lists an account's topics.
func BenchmarkTopics(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("comments=%d", size.comments), func(b *testing.B) {
			v := full(b, size.works, size.comments).View(acc)
			for b.Loop() {
				if len(v.Topics()) != size.works {
					b.Fatal("topics are missing")
				}
			}
		})
	}
}

// BenchmarkThread lists one work's comments.
func BenchmarkThread(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("comments=%d", size.comments), func(b *testing.B) {
			v := full(b, size.works, size.comments).View(acc)
			for b.Loop() {
				if len(v.Thread("w1")) != size.comments/size.works {
					b.Fatal("comments are missing")
				}
			}
		})
	}
}
