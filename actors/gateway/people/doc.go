// Package people decides who comes in: users with passwords, tokens of machines, browsers that are signed in, and what each of
// them may do. It also keeps the audit log.
//
//	request, socket ── reads ──▶ Door ── Picture (atomic pointer) ◀── publishes ── people (actor) ── Append ──▶ store
//	                               └── Record ──────────────────────────────────▶
//
// The actor alone changes users, tokens, sessions and the log. A change is on disk before it is answered and published; from
// then on every guard sees it, and the connections that it ends are closed at once (Identity.OnEnd). No guard waits for the
// actor. Only hashes of secrets are held: argon2id of passwords (RFC 9106), SHA-256 of tokens and cookies, which are random.
//
// The log is a chain: each entry holds the hash of the one before it, and the last one's hash stands apart, in the same
// write. Verify finds a changed, added or missing entry and names the first bad one. Who can write to the store's files can
// also write a whole new chain: note the last hash elsewhere from time to time.
package people
