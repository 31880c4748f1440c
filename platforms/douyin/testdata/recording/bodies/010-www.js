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
// The home page's private messages: the entry in the top bar, the store behind it, and the dialog.
const observable = (list) => {
  const watchers = [];
  if (MANNERS.observable) Object.defineProperty(list, "observe_", { value: (f) => { watchers.push(f); return () => watchers.splice(watchers.indexOf(f), 1); } });
  return { add(item) { list.push(item); for (const f of watchers) f({ type: "splice", added: [item], index: list.length - 1 }); setTimeout(() => list.splice(list.indexOf(item), 1), 300 + Math.random() * 600); } };
};

const imStore = { converSationListOrigin: [], conversationMap: {}, userInfoFromServerMap: {}, msgListToPush: [], messageList: [] };
const pushed = observable(imStore.msgListToPush);

function storeMessage(m) {
  return {
    serverId: m.id, content: m.content, sender: m.sender, secSender: m.sec, conversationId: m.conv.id, conversationShortId: m.conv.shortId, type: m.type,
    createdAt: new Date(m.at).toISOString(), isOffline: false, indexInConversation: { low: Number(m.index & 0xffffffffn), high: Number(m.index >> 32n) },
    ext: { ...m.ext, "s:server_message_create_time": String(m.at) }, __internal_ctx: { option: { userId: chats.me } },
  };
}

function mirror() {
  imStore.converSationListOrigin.length = 0;
  for (const c of chats.list()) {
    const row = { id: c.id, shortId: c.shortId, toParticipantUserId: c.uid, firstPageParticipant: [{ user_id: c.uid, sec_uid: c.sec }], lastMessage: storeMessage(c.messages[0]), _badgeCount: chats.unread(c), bizType: 1 };
    imStore.converSationListOrigin.push(row); imStore.conversationMap[c.id] = row;
    const who = chats.people.get(c.uid);
    if (who) imStore.userInfoFromServerMap[c.uid] = { nickname: who.nickname, sec_uid: c.sec, unique_id: who.unique, avatar_thumb: { url_list: [who.avatar] }, follow_status: 1, follower_status: 1 };
  }
}

function startChats(entry) {
  const names = async (convs) => {
    const json = await post("/aweme/v1/web/im/user/info/", { sec_user_ids: JSON.stringify(convs.map((c) => c.sec)) });
    const bySec = new Map(convs.map((c) => [c.sec, c.uid]));
    return new Map((json.data || []).map((u) => [bySec.get(u.sec_uid), { nickname: u.nickname, unique: u.unique_id, avatar: u.avatar_thumb.url_list[0] }]));
  };
  window.chats = new Chats({ host: "imapi.douyin.com", socket: { aid: 6383, device_platform: "web" }, names });
  const badge = node("span", { "x-semi-prop": "count", text: "" });
  chats.changed.push(() => {
    mirror();
    const n = chats.list().reduce((sum, c) => sum + chats.unread(c), 0);
    badge.textContent = n > 99 ? "99+" : String(n);
    n ? entry.append(badge) : badge.remove();
  });
  chats.fresh.push((m) => { if (m && m.type < 50000) pushed.add(storeMessage(m)); });
  entry.addEventListener("click", byPerson(() => { $('[data-e2e="im-dialog"]') ? $('[data-e2e="im-dialog"]').remove() : dialog(); chats.increment().catch(() => {}); }));
  chats.init("/v2/message/get_message_by_init", 2043).then(() => chats.init("/v1/stranger/get_conversation_list", 1001)).catch(() => {});
}

function dialog() {
  const box = node("div.scroller.conversationConversationListwrapper", { style: "width:280px;height:560px" });
  const right = node("div", { style: "flex:1;display:flex" });
  document.body.append(node("div", { "data-e2e": "im-dialog" }, box, right));
  let shown = null;
  const list = virtual(box, {
    height: () => 72, make: () => node("div", { "data-e2e": "conversation-item" }),
    fill(el, c, index) {
      const last = c.messages[0], n = chats.unread(c);
      el.dataset.index = index;
      el.replaceChildren(node("div.line.conversationConversationItemwrapper", {}, node("img", { src: chats.people.get(c.uid)?.avatar || "", alt: "" }),
        node("div", { style: "flex:1;min-width:0" }, node("div.conversationConversationItemtitle", { text: chats.title(c) }), node("pre", { text: words(last) })),
        node("div", {}, node("div.conversationConversationItemtimeStr", { text: clock(last.at) }), n ? node("span", { "x-semi-prop": "count", text: String(n) }) : null)));
      el.onclick = byPerson(() => {
        shown ||= pane(chats, right, {
          wrapper: "componentsRightPanelwrapper", header: "componentsRightPanelHeadertitle", messages: "messageMessageBoxwrapper", item: "messageMessageItemcontent",
          itemAttributes: { "data-e2e": "msg-item-content" }, input: { "data-e2e": "msg-input" }, button: "span.button.e2e-send-msg-btn.messageMsgInputpublishBtn",
        });
        imStore.messageList.splice(0, imStore.messageList.length, ...c.messages.map(storeMessage));
        shown.show(c).catch(() => toast("网络错误，请稍后重试"));
      });
      fiber(el, { conversation: { id: c.id, shortId: c.shortId, toParticipantUserId: c.uid } }, 4);
    },
  });
  const draw = () => { if (box.isConnected) list.set(chats.list()); };
  chats.changed.push(draw);
  draw();
}
// Notices of the home page: the panel behind 通知, the toast of a new one, and the store.
const noticeStore = { noticePushList: [], noticeListObj: { noticeList: [], minTime: 0, maxTime: 0, hasMore: 1 }, userListObj: {}, noticeUnreadCountMap: { 7: 0, 8: 0, 9: 0, 10: 0, 26: 0 } };
const noticed = observable(noticeStore.noticePushList);

function noticeWords(n) {
  const c = n.comment?.comment;
  if (c) return `${c.user.nickname} ${c.reply_comment ? "回复了评论" : "评论了你的作品"}：${c.text || "[图片]"}`;
  if (n.follow) return n.follow.user.nickname + " 关注了你";
  if (n.digg) return n.digg.user.nickname + " 赞了你的作品";
  return n.general_notice?.content || "";
}

async function onNotice(push) {
  const json = await get("/aweme/v1/web/notice/detail/", { id_list: JSON.stringify(push.notice_list), aid: 6383 });
  for (const n of json.notice_list_v2 || []) {
    noticed.add(n);
    noticeStore.noticeUnreadCountMap[7]++;
    $("#pushListBoxId")?.remove();
    const el = node("div", { id: "pushListBoxId", text: noticeWords(n) });
    document.body.append(el);
    setTimeout(() => el.remove(), 3000);
  }
}

function noticePanel() {
  const open = $(".notice-panel");
  if (open) { open.remove(); return; }
  const panel = node("div.panel.notice-panel.notice-box~");
  let before = 0, more = true, busy = false;
  async function load() {
    if (!more || busy) return;
    busy = true;
    try {
      const json = await get("/aweme/v1/web/notice/", { notice_group: 700, min_time: 0, max_time: before, count: 10, is_new_notice: 1, aid: 6383 });
      const rows = json.notice_list_v2 || [];
      more = has(json.has_more) && rows.length > 0; before = json.min_time;
      noticeStore.noticeListObj.noticeList.push(...rows);
      panel.append(...rows.map((n) => fiber(node("div.card.notice-item~", { text: noticeWords(n) }), { notice: { nid_str: n.nid_str } })));
      if (!more) panel.append(node("p", { text: "暂时没有更多了" }));
    } finally { busy = false; }
    if (more && panel.isConnected && panel.scrollHeight <= panel.clientHeight) await load();
  }
  panel.addEventListener("scroll", () => { if (panel.scrollHeight - panel.scrollTop - panel.clientHeight < 100) load().catch(() => {}); });
  document.body.append(panel);
  load().catch(() => toast("网络错误，请稍后重试"));
}
// The home page: recommended works, the top bar with private messages and notices, or the login.
const entry = node("div.im-entry~", { "data-e2e": "im-entry" }, node("span", { text: "私信" }));
const bell = node("div.notice-entry~", { text: "通知", onclick: byPerson(noticePanel) });
const login = () => {
  if ($("#login-panel-new")) return;
  const panel = node("div.mask", { id: "login-panel-new" }, node("div", { style: "width:460px" }));
  document.body.append(panel);
  loginCard(panel.firstChild);
};
const feed = node("div.feed~", { style: "padding:24px" });
$("#root").append(node("div.top", {}, node("b", { text: "抖音" }), node("span", { text: "精选" }), node("span", { text: "推荐", style: "flex:1" }),
  ...(APP.me ? [bell, entry, node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/" + APP.me.uid + ".svg", alt: "" }))]
    : [MANNERS.guest_avatar && node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/guest.svg", alt: "" })), node("button", { text: "登录", onclick: byPerson(login) })])), feed);

if (APP.me) {
  // The stores hang high above the entry, as they do on the real site.
  fiber(entry, { className: "im-entry" }, 25, { imStore, noticeStore });
  startChats(entry);
  chats.fresh.push((m, notice) => { if (notice) onNotice(notice).catch(() => {}); });
  get("/aweme/v1/web/query/user/", { aid: 6383 }).catch(() => {});
  get("/aweme/v1/web/tab/feed/", { count: 6, aid: 6383 }).then((json) => feed.append(...(json.aweme_list || []).map((w) => node("div.card", { text: w.desc + " @" + w.author.nickname })))).catch(() => {});
  document.body.append(node("button.semi-button.float", { text: "发送", title: "意见反馈" })); // looks like a send button and is none
} else setTimeout(login, 5000);
