// Package store is the actor that holds the cluster's dataset. It is the only truth.
//
// It alone changes the dataset and alone touches Pebble. An Observed is answered by an Acked once it is on disk,
// never before, and so is every other command; queries are answered from the published views (dataset.Views), which
// gateway, console and metrics read without asking. Changes of one account reach subscribers in the order of their Rev.
// After a crash it comes back with everything that was acknowledged, and perhaps a little more.
//
// The mailbox never waits for the disk. One batch is in flight; what arrives meanwhile is the next one:
//
//	arrive ─> pending ─> apply to the dataset ─> commit with Sync (a job) ─> publish views ─> answer ─> tell subscribers
//	             ^                                                                  │
//	             └────────────────────── the next batch ────────────────────────────┘
//
// At its start it knows every account's summary at once and loads the items account by account; a command to an account
// that is not loaded yet waits, and that account is loaded next. A disk that fails, or a state that cannot be trusted,
// is a panic: the process has to end.
//
// The merging itself is in dataset, which knows no actor, and the records are in disk, which knows no meaning: test
// there first.
package store
