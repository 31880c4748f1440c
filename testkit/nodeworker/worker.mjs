// A Node worker of the kind that troupe lets in on /worker: it registers, keeps its heart beating, watches its accounts (here: an
// in-memory store that the test fills), logs in and replies. It is written from the event tables of the system that such workers
// belong to, and knows nothing of troupe. It drives an unmodified socket.io-client.
//
//   node worker.mjs MODULES URL WIRE ID
//
// MODULES is a folder with node_modules; WIRE is "events" (everything an event of its own) or "envelopes" (registration, tasks and data
// in the event "message"). Every event that arrives is one JSON line on stdout: {"event", "payload"}. Every line on stdin is a command:
//
//   {"do": "heartbeat"}
//   {"do": "hold", "account", "data": {...}}   what its store holds of an account; it is sent
//   {"do": "detect", "payload": {...}}         what it announces as detected
//   {"do": "answer", "payload": {...}}         how it answers every reply from now on, beside its ids; {} = not at all
//   {"do": "emit", "event", "payload"}         anything
//
// The end of stdin ends the worker.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const [modules, url, wire, workerId] = process.argv.slice(2);
const { io } = createRequire(modules + "/")("socket.io-client");

const print = (event, payload) => process.stdout.write(JSON.stringify({ event, payload }) + "\n");
const socket = io(url + "/worker", { transports: ["websocket"], reconnectionDelay: 100, reconnectionDelayMax: 500 });
const envelopes = wire === "envelopes";
let requests = 0;

const message = (type, payload) =>
  socket.emit("message", { type, version: "v1", payload, timestamp: Date.now(), requestId: `r${++requests}` });
const seconds = () => Math.floor(Date.now() / 1000);

socket.on("connect", () => {
  print("$connect", {});
  const about = { host: "127.0.0.1", port: 4000, capabilities: ["sandbox"], version: "1.0.0" };
  if (envelopes) {
    socket.emit("join_room", { room: `worker:${workerId}`, workerId }, (joined) => print("$joined", joined));
    message("worker:register", { ...about, worker_id: workerId, max_accounts: 10 });
  } else {
    socket.emit("worker:register", { ...about, workerId, maxAccounts: 10 }, (response) => print("$registered", response));
  }
});
socket.on("disconnect", (reason) => print("$disconnect", { reason }));
socket.on("connect_error", (error) => print("$connect_error", { message: error.message }));
socket.onAny((event, payload) => print(event === "message" ? payload.type : event, event === "message" ? payload.payload : payload));

// A login: a picture, the phone, success with cookies that nobody may ever see again.
const picture = "data:image/png;base64," +
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
socket.on("master:login:start", ({ session_id, account_id }) => {
  socket.emit("worker:login:qrcode", { session_id, account_id, qr_code_data: picture });
  setTimeout(() => socket.emit("worker:login:status", { session_id, account_id, status: "scanning" }), 200);
  setTimeout(() => socket.emit("worker:login:status", {
    session_id, account_id, status: "success",
    cookies: [{ name: "sessionid", value: "topsecretcookie" }], fingerprint: { userAgent: "topsecretfingerprint" },
    user_info: { nickname: "阿月", douyin_id: "owner-1", avatar: "", total_followers: 12, total_following: 3 },
  }), 400);
});

// Replies.
let verdict = envelopes ? { status: "success" } : { success: true, executed_at: seconds() };
const reply = ({ reply_id, request_id }) => {
  if (Object.keys(verdict).length > 0) {
    socket.emit("worker:reply:result", { reply_id, request_id, platform_reply_id: `p-${reply_id}`, ...verdict });
  }
};
socket.on("master:reply:request", reply);
socket.on("master:reply:execute", reply);

const heartbeat = () => envelopes
  ? message("worker:heartbeat", { worker_id: workerId, status: "online", active_tasks: 1, memory_usage: 100, cpu_usage: 1 })
  : socket.emit("worker:heartbeat", { workerId, stats: { activeAccounts: 1, memoryUsage: 100, cpuUsage: 1 }, timestamp: Date.now() });

const commands = {
  heartbeat,
  hold: ({ account, data }) =>
    message("worker:data:sync", { accountId: account, platform: "sandbox", snapshot: { platform: "sandbox", data }, timestamp: Date.now() }),
  detect: ({ payload }) => socket.emit("worker:message:detected", payload),
  answer: ({ payload }) => { verdict = payload; },
  emit: ({ event, payload }) => socket.emit(event, payload),
};
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
  print("$done", {});
});
lines.on("close", () => {
  socket.close();
  process.exit(0);
});
