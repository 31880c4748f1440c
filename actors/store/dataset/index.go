package dataset

import (
	"cmp"
	"strings"

	"github.com/RaduBerinde/btreemap"
)

// The trees are copy-on-write: a clone costs nothing until one side writes, and a write then copies one path.
// That makes publishing after one new item independent of how many items an account holds.
type (
	table[T any] = btreemap.BTreeMap[string, *T]   // by id
	index[T any] = btreemap.BTreeMap[*T, struct{}] // in the order of its comparison
)

// degree keeps a node's copy below a kilobyte.
const degree = 16

func newTable[T any]() *table[T] {
	return btreemap.NewWithFreeList(degree, strings.Compare, btreemap.NewFreeList[string, *T](0))
}

func newIndex[T any](order func(a, b *T) int) *index[T] {
	return btreemap.NewWithFreeList(degree, order, btreemap.NewFreeList[*T, struct{}](0))
}

// find returns the entry of that id, or nil.
func find[T any](t *table[T], id string) *T {
	_, v, _ := t.Get(id)
	return v
}

// span is a part of an index.
type span[T any] struct {
	from btreemap.LowerBound[*T]
	to   btreemap.UpperBound[*T]
}

func between[T any](from, to *T) span[T] { return span[T]{btreemap.GE(from), btreemap.LT(to)} }

// below is where the discussions below a comment stand in replies.
func below(root string) span[Comment] {
	return between(&Comment{Root: root}, &Comment{Root: after(root)})
}

// under is where the comments and discussions of a work stand in threads.
func under(work string) span[Comment] {
	return between(&Comment{WorkID: work}, &Comment{WorkID: after(work)})
}

// within is where the messages of a conversation stand in chats.
func within(conversation string) span[DirectMessage] {
	return between(&DirectMessage{ConversationID: conversation}, &DirectMessage{ConversationID: after(conversation)})
}

// after is the smallest string that is greater than s.
func after(s string) string { return s + "\x00" }

// collect returns what lies in the span, in order.
func collect[T any](ix *index[T], s span[T]) []*T {
	var out []*T
	for k := range ix.Ascend(s.from, s.to) {
		out = append(out, k)
	}
	return out
}

// newest returns the last entry of the span, or nil.
func newest[T any](ix *index[T], s span[T]) *T {
	for k := range ix.Descend(s.to, s.from) {
		return k
	}
	return nil
}

// byWork orders comments and discussions by work, then by time: one tree holds every thread.
func byWork(a, b *Comment) int {
	return cmp.Or(strings.Compare(a.WorkID, b.WorkID), cmp.Compare(a.CreateTime, b.CreateTime),
		strings.Compare(a.ID, b.ID), strings.Compare(a.Root, b.Root))
}

// byRoot orders discussions by the comment that they stand below, then by time.
func byRoot(a, b *Comment) int {
	return cmp.Or(strings.Compare(a.Root, b.Root), cmp.Compare(a.CreateTime, b.CreateTime), strings.Compare(a.ID, b.ID))
}

// byConversation orders messages by conversation, then by time.
func byConversation(a, b *DirectMessage) int {
	return cmp.Or(strings.Compare(a.ConversationID, b.ConversationID), cmp.Compare(a.CreateTime, b.CreateTime),
		strings.Compare(a.ID, b.ID))
}

// byUrgency orders topics as agents see them: most unread first, then the newest.
func byUrgency(a, b *Topic) int {
	return cmp.Or(cmp.Compare(b.Unread, a.Unread), cmp.Compare(b.At(), a.At()), cmp.Compare(a.Kind, b.Kind),
		strings.Compare(a.ID(), b.ID()))
}

// The bounds of a whole table.
var (
	first = btreemap.Min[string]()
	end   = btreemap.Max[string]()
)
