// Private messages: the calls, what is known of conversations, and the socket that brings new ones.
const SINGLE = 1;

class Chats {
  // names looks people up: (conversations) => Promise<Map uid -> {nickname, avatar}>.
  constructor({ host, token, socket, names }) {
    Object.assign(this, { host, token, names, seq: 10000, cursor: 0n, convs: new Map(), people: new Map(), changed: [], fresh: [] });
    if (socket) this.listen(socket);
  }

  async ask(path, cmd, body, how) {
    const answer = await fetch("https://" + this.host + path, {
      method: "POST", credentials: this.token ? "omit" : "include", headers: { "Content-Type": "application/x-protobuf", ...(how && { "X-Typed": how }) },
      body: pack([[1, cmd], [2, ++this.seq], [4, this.token || ""], [8, [[cmd, body]]]]),
    });
    const m = unpack(new Uint8Array(await answer.arrayBuffer()));
    if (num(m, 3)) throw new Error(str(m, 4));
    this.me = id(m, 13);
    return sub(sub(m, 6), cmd);
  }

  // init reads all conversations, a page at a time.
  async init(path, cmd) {
    for (let next = 0n, more = true; more;) {
      const body = await this.ask(path, cmd, [[1, next]]);
      if (this.cursor === 0n) this.cursor = (body.get(2) || [0n])[0];
      next = (body.get(3) || [0n])[0];
      more = num(body, 4) === 1;
      for (const opened of subs(body, 1)) { this.keepConversation(sub(opened, 1)); for (const m of subs(opened, 2)) this.keep(m); }
      await this.name();
      this.tell();
    }
  }

  // increment asks for what came since; this is how a gap of the socket is found.
  async increment() {
    const body = await this.ask("/v1/message/get_user_message", 2048, [[1, this.cursor]]);
    this.cursor = (body.get(1) || [this.cursor])[0];
    const messages = subs(body, 2).flatMap((group) => subs(group, 1));
    await this.unknown(messages);
    for (const m of messages) this.keep(m);
    this.tell();
  }

  // unknown reads the conversations that messages belong to and nobody has seen yet.
  async unknown(messages) {
    const keys = [...new Set(messages.map((m) => str(m, 1)))].filter((key) => !this.convs.has(key));
    if (!keys.length) return;
    const body = await this.ask("/v2/conversation/get_info_list", 610, keys.map((key) => [1, [[1, key]]]));
    for (const c of subs(body, 1)) this.keepConversation(c);
    await this.name();
  }

  async history(c, anchor) {
    const body = await this.ask("/v1/message/get_by_conversation", 301, [[1, c.id], [2, c.type], [3, BigInt(c.shortId)], [4, 1], [5, anchor || 0n], [6, 30]]);
    for (const m of subs(body, 1)) this.keep(m);
    c.more = num(body, 3) === 1;
    this.tell();
  }

  async read(c) {
    c.readIndex = c.messages[0]?.index || 0n;
    this.tell();
    await this.ask("/v1/conversation/mark_read", 604, [[1, c.id], [2, c.type], [3, BigInt(c.shortId)], [4, c.readIndex]]);
  }

  async send(c, text, how) {
    const client = crypto.randomUUID();
    const body = await this.ask("/v1/message/send", 100, [[1, c.id], [2, c.type], [3, BigInt(c.shortId)], [4, JSON.stringify({ text, aweType: 700, richTextInfos: [] })], [6, 7], [8, client]], how);
    if (num(body, 3)) throw new Error(str(body, 6) || "发送失败");
    return id(body, 1);
  }

  keepConversation(m) {
    const key = str(m, 1);
    const c = this.convs.get(key) || { id: key, messages: [], known: new Map(), more: true, rev: 0 };
    const peer = subs(sub(m, 6), 1).find((p) => id(p, 1) !== this.me) || new Map();
    Object.assign(c, { shortId: id(m, 2), type: num(m, 3), uid: id(peer, 1), sec: str(peer, 5), readIndex: (sub(m, 51).get(5) || [0n])[0] });
    c.rev++;
    this.convs.set(key, c);
  }

  keep(raw) {
    const c = this.convs.get(str(raw, 1));
    if (!c) return null;
    const m = {
      id: id(raw, 3), index: (raw.get(4) || [0n])[0], type: num(raw, 6), sender: id(raw, 7), content: str(raw, 8), at: num(raw, 10), sec: str(raw, 14),
      ext: Object.fromEntries(subs(raw, 9).map((e) => [str(e, 1), str(e, 2)])), rev: 0, conv: c,
    };
    m.recalled = m.ext["s:is_recalled"] === "true";
    m.mine = m.sender === this.me;
    if (m.type >= 50000) return m;
    const before = c.known.get(m.id);
    if (before) { if (before.recalled !== m.recalled) { before.recalled = m.recalled; before.rev++; } return before; }
    c.known.set(m.id, m);
    c.messages.push(m);
    c.messages.sort((a, b) => (a.index < b.index ? 1 : -1)); // newest first
    c.rev++;
    return m;
  }

  async name() {
    const nameless = [...this.convs.values()].filter((c) => c.type === SINGLE && !this.people.has(c.uid));
    for (let i = 0; i < nameless.length; i += 20) for (const [uid, who] of await this.names(nameless.slice(i, i + 20))) this.people.set(uid, who);
    for (const c of nameless) c.rev++;
  }

  title(c) { return c.type === SINGLE ? this.people.get(c.uid)?.nickname ?? "" : "粉丝群"; }
  unread(c) { return c.messages.filter((m) => m.index > c.readIndex && !m.mine).length; }
  list() { return [...this.convs.values()].filter((c) => c.messages.length).sort((a, b) => b.messages[0].at - a.messages[0].at); }
  tell() { for (const f of this.changed) f(); }

  // listen keeps the socket open and asks for the increment after each gap.
  listen(params) {
    const connect = (again) => {
      const socket = new WebSocket("wss://frontier-im.douyin.com/ws/v2?" + new URLSearchParams(params), ["pbbp2"]);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => { if (again) this.increment().catch(() => {}); };
      socket.onmessage = (event) => this.onFrame(unpack(new Uint8Array(event.data)));
      socket.onclose = () => setTimeout(connect, 1500, true);
    };
    connect(false);
  }

  async onFrame(frame) {
    if (str(frame, 7) === "text/json") { for (const f of this.fresh) f(null, JSON.parse(str(frame, 8))); return; }
    const raw = sub(sub(sub(unpack(frame.get(8)[0]), 6), 500), 5);
    if (!this.convs.has(str(raw, 1))) await this.unknown([raw]);
    const m = this.keep(raw);
    this.tell();
    for (const f of this.fresh) f(m, null);
  }
}

addEventListener("stage", ({ detail }) => {
  if (detail.act !== "renamed" || !window.chats) return;
  const who = chats.people.get(detail.uid);
  if (!who) return;
  who.nickname = detail.nickname;
  for (const c of chats.convs.values()) if (c.uid === detail.uid) c.rev++;
  chats.tell();
});

// words is how a message reads.
function words(m) {
  if (m.recalled) return "消息已撤回";
  let c = {};
  try { c = JSON.parse(m.content); } catch { /* it reads as nothing */ }
  return { 7: c.text, 1: c.tips || c.text, 27: "[图片]", 17: "[语音]", 8: "[分享视频]" + (c.content_title || ""), 77: "[分享图文]" + (c.content_title || ""), 5: "[表情]", 15: "[表情]" }[m.type] ?? "[暂不支持的消息]";
}
