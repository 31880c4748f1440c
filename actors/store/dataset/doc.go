// Package dataset is what the cluster knows of its accounts, in memory: works, comments, discussions,
// conversations, messages and notifications, how observations of them merge, and the views that others read.
//
// It is pure: values in, values out. It knows no actor, no disk and no clock; time comes as an argument.
// A Dataset belongs to one goroutine, the store actor. A View is immutable and may be read by any.
//
//	Observed ──> Dataset.Merge ──> Delta (what to persist, what to tell)
//	                  │
//	                  └── Dataset.View ──> View ──> Views (what gateway, console and metrics read)
//
// What it promises: merging the same observation twice changes nothing the second time. Which items are
// held, whose they are, and their read and replied marks do not depend on the order of observations (as long as
// an item is not too old when it is first observed); of two values of a platform's field the one of the
// newer epoch and the stronger source stays, and of equals the later. Read marks are never lost. What
// expired does not come back.
package dataset
