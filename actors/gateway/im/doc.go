// Package im is the PC IM client's vocabulary: its events, the shapes of what it is sent, and the reading of what it sends.
//
// Everything here is pure: a board, a dataset view and a time go in, values for encoding/json come out; nothing is
// kept, nothing waits, no actor and no socket is known. The shapes follow the wire contract of the client's original
// master, field by field; where the contract leaves a choice, the comment at the field says what was chosen. Times
// are Unix milliseconds unless a field's name or comment says seconds. Every id is a string; topic ids are unique over
// all accounts and opaque to clients.
//
// What it promises: a channel's unreadCount is the sum over its topics; a list never holds a reply whose parent is missing
// (the client would not show it); no name is null; a reply shows as sent only when it was confirmed.
//
// Goldens under testdata are the contract's pictures: read their diffs. They are rewritten by `go test -update`.
package im
