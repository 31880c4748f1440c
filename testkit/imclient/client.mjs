// An unmodified socket.io-client that behaves like the PC IM client at its start: on the first connect it registers and
// asks for the channels; after a reconnect it does neither.
//
//   node client.mjs URL [transport ...]
//
// Every event that arrives is one JSON line on stdout: {"event", "payload", "at"}; the life of the connection comes as
// "$connect", "$disconnect" and "$connect_error". Every line on stdin is a command: {"emit": name} or
// {"emit": name, "payload": any}. The end of stdin ends the client.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, ...transports] = process.argv.slice(2);

const print = (event, payload) =>
  process.stdout.write(JSON.stringify({ event, payload, at: Date.now() }) + "\n");

const socket = io(url, {
  transports: transports.length > 0 ? transports : ["websocket", "polling"],
  reconnectionDelay: 100,
  reconnectionDelayMax: 500,
});

socket.onAny((event, payload) => print(event, payload));
socket.on("connect", () => print("$connect", { id: socket.id, transport: socket.io.engine.transport.name }));
socket.on("disconnect", (reason) => print("$disconnect", { reason }));
socket.on("connect_error", (error) => print("$connect_error", { message: error.message }));
socket.io.on("open", () => socket.io.engine.on("upgrade", (t) => print("$upgrade", { transport: t.name })));
socket.once("connect", () => {
  socket.emit("monitor:register", { clientType: "monitor", clientId: "monitor_1700000000000_test" });
  socket.emit("monitor:request_channels");
});

const commands = createInterface({ input: process.stdin });
commands.on("line", (line) => {
  const command = JSON.parse(line);
  if ("payload" in command) {
    socket.emit(command.emit, command.payload);
  } else {
    socket.emit(command.emit);
  }
});
commands.on("close", () => {
  socket.close();
  process.exit(0);
});
