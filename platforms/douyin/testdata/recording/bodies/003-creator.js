"use strict";
// What all applications use: elements, hashed class names, fibers, calls, toasts.
const APP = window.__APP__;
const MANNERS = APP.manners;
const $ = (selector, within) => (within || document).querySelector(selector);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// h gives a class name the end that changes with every build of the site.
function h(name) {
  let n = (2166136261 ^ Math.imul(APP.build, 16777619)) >>> 0;
  for (const c of name) n = Math.imul(n ^ c.charCodeAt(0), 16777619) >>> 0;
  let end = "";
  for (let i = 0; i < 6; i++) { end += "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_"[n % 57]; n = Math.imul(n ^ (n >>> 7) ^ i, 2654435761) >>> 0; }
  return name + "-" + end;
}

// node makes an element: node("div.row.title~", {text: "..."}, child, ...). A class that ends in ~ is hashed.
function node(spec, options, ...children) {
  const [tag, ...classes] = spec.split(".");
  const el = document.createElement(tag);
  if (classes.length) el.className = classes.map((c) => c.endsWith("~") ? h(c.slice(0, -1)) : c).join(" ");
  const { text, ...rest } = options || {};
  if (text !== undefined) el.textContent = text;
  for (const [k, v] of Object.entries(rest)) {
    if (v === undefined) continue;
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else el.setAttribute(k, v);
  }
  el.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

// byPerson lets only events through that a person made, as lists and editors of the real site do.
const byPerson = (act) => (event) => { if (event.isTrusted) act(event); };

// fiber hangs props on an element as React does, under `depth` levels; above is what the last level knows.
const FIBER = "__reactFiber$" + Math.random().toString(36).slice(2, 13);
function fiber(el, props, depth = 2, above = {}) {
  let top = { memoizedProps: above, return: null };
  for (let i = 1; i < depth; i++) top = { memoizedProps: { level: i }, return: top };
  el[FIBER] = { memoizedProps: props, stateNode: el, return: top };
  el[FIBER.replace("Fiber", "Props")] = props;
  return el;
}

// has reads has_more, whose type differs from address to address.
const has = (more) => more === true || more === 1 || more === "1";
const cookie = (name) => (document.cookie.match(new RegExp("(?:^|; )" + name + "=([^;]*)")) || [])[1] || "";

// call asks the site and returns its JSON. GET parameters go into the address, POST ones into a form.
async function call(method, url, params, headers) {
  const form = new URLSearchParams(params);
  const options = { method, credentials: "include", headers: headers || {} };
  if (method === "POST") { options.body = form; form.size || delete options.body; }
  const answer = await fetch(method === "GET" && form.size ? url + "?" + form : url, options);
  const text = await answer.text();
  const json = JSON.parse(text.replace(/"(nid|user_id|author_user_id)":\s*(\d{16,})/g, '"$1":"$2"'));
  if (json.login_url) location.href = json.login_url;
  return json;
}
const get = (url, params) => call("GET", url, params);
const post = (url, params, headers) => call("POST", url, params, { "X-Secsdk-Csrf-Token": cookie("passport_csrf_token"), ...headers });
const creatorQuery = { aid: 2906, app_id: 2906, channel_id: 618, device_platform: "webapp" };

function toast(text, ms = 2000) {
  const el = node("div.semi-toast", {}, node("span.semi-toast-content-text", { text }));
  document.body.append(el);
  setTimeout(() => el.remove(), ms);
}

const clock = (ms) => new Date(ms).toLocaleString("zh-CN", { hour12: false, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });

// composer watches an editor: what a person types enables the button, and how it was typed goes along with what is sent.
function composer(editor, button, send) {
  const typed = { events: 0, untrusted: 0, from: 0, to: 0 };
  const text = () => editor.innerText.replace(/\n$/, "");
  editor.addEventListener("input", (event) => {
    event.isTrusted ? typed.events++ : typed.untrusted++;
    typed.from ||= performance.now(); typed.to = performance.now();
    if (button) button.disabled = !event.isTrusted || text().trim() === "";
  });
  const how = () => `events=${typed.events} untrusted=${typed.untrusted} ms=${Math.round(typed.to - typed.from)}`;
  if (button) button.addEventListener("click", byPerson(() => send(text(), how())));
  return { text, how, clear() { editor.textContent = ""; typed.events = typed.untrusted = typed.from = typed.to = 0; if (button) button.disabled = true; } };
}
// Protobuf without a schema: messages are lists of [field, value] out, and Maps of field to values in.
function pack(pairs) {
  const out = [];
  const varint = (n) => { n = BigInt(n); while (n > 127n) { out.push(Number(n & 127n) | 128); n >>= 7n; } out.push(Number(n)); };
  for (const [field, value] of pairs) {
    if (value === undefined || value === "" || value === 0) continue;
    if (typeof value === "number" || typeof value === "bigint") { varint(field << 3); varint(value); continue; }
    const bytes = Array.isArray(value) ? pack(value) : new TextEncoder().encode(value);
    varint(field << 3 | 2); varint(bytes.length); for (const b of bytes) out.push(b);
  }
  return new Uint8Array(out);
}

function unpack(bytes) {
  const fields = new Map();
  let at = 0;
  const varint = () => { let n = 0n, shift = 0n; for (;;) { const b = bytes[at++]; n |= BigInt(b & 127) << shift; if (b < 128) return n; shift += 7n; } };
  while (at < bytes.length) {
    const tag = Number(varint()), field = tag >> 3;
    let value;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 2) { const n = Number(varint()); value = bytes.subarray(at, at += n); } else throw new Error("wire type " + (tag & 7));
    fields.has(field) ? fields.get(field).push(value) : fields.set(field, [value]);
  }
  return fields;
}
const subs = (m, field) => (m.get(field) || []).map(unpack);
const sub = (m, field) => subs(m, field)[0] || new Map();
const num = (m, field) => Number((m.get(field) || [0n])[0]);
const id = (m, field) => String((m.get(field) || [0n])[0]);
const str = (m, field) => new TextDecoder().decode((m.get(field) || [new Uint8Array()])[0]);
// A list that shows the visible part of many items in few nodes and uses these again as it scrolls: a node that showed one
// person shows another a moment later. The nodes' order in the document is not their order on the screen.
function virtual(box, { height, make, fill, more, reverse }) {
  const inner = node("div", { class: box.dataset.inner || "" });
  box.append(inner);
  let items = [], nodes = [], shift = 0, swallow = MANNERS.swallow, busy = false;

  function draw() {
    const ends = [];
    let total = 0;
    for (const item of items) ends.push(total += height(item));
    const floor = reverse ? Math.max(total, box.clientHeight) : total;
    inner.style.height = floor + "px";
    const from = reverse ? floor - box.scrollTop - box.clientHeight : box.scrollTop;
    let first = ends.findIndex((end) => end > from - 60);
    if (first < 0) first = 0;
    let last = first;
    while (last < items.length && (last === 0 ? 0 : ends[last - 1]) < from + box.clientHeight + 60) last++;
    while (nodes.length < last - first) nodes.push(make());
    const used = new Set();
    for (let i = first; i < last; i++) {
      const el = nodes[(i + shift) % nodes.length], item = items[i], top = i ? ends[i - 1] : 0;
      if (!el.isConnected) inner.append(el);
      if (el.shown !== item || el.rev !== item.rev || el.index !== i) { el.shown = item; el.rev = item.rev; el.index = i; fill(el, item, i); }
      el.style[reverse ? "bottom" : "top"] = top + "px";
      el.style.height = height(item) + "px";
      used.add(el);
    }
    for (const el of nodes) if (!used.has(el)) { el.remove(); el.shown = null; }
  }

  box.addEventListener("scroll", async () => {
    draw();
    const left = reverse ? box.scrollTop : box.scrollHeight - box.scrollTop - box.clientHeight;
    if (!more || busy || left > 150) return;
    if (swallow > 0) { swallow--; return; }
    busy = true;
    try { await more(); } finally { busy = false; }
  });
  addEventListener("resize", draw);
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") { shift++; for (const el of nodes) el.shown = null; draw(); }
    if (detail.act === "reorder") { items = [...items].reverse(); for (const el of nodes) el.shown = null; draw(); }
  });
  return {
    draw,
    set(list) {
      const stays = reverse && box.scrollHeight - box.scrollTop - box.clientHeight;
      items = list; draw();
      if (reverse) { box.scrollTop = box.scrollHeight - box.clientHeight - stays; draw(); }
    },
    bottom() { box.scrollTop = box.scrollHeight; draw(); },
  };
}
// The stage's hand in an open page: it moves what a test wants to be moved at that very moment, and shows captchas.
(function connect() {
  const socket = new WebSocket("wss://" + location.host + "/stage");
  socket.onmessage = (event) => dispatchEvent(new CustomEvent("stage", { detail: JSON.parse(event.data) }));
  socket.onclose = () => setTimeout(connect, 500);
})();
addEventListener("stage", ({ detail }) => {
  if (detail.act === "reload") location.reload();
  if (detail.act === "captcha") risk(detail.kind);
});

// touched tells on whoever points at a captcha.
function touched(el) {
  for (const kind of ["pointerdown", "click", "touchstart"]) el.addEventListener(kind, () => navigator.sendBeacon("/stage/touch"));
  return el;
}

let shownRisk = "";
function risk(kind) {
  if (kind === shownRisk) return;
  shownRisk = kind;
  $("#captcha_container")?.parentNode.remove();
  $(".uc-ui-verify_sms-verify")?.remove();
  if (kind === "page" || kind === "text") location.reload();
  if (kind === "overlay") {
    document.body.append(touched(node("div.mask", {}, node("div", { id: "captcha_container" },
      node("p", { text: "请完成下列验证后继续" }), node("div", { id: "captcha-verify-image", style: "height:120px;background:#dde", text: "拖动滑块完成拼图" }),
      node("a.secsdk_captcha_refresh", { text: "刷新" }),
      node("iframe", { src: "https://rc-verifycenter.snssdk.com/nocaptcha?visible=1", style: "width:280px;height:40px" })))));
  }
  if (kind === "sms") document.body.append(smsDialog("身份验证", () => { $(".uc-ui-verify_sms-verify").remove(); shownRisk = ""; }));
}

// smsDialog asks for a verification code. Its buttons want the whole chain of a person's pointer.
function smsDialog(title, confirm, send) {
  const chain = (el, act) => {
    let seen = "";
    for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup"]) el.addEventListener(kind, byPerson(() => { seen += kind; }));
    el.addEventListener("click", byPerson(() => { if (seen.endsWith("pointerdownmousedownpointerupmouseup")) act(); seen = ""; }));
    return el;
  };
  const input = node("input", { type: "tel", placeholder: "请输入验证码", maxlength: "8" });
  const said = node("p.uc-ui-verify_error", { text: "" });
  return node("div.mask.uc-ui-verify_sms-verify", {}, node("div", {},
    node("h3", { text: title }), node("p", { text: "为保护账号安全，请输入 138******00 收到的短信验证码" }), input,
    chain(node("button", { text: "获取验证码" }), () => send && send(said)), said,
    chain(node("div.button.uc-ui-verify_sms-verify_button", { text: "验证" }), () => confirm(input.value, said))));
}

document.body.append(node("iframe", { src: "https://rc-verifycenter.snssdk.com/nocaptcha", style: "display:none" }));
// The login card: a QR code that is asked for once a second, its end and renewal, and what the phone says.
function loginCard(into) {
  const image = node("img", MANNERS.old_qr ? { "aria-label": "二维码", alt: "二维码" } : { alt: "" });
  const frame = MANNERS.old_qr ? node("div.frame.qrcode~", {}, image) : node("div.frame", { id: "animate_qrcode_container" }, image);
  const said = node("p.tips~", { text: "打开「抖音APP」扫一扫" });
  let token = "", stopped = false;
  into.replaceChildren(node("div.login", {},
    MANNERS.guest_avatar && node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/guest.svg", alt: "" }), node("span.name~", { text: "创作者你好" })),
    node("div.line", {}, ...["扫码登录", "验证码登录", "密码登录"].map((text) => node("span.tab~", { text }))),
    node("div.scan_qrcode_login_content~", {}, frame), said,
    node("div.line", {}, node("span", { text: "我是创作者" }), node("span", { text: "我是MCN机构" }))));

  async function renew() {
    $(".over", frame)?.remove();
    const { data } = await call("GET", "https://login.douyin.com/passport/web/get_qrcode/", { aid: 2906, next: "https://creator.douyin.com/creator-micro/home" });
    if (data.error_code) { said.textContent = data.description; return setTimeout(renew, 3000); }
    token = data.token;
    image.style.visibility = "hidden"; // it is there before it can be seen
    image.src = "data:image/png;base64," + data.qrcode;
    said.textContent = "打开「抖音APP」扫一扫";
    setTimeout(() => { image.style.visibility = ""; }, 400);
  }
  function over(text) {
    if ($(".over", frame)) return;
    frame.append(node("div.over", { onclick: byPerson(() => { token = ""; renew(); }) }, node("p", { text })));
  }
  (async function poll() {
    while (!stopped) {
      await wait(1000);
      if (!token || $(".over", frame)) continue;
      try {
        const { data } = await call("POST", "https://login.douyin.com/passport/web/check_qrconnect/", { token, is_frontier: false, aid: 2906 });
        if (data.verify_center_decision_conf) { if (!$("#captcha_container")) risk("overlay"); continue; }
        if (data.error_code) { said.textContent = data.description; continue; }
        if (data.status === "scanned") said.textContent = "扫描成功，需在手机上进行确认";
        if (data.status === "expired") over("二维码失效，点击刷新");
        if (data.status === "refused") { said.textContent = "已取消登录"; over("二维码失效，点击刷新"); }
        if (data.status === "confirmed") { stopped = true; localStorage.setItem("HasUserLogin", "1"); location.href = location.host === "www.douyin.com" && !data.redirect_url.includes("mfa") ? "/" : data.redirect_url; }
      } catch { said.textContent = "网络错误，请稍后重试"; }
    }
  })();
  renew().catch(() => { said.textContent = "网络错误，请稍后重试"; });
}

// codeStep asks for the verification code of a login whose address has changed already.
function codeStep(into) {
  const ask = (path, params) => call("POST", "https://login.douyin.com/passport/web/" + path, params || {});
  into.append(smsDialog("短信验证", async (code, said) => {
    const { data } = await ask("validate_code/", { code });
    if (data.error_code === 0) location.reload();
    else if (data.error_code === 1202) said.textContent = data.description;
    else location.href = "/";
  }, async (said) => {
    const { data } = await ask("send_code/");
    said.textContent = data.error_code ? data.description : "验证码已发送";
  }));
}
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
// One open conversation: header, messages (newest first in the document), and the box to write in. names are the class
// names and attributes that the two applications give to the parts.
function pane(chats, into, names) {
  const title = node("div." + names.header);
  const box = node("div.scroller." + names.messages);
  const editor = node("div", { contenteditable: "true", "data-slate-editor": "true", placeholder: "发送消息…" });
  const button = node(names.button, { text: "发送" });
  const foot = node("div.foot", names.input, editor, button);
  let open = null, sending = false, retitled = null;
  if (names.inner) box.dataset.inner = names.inner;
  into.append(node("div.pane." + names.wrapper, {}, title, box, foot));
  const list = virtual(box, {
    reverse: true, height: (m) => (words(m).length > 60 ? 96 : 52), make: () => node("div.line"),
    more: () => open && open.more && chats.history(open, open.messages[open.messages.length - 1].index),
    fill(el, m) {
      el.replaceChildren(node("div." + names.item, names.itemAttributes, node("pre." + (m.mine ? "is-me~" : "is-peer~"), { text: words(m) })), node("time", { text: clock(m.at) }));
      fiber(el.firstChild, {
        serverId: m.id, content: m.content, sender: m.sender, secSender: m.sec, secReceiver: m.mine ? open.sec : "", conversationId: open.id, isFromMe: m.mine,
        createdAt: new Date(m.at).toISOString(), nickname: m.mine ? "" : chats.title(open),
      });
    },
  });
  const box2 = composer(editor, null, () => {});

  async function send(text, how) {
    if (!open || sending || !text.trim()) return;
    sending = true;
    try {
      await chats.send(open, text, how);
      box2.clear();
      await chats.history(open);
      list.bottom();
    } catch (err) { toast(/[\u4e00-\u9fff]/.test(err.message) ? err.message : "发送失败，请检查网络"); }
    sending = false;
  }
  button.addEventListener("click", byPerson(() => send(box2.text(), box2.how())));
  editor.addEventListener("keydown", byPerson((event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send(box2.text(), box2.how());
  }));
  // A line break in the middle of what is inserted sends what stands before it.
  editor.addEventListener("beforeinput", (event) => {
    if (event.inputType === "insertText" && event.data?.includes("\n")) { event.preventDefault(); send(box2.text() + event.data.split("\n")[0], box2.how()); }
  });
  chats.changed.push(() => { if (open) { title.textContent = retitled ?? chats.title(open); list.set(open.messages); } });
  addEventListener("stage", ({ detail }) => { if (detail.act === "header" && open) title.textContent = retitled = detail.name; });
  return {
    async show(c) {
      open = c; retitled = null;
      title.textContent = chats.title(c);
      box2.clear();
      list.set(c.messages);
      list.bottom();
      await chats.history(c);
      list.bottom();
      await chats.read(c);
    },
  };
}

// creatorPane names the parts of a pane in the creator centre.
const creatorPane = () => ({
  wrapper: "chat-box~", header: "box-header-name~", messages: "box-messages~", inner: "ReactVirtualized__Grid__innerScrollContainer",
  item: "box-item-message~", itemAttributes: {}, input: {}, button: "button.semi-button.semi-button-primary.chat-btn",
});
// The creator's home: who is logged in.
async function homePage(into) {
  const { user_profile: me } = await get("/aweme/v1/creator/pc/user_info", creatorQuery);
  if (!me) return;
  into.append(node("div.card.container~", {},
    node("div.avatar~", {}, node("img", { src: me.avatar_thumb.url_list[0], alt: "" })),
    node("div.name~", { text: me.nickname }), node("div.unique_id~", { text: "抖音号：" + me.unique_id }),
    node("div.line", {},
      node("div", { id: "guide_home_following" }, node("span.number~", { text: String(me.following_count) }), node("span", { text: "关注" })),
      node("div", { id: "guide_home_fans" }, node("span.number~", { text: String(me.follower_count) }), node("span", { text: "粉丝" }))),
    node("div.signature~", { text: me.signature })));
  await get("/aweme/v1/creator/data/overview/total", creatorQuery);
}
// The owner's works: the newer list with its numbers, or the older one, whose first address lacks a slash.
function workSource() {
  let cursor = 0, more = true, busy = false;
  return {
    get more() { return more; },
    async next() {
      if (!more || busy) return [];
      busy = true;
      try {
        if (MANNERS.old_works) {
          const json = await get("/aweme/v1/creator/item/list" + (cursor ? "/" : ""), { cursor, aid: 2906 });
          cursor = json.cursor; more = has(json.has_more);
          return (json.item_info_list || []).map((w) => ({ id: w.item_id_plain, opaque: w.item_id, title: w.title, time: w.create_time, numbers: "评论 " + w.comment_count, cover: w.cover_image_url }));
        }
        const json = await get("/janus/douyin/creator/pc/work_list", { status: 0, count: 12, max_cursor: cursor, scene: "star_atlas", device_platform: "android", aid: 1128 });
        cursor = json.max_cursor; more = has(json.has_more);
        return (json.aweme_list || []).map((w, i) => ({
          id: w.aweme_id, opaque: w.item_id, title: w.item_title || w.desc, time: "发布于" + clock(w.create_time * 1000), cover: w.Cover.url_list[0],
          numbers: `播放 ${json.items[i].metrics.view_count} · 评论 ${json.items[i].metrics.comment_count}`,
        }));
      } finally { busy = false; }
    },
  };
}
async function worksPage(into) {
  const box = node("div.content-body~", { style: "height:100%;overflow-y:auto" });
  const end = node("p", { text: "加载中" });
  const source = workSource();
  let swallow = MANNERS.swallow, busy = false;
  into.append(node("h3", { text: "作品管理" }), box);
  box.append(end);
  const load = async () => {
    for (const w of await source.next()) {
      end.before(fiber(node("div.card.video-card~", {}, node("img", { src: w.cover, alt: "" }), node("div.info-title-text~", { text: w.title }),
        node("div.info-time~", { text: w.time }), node("div.info-figure~", { text: w.numbers })), { item: { aweme_id: w.id } }));
    }
    end.textContent = source.more ? "加载中" : "没有更多作品";
  };
  box.addEventListener("scroll", async () => {
    if (busy || box.scrollHeight - box.scrollTop - box.clientHeight > 150) return;
    if (swallow > 0) { swallow--; return; }
    busy = true;
    try { await load(); } finally { busy = false; }
  });
  await load();
}
// Comments of one work in a list whose rows are used again: first level newest first, replies below their root once they
// are asked for, and the boxes to answer. sources say how each generation is read and written.
const READ = "/web/api/third_party/aweme/api/comment/read/aweme/v1/web/comment/list/";

const rowOfA = (c) => ({
  key: c.comment_id, opaque: c.comment_id, text: c.text, at: c.create_time * 1000, name: c.user_info.screen_name, person: c.user_info.user_id,
  avatar: c.user_info.avatar_url, total: Number(c.reply_count), level: c.level, own: c.is_author, to: c.reply_to_user_info?.screen_name,
});
const rowOfB = (c) => ({
  key: c.cid, cid: c.cid, opaque: c.comment_id, text: c.text, at: c.create_time * 1000, name: c.user.nickname, person: c.user.sec_uid,
  avatar: c.user.avatar_thumb.url_list[0], total: c.reply_comment_total, level: c.level, own: c.label_text === "作者", to: c.reply_to_username, images: c.image_list?.length,
});

const sources = {
  A: {
    async list(work, cursor) { const j = await get("/aweme/v1/creator/comment/list", { item_id: work.opaque, cursor, count: 10, sort: "TIME", aid: 2906 }); return { rows: j.comment_info_list.map(rowOfA), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get("/aweme/v1/creator/comment/reply/list/", { comment_id: root.key, cursor, count: 10, aid: 2906 }); return { rows: j.comment_info_list.map((c) => ({ ...rowOfA(c), level: 2 })), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) { const j = await post("/aweme/v1/creator/comment/reply/", { comment_Id: target?.key || "", item_id: work.opaque, text }, { "X-Typed": how }); return [j, j.comment_info && rowOfA(j.comment_info)]; },
  },
  B: {
    async list(work, cursor, sort) { const j = await get(READ + "select/", { aweme_id: work.id, cursor, count: 20, comment_select_options: 0, sort_options: sort, ...creatorQuery }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get(READ + "reply/", { comment_id: root.key, item_id: work.id, cursor, count: 10, ...creatorQuery }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) {
      const j = await post("/web/api/third_party/aweme/api/comment/publish/aweme/v1/web/comment/publish",
        { aweme_id: work.id, text, reply_id: root?.key || "0", reply_to_reply_id: target && target !== root ? target.key : "0" }, { "X-Typed": how });
      return [j, j.comment && rowOfB(j.comment)];
    },
  },
  www: {
    async list(work, cursor) { const j = await get("/aweme/v1/web/comment/list/", { aweme_id: work.id, cursor, count: 20, aid: 6383 }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get("/aweme/v1/web/comment/list/reply/", { comment_id: root.key, item_id: work.id, cursor, count: 10, aid: 6383 }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) {
      const j = await post("/aweme/v1/web/comment/publish", { aweme_id: work.id, text, reply_id: root?.key || "0", reply_to_reply_id: target && target !== root ? target.key : "0" }, { "X-Typed": how });
      return [j, j.comment && rowOfB(j.comment)];
    },
  },
};

// commentList shows one work's comments in box.
function commentList(box, source) {
  let work = null, roots = [], cursor = 0, more = false, sort = 0, editing = null, era = 0;
  const height = (it) => (it.end ? 40 : it.fold ? 30 : (it.level === 1 ? 92 : 86) + (it.level === 1 && it.total ? 26 : 0) + (editing?.row === it ? 56 : 0));
  const list = virtual(box, { height, make: () => node("div"), more: next, fill });

  function items() {
    const flat = [];
    for (const root of roots) {
      flat.push(root);
      if (root.opened) {
        flat.push(...root.below);
        if (root.moreBelow) flat.push(root.folded ||= { fold: true, root, rev: 0 });
      }
    }
    if (!more) flat.push(end);
    return flat;
  }
  const end = { end: true, rev: 0 };
  const redraw = () => list.set(items());

  function fill(el, it) {
    if (it.end) { el.replaceChildren(node("p", { text: roots.length ? "没有更多评论" : "暂无评论" })); return; }
    if (it.fold) { el.replaceChildren(node("div.load-more~", { text: "展开更多回复", onclick: byPerson(() => below(it.root)) })); return; }
    const act = (text, then) => node("div.item~", { text, onclick: byPerson(then) });
    el.replaceChildren(node("div.container~", { style: it.level === 1 ? "" : "margin-left:40px" },
      node("div.line", {}, node("div.avatar~", {}, node("img", { src: it.avatar, alt: "" })), node("div.username~", { text: it.name }), it.own && node("span.tag~", { text: "作者" }), node("div.time~", { text: clock(it.at) })),
      node("div.comment-content-text~", { text: it.text }, it.to ? node("span.reply-to~", { text: " 回复 " + it.to }) : null, it.images ? node("span.image~", { text: "[图片]" }) : null),
      node("div.line.operations~", {}, act("点赞", () => {}), act("回复", () => edit(it)), act("删除", () => remove(it))),
      it.level === 1 && it.total ? node("div.load-more~", { text: it.opened ? "收起" : `查看${it.total}条回复`, onclick: byPerson(() => toggle(it)) }) : null));
    if (editing?.row === it) el.firstChild.append(editing.box);
    fiber(el, { key: it.key }, 3);
    const ids = { numeric: { cid: it.cid ?? it.opaque }, opaque: { cid: it.opaque ?? it.cid }, both: { cid: it.cid ?? it.opaque, commentId: it.opaque } }[MANNERS.ids];
    fiber(el.firstChild, { comment: { ...ids, nickname: it.name, sec_uid: it.person, level: it.level }, ...ids });
  }

  function edit(it) {
    if (editing?.row === it) { close(); return; }
    const editor = node("div", { contenteditable: "true", placeholder: `回复 ${it.name}：` });
    const button = node("button.douyin-creator-interactive-button", { text: "发送", disabled: "" });
    const before = editing?.row;
    editing = { row: it, box: node("div.line.reply-box~", {}, editor, button) };
    composer(editor, button, (text, how) => send(it, text, how, button));
    if (before) before.rev++;
    it.rev++; redraw(); editor.focus();
  }
  function close() { const it = editing?.row; editing = null; if (it) it.rev++; redraw(); }

  async function send(it, text, how, button) {
    const root = it.level === 1 ? it : it.root;
    button.disabled = true;
    const made = await publish(it, root, text, how);
    button.disabled = !!made;
    if (!made) return;
    close();
    root.total++; root.rev++;
    if (root.opened) root.below.push({ ...made, level: made.level === 1 ? 2 : made.level, root, rev: 0 });
    redraw();
  }

  // publish sends and says how it went.
  async function publish(it, root, text, how) {
    try {
      const [json, made] = await source.publish(work, it, root, text, how);
      if (json.status_code !== 0) { toast(json.status_msg || "评论失败"); return null; }
      toast(it ? "回复成功" : "发送成功");
      return made;
    } catch { toast("网络错误，请稍后重试"); return null; }
  }

  async function toggle(root) {
    root.opened = !root.opened; root.rev++;
    if (root.opened && !root.below) { root.below = []; await below(root); }
    redraw();
  }
  async function below(root) {
    const page = await source.below(work, root, root.nextBelow || 0);
    const known = new Set(root.below.map((r) => r.key));
    root.below.push(...page.rows.filter((r) => !known.has(r.key)).map((r) => ({ ...r, root, rev: 0 })));
    root.nextBelow = page.next; root.moreBelow = page.more && page.rows.length > 0;
    redraw();
  }
  async function remove(it) {
    const json = await post("/aweme/v1/creator/comment/delete/", { comment_id: it.key });
    if (json.status_code !== 0) { toast(json.status_msg); return; }
    roots = roots.filter((r) => r !== it);
    if (it.root) it.root.below = it.root.below.filter((r) => r !== it);
    redraw();
  }
  async function next() {
    if (!more || !work) return;
    const mine = era;
    const page = await source.list(work, cursor, sort);
    if (mine !== era) return;
    const known = new Set(roots.map((r) => r.key)), before = roots.length;
    roots.push(...page.rows.filter((r) => !known.has(r.key)).map((r) => ({ ...r, rev: 0 })));
    more = page.more && (page.next !== cursor || roots.length > before); cursor = page.next;
    redraw();
  }
  addEventListener("stage", ({ detail }) => {
    if (detail.act !== "renamed") return;
    for (const r of roots.flatMap((root) => [root, ...(root.below || [])])) if (r.person === detail.sec || r.person === detail.open) { r.name = detail.nickname; r.rev++; }
    redraw();
  });
  return {
    // show begins anew: another work, or the same in another order.
    async show(w, order) { era++; work = w; sort = order ?? sort; roots = []; cursor = 0; more = true; editing = null; box.scrollTop = 0; await next(); },
    publish: (text, how) => publish(null, null, text, how),
  };
}

// commentPage is the creator's page of comments: the choice of the work, the order, a box for a comment of one's own.
async function commentPage(into) {
  const box = node("div.scroller.comment-list~", { style: "height:calc(100vh - 230px)" });
  const list = commentList(box, sources[MANNERS.generation]);
  const title = node("div.title~", { text: "" });
  const editor = node("div", { contenteditable: "true", placeholder: "有爱评论，说点儿好听的～" });
  const button = node("button.douyin-creator-interactive-button", { text: "发送", disabled: "" });
  const sort = node("div.button", { role: "combobox", text: "全部评论" });
  const mine = composer(editor, button, async (text, how) => { button.disabled = true; if (await list.publish(text, how)) { mine.clear(); choose(chosen); } else button.disabled = false; });
  let chosen = null, works = [], order = 0;
  const source = workSource();

  function choose(w) {
    chosen = w; title.textContent = w.title;
    history.replaceState(null, "", "?item_id=" + w.id + "&enter_from=content_manage_v2");
    return list.show(w, order).catch(() => toast("网络错误，请稍后重试"));
  }
  sort.addEventListener("click", byPerson(() => {
    const menu = node("div.card", { role: "listbox" }, ...["全部评论", "最新发布"].map((text, i) => node("div", {
      role: "option", text, onclick: byPerson((event) => { event.stopPropagation(); menu.remove(); order = i; sort.textContent = text; if (chosen) choose(chosen); }),
    })));
    $("[role=listbox]") ? $("[role=listbox]").remove() : sort.after(menu);
  }));
  const pick = node("button.semi-button", { text: "选择作品", onclick: byPerson(() => sheet(works, source, choose)) });
  into.append(node("div.line", {}, node("h3", { text: "评论管理" }), pick, sort), title, node("div.line.top-box~", {}, editor, button), box);

  const wanted = new URLSearchParams(location.search).get("item_id");
  works.push(...await source.next());
  while (wanted && !works.some((w) => w.id === wanted || w.opaque === wanted) && source.more) works.push(...await source.next());
  const first = works.find((w) => w.id === wanted || w.opaque === wanted) || (wanted ? null : works[0]);
  if (first) await choose(first);
}

// sheet lists the works at the side, for one to be chosen.
function sheet(works, source, choose) {
  const body = node("div.douyin-creator-interactive-sidesheet-body");
  const card = (w) => fiber(node("div.card.container~", { onclick: byPerson(() => { body.remove(); choose(w); }) },
    node("div.title~", { text: w.title }), node("div.time~", { text: w.time })), { item: { aweme_id: w.id } });
  body.append(...works.map(card));
  const grow = async () => {
    while (source.more && body.isConnected && body.scrollHeight - body.scrollTop - body.clientHeight <= 150) {
      const rows = await source.next();
      if (!rows.length) return; // another call is on its way
      works.push(...rows); body.append(...rows.map(card));
    }
  };
  body.addEventListener("scroll", grow);
  document.body.append(body);
  grow();
}
// The creator's private messages: a virtual list at the left, and the open chat in a frame of another site, or beside it.
async function chatPage(into) {
  const { token } = await get("/aweme/v1/creator/im/user_token/v2/", { aid: 2906 });
  const names = async (convs) => {
    const json = await post("/aweme/v1/creator/im/user_detail/", { user_ids: JSON.stringify(convs.map((c) => c.uid)) });
    return new Map((json.user_list || []).map((u) => [u.user_id, { nickname: u.user.nickname, avatar: u.user.avatar_thumb.url_list[0] }]));
  };
  const chats = window.chats = new Chats({ host: "imapi.snssdk.com", token, socket: { token, aid: 2906 }, names });
  const box = node("div.scroller.semi-list", { role: "list", style: "width:300px;height:calc(100vh - 90px)" });
  const right = node("div.box-content~", { style: "flex:1;height:calc(100vh - 90px)" });
  into.append(node("h3", { text: "私信管理" }), node("div.line", { style: "align-items:stretch" }, box, right));
  const frame = MANNERS.frame && node("iframe.chat", { src: "https://summon.bytedance.com/im/chat?aid=2906" });
  let ready = false, wanted = null;
  const tell = () => { if (ready && wanted) frame.contentWindow.postMessage({ open: wanted.id, name: chats.title(wanted), uid: wanted.uid, shortId: wanted.shortId, sec: wanted.sec, token }, "https://summon.bytedance.com"); };
  if (frame) addEventListener("message", (event) => { if (event.origin === "https://summon.bytedance.com" && event.data.ready) { ready = true; tell(); } });
  const open = frame ? (c) => { wanted = c; tell(); } : (() => {
    const shown = pane(chats, right, creatorPane());
    return (c) => shown.show(c).catch(() => toast("网络错误，请稍后重试"));
  })();
  if (frame) right.append(frame);
  const list = virtual(box, {
    height: () => 64, make: () => node("li.semi-list-item", { role: "list-item" }),
    fill(el, c) {
      const last = c.messages[0], n = chats.unread(c);
      el.replaceChildren(node("div.line.item~", {}, node("img", { src: chats.people.get(c.uid)?.avatar || "", alt: "" }),
        node("div", {}, node("span.item-header-name~", { text: chats.title(c) }), node("span.item-header-time~", { text: clock(last.at) }), node("div.item-content~", { text: words(last) })),
        n ? node("span", { "x-semi-prop": "count", text: String(n) }) : null));
      el.onclick = byPerson(() => { open(c); });
      fiber(el, { item: { id: c.id, shortId: c.shortId, secUid: c.sec, uid: c.uid } }, 4);
    },
  });
  chats.changed.push(() => list.set(chats.list()));
  await chats.init("/v2/message/get_by_user_init", 203);
  await chats.init("/v1/stranger/get_conversation_list", 1001);
}
// The creator centre: one application, whose menu changes the page without loading another.
const routes = {
  "/creator-micro/home": ["首页", homePage],
  "/creator-micro/content/manage": ["作品管理", worksPage],
  "/creator-micro/interactive/comment": ["评论管理", commentPage],
  "/creator-micro/data/following/chat": ["私信管理", chatPage],
  "/creator-micro/content/upload": ["发布作品", async (into) => { into.append(node("button.semi-button", { text: "上传视频" })); }],
};

function go() {
  const [, page] = routes[location.pathname] || routes["/creator-micro/home"];
  const into = $(".page");
  into.replaceChildren();
  page(into).catch(() => toast("网络错误，请稍后重试"));
}

if (APP.card) loginCard($("#root"));
else if (APP.code) codeStep($("#root"));
else {
  const link = ([path, [text]]) => node("a", { href: path, text, onclick: (event) => { event.preventDefault(); history.pushState(null, "", path); go(); } });
  $("#root").append(
    node("div.top", {}, node("b", { text: "抖音创作者中心" }), node("div.header-avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/" + APP.me.uid + ".svg", alt: "" }))),
    node("div.columns", {}, node("div.side", {}, ...Object.entries(routes).map(link)), node("div.page")));
  addEventListener("popstate", go);
  go();
}
