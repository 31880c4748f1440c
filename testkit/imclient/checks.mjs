// Eleven functional checks of a server by one of package.json's clients:
//
//   node checks.mjs MODULE URL
//
// The server has an event "echo" (answered by "echoed" with the payload, or "nothing"), an event "close" on which it ends the connection, and a
// namespace "/auth" that asks for the token "right". One line of JSON on stdout per check: {"check", "error"}; an empty error is a success.
const [module, url] = process.argv.slice(2);
const { io } = await import(module);

const patience = 60_000;
const large = "x".repeat(5_000_000);
const tooLarge = "x".repeat(12_000_000);

function open(path, transports, options) {
  return io(url + path, { transports, forceNew: true, reconnection: false, ...options });
}

function wait(emitter, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), patience);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

function equal(got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`got ${JSON.stringify(got)?.slice(0, 100)}, want ${JSON.stringify(want)?.slice(0, 100)}`);
  }
}

async function echo(socket, ...args) {
  const answer = wait(socket, "echoed");
  socket.emit("echo", ...args);
  return (await answer)[0];
}

async function connected(path, transports, options) {
  const socket = open(path, transports, options);
  await wait(socket, "connect");
  return socket;
}

async function refused(path, options) {
  const [error] = await wait(open(path, ["websocket"], options), "connect_error");
  return error.message;
}

async function tooLargeIsRefused(transport) {
  const socket = await connected("/", [transport]);
  const gone = wait(socket, "disconnect");
  socket.emit("echo", tooLarge);
  await gone;
}

const checks = {
  websocket: async () => equal(await echo(await connected("/", ["websocket"]), { a: 1 }), { a: 1 }),
  polling: async () => equal(await echo(await connected("/", ["polling"]), { a: 1 }), { a: 1 }),
  upgrade: async () => {
    const socket = open("/", ["polling", "websocket"]);
    const upgraded = wait(socket.io, "open").then(() => wait(socket.io.engine, "upgrade"));
    await wait(socket, "connect");
    equal(await echo(socket, 1), 1);
    await upgraded;
    equal(await echo(socket, 2), 2);
    equal(socket.io.engine.transport.name, "websocket");
  },
  "null argument": async () => {
    const socket = await connected("/", ["websocket"]);
    equal(await echo(socket, null), "nothing");
    equal(await echo(socket, undefined), "nothing");
    equal(await echo(socket), "nothing");
  },
  "auth refused": async () => equal(await refused("/auth", { auth: { token: "wrong" } }), "wrong token"),
  "auth accepted": async () => {
    await connected("/auth", ["websocket"], { auth: { token: "right" } });
  },
  "unknown namespace": async () => equal(await refused("/nowhere"), "Invalid namespace"),
  "5 MB echo": async () => {
    equal((await echo(await connected("/", ["websocket"]), large)).length, large.length);
    equal((await echo(await connected("/", ["polling"]), large)).length, large.length);
  },
  "12 MB refused": async () => {
    await tooLargeIsRefused("websocket");
    await tooLargeIsRefused("polling");
  },
  "server close": async () => {
    const socket = await connected("/", ["websocket"]);
    const gone = wait(socket, "disconnect");
    socket.emit("close");
    await gone;
  },
  reconnect: async () => {
    const socket = await connected("/", ["websocket"], { reconnection: true, reconnectionDelay: 50 });
    const gone = wait(socket, "disconnect");
    socket.emit("close");
    await gone;
    await wait(socket, "connect");
    equal(await echo(socket, 3), 3);
  },
};

for (const [check, run] of Object.entries(checks)) {
  const error = await run().then(() => "", (e) => e.message);
  process.stdout.write(JSON.stringify({ check, error }) + "\n");
}
process.exit(0);
