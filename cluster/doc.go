// Package cluster joins nodes: what carries messages between them, who is known to be there, and how a node proves itself.
//
// A link carries what the actors of two nodes say to each other. No actor knows where another node is: it sends to a PID whose
// address is the node's name (PID), and answers arrive at such PIDs too.
//
//	actor ─ Send ─▶ node:worker-7 ─▶ link ═ numbered letters over remote, mTLS ═▶ link ─▶ actor
//	                                  │ keeps each until it is acknowledged        │ delivers each once, in order
//
// While both processes live, every letter arrives exactly once and in order, however often the connection breaks between
// them. When one of them ends, what was under way may have arrived or not: a worker says it again to the next life of its
// master, a master never to the next life of a worker. A request that cannot arrive any more is answered by a dead letter.
// What its sender repeats by itself anyway is dropped while the other side is out of reach.
//
// The pure part, which knows no actor, no network and no clock, is post: test there first. Gossip (membership.go) discovers and
// hints; it decides nothing. Who may act for an account is decided in lease, and where it should run in placement.
package cluster
