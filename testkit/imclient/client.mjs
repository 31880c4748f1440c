// Unmodified socket.io-clients. In the namespace "/" one behaves like the PC IM client at its start: on the first connect it
// registers and asks for the channels; after a reconnect it does neither.
//
//   node client.mjs MODULE '[{"url": "http://127.0.0.1:3000/admin", "transports": ["websocket"]}, ...]'
//
// MODULE is one of package.json's clients. Every event that arrives is one JSON line on stdout: {"client", "event", "payload", "at"}; the
// life of the connection comes as "$connect", "$disconnect", "$connect_error" and "$upgrade". Every line on stdin is a command:
// {"client": 0, "emit": name}, or with a "payload". The end of stdin ends the clients.
import { createInterface } from "node:readline";

const [module, targets] = process.argv.slice(2);
const { io } = await import(module);

function start(client, { url, transports }) {
  const print = (event, payload) =>
    process.stdout.write(JSON.stringify({ client, event, payload, at: Date.now() }) + "\n");
  const socket = io(url, {
    transports: transports ?? ["websocket", "polling"],
    reconnectionDelay: 100,
    reconnectionDelayMax: 500,
    forceNew: true,
  });
  socket.onAny((event, payload) => print(event, payload));
  socket.on("connect", () => print("$connect", { id: socket.id, transport: socket.io.engine.transport.name }));
  socket.on("disconnect", (reason) => print("$disconnect", { reason }));
  socket.on("connect_error", (error) => print("$connect_error", { message: error.message }));
  socket.io.on("open", () => socket.io.engine.on("upgrade", (t) => print("$upgrade", { transport: t.name })));
  if (new URL(url).pathname === "/") {
    socket.once("connect", () => {
      socket.emit("monitor:register", { clientType: "monitor", clientId: "monitor_1700000000000_test" });
      socket.emit("monitor:request_channels");
    });
  }
  return socket;
}

const sockets = JSON.parse(targets).map((target, client) => start(client, target));

const commands = createInterface({ input: process.stdin });
commands.on("line", (line) => {
  const command = JSON.parse(line);
  const socket = sockets[command.client];
  if ("payload" in command) {
    socket.emit(command.emit, command.payload);
  } else {
    socket.emit(command.emit);
  }
});
commands.on("close", () => {
  sockets.forEach((socket) => socket.close());
  process.exit(0);
});
