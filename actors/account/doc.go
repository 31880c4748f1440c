// Package account is the actor of one watched account: a long-lived state machine that owns one Chromium
// incarnation after the other, the gate that is their only way out, and the account's sealed state.
//
// A platform actor spawns it for one epoch, under the name "<account>@<epoch>". It looks at the pages every
// 15-30 s, hands on at once what they receive by themselves, logs in when a person asks for it, and types
// replies. What is expected to go wrong is a state, decided in trouble.go; a panic is a bug.
//
//	          browser ready, gate open
//	starting ─────────────────────────▶ (probe) ──ok──▶ watching ◀──────────────┐
//	   ▲                                   │               │  ▲                 │ resume, or a later
//	   │ browser gone (back-off)           │ kind of       │  │ reply, round,   │ probe that is well
//	   └───────────────────────────────────┤ trouble       ▼  │ login           │
//	                                       └─────▶ logged_out challenge page_changed rate_limited
//	drain ──▶ draining ──▶ vault saved, browser closed, gate shut ──▶ AccountRevoked, stop
//
// One operation at a time touches the browser (ops.go): a reply and a login interrupt a round, nothing
// interrupts a reply. What pages push is mapped beside it.
//
// It promises: nothing leaves its Chromium but through its gate; a reply is typed only with a ticket of the
// master; an observation goes to its worker's queue in the order of sight. It never touches the store.
package account
