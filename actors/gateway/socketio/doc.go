// Package socketio is a small Socket.IO server: Engine.IO v4 and Socket.IO v5 over net/http, as spoken by every
// socket.io-client 3 and 4. It owns the connections, their sessions and the two transports (HTTP long polling and
// WebSocket, with the upgrade from one to the other); it knows nothing of accounts, messages or actors.
//
//	Server ── /socket.io/ ──┬─ conn (one per client: session id, transport, send queue, a goroutine that writes)
//	                        │    └─ Socket (one per namespace that the client joined)
//	                        └─ Namespace ("/"): rules for inbound events, broadcast
//
// What it promises:
//
//   - Handlers of one connection run one at a time, in the order in which the client sent, on the goroutine of the request that
//     brought the event. A handler that waits makes its own client wait, nobody else, and what is emitted meanwhile is written.
//   - A client is read no faster than it takes what it asked for, and never faster than any client needs: who floods waits by himself.
//   - What is emitted to one socket arrives in the order of the calls, or the connection ends: at the bound of the send
//     queue the connection is dropped, never a message, and so it is when what waits was not taken within WriteTimeout. Emit and
//     Broadcast never block.
//   - A broadcast is encoded once, and so is a Frame, whoever gets it. Of what is sent unasked, a newer Frame may take the place of one
//     of the same name that still waits (As); what a client asked for is never left out. A broadcast reaches every socket of the namespace whose Connect was answered.
//   - An event's payload may be missing, null or any JSON value. One that a handler cannot use is answered with
//     an `error` event and never costs the connection. Breaking the protocol itself (an unknown packet type, no JSON
//     array where one must be, binary attachments) does.
//   - OnDisconnect runs exactly once per socket, after its last handler.
//
// Left out, because no client of ours uses it: binary events, compression, connection state recovery, rooms,
// acknowledgements asked by the server.
package socketio
