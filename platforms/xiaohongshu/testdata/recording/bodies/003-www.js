"use strict";
// What all applications use: elements, hashed class names, signed calls, toasts.
const APP = window.__APP__;
const MANNERS = APP.manners;
const API = "https://edith.xiaohongshu.com";
const $ = (selector, within) => (within || document).querySelector(selector);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// end is what a name gets at its end with every build of the site.
function end(name) {
  let n = (2166136261 ^ Math.imul(APP.build, 16777619)) >>> 0;
  for (const c of name) n = Math.imul(n ^ c.charCodeAt(0), 16777619) >>> 0;
  let text = "";
  for (let i = 0; i < 6; i++) { text += "abcdefghijklmnopqrstuvwxyz0123456789"[n % 36]; n = Math.imul(n ^ (n >>> 7) ^ i, 2654435761) >>> 0; }
  return text;
}
const h = (name) => name.split(":")[0] + "-" + end(name);

// node makes an element: node("div.row.title~", {text: "..."}, child, ...). A class that ends in ~ is hashed; what comes after
// a colon is hashed and not shown: css:switch~ is css-xxxxxx.
const scope = "data-v-" + end("scope");
function node(spec, options, ...children) {
  const [tag, ...classes] = spec.split(".");
  const el = document.createElement(tag);
  if (classes.length) el.className = classes.map((c) => c.endsWith("~") ? h(c.slice(0, -1)) : c).join(" ");
  el.setAttribute(scope, "");
  const { text, ...rest } = options || {};
  if (text !== undefined) el.textContent = text;
  for (const [k, v] of Object.entries(rest)) {
    if (v === undefined || v === false) continue;
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else el.setAttribute(k, v === true ? "" : v);
  }
  el.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return el;
}

// byPerson lets only events through that a person made, as lists and editors of the real site do.
const byPerson = (act) => (event) => { if (event.isTrusted) act(event); };

// Refused is an answer that is none.
class Refused extends Error { constructor(code, text) { super(text); this.code = code; } }

// call asks the site and returns the data of its answer. Every call carries a mark of the page, as signed ones do.
async function call(method, url, params, headers) {
  const options = { method, credentials: "include", headers: { "X-s": "XYS_" + btoa(url.length + ":" + APP.build), "X-t": String(Date.now()), ...headers } };
  if (method === "POST") { options.body = JSON.stringify(params || {}); options.headers["Content-Type"] = "application/json;charset=UTF-8"; }
  const query = new URLSearchParams(method === "GET" ? params : {});
  const answer = await fetch(query.size ? url + "?" + query : url, options);
  const text = await answer.text();
  if (answer.status === 461 || answer.status === 471) challenged(answer.status);
  if (!answer.ok) throw new Refused(answer.status, "网络异常");
  const json = JSON.parse(text.replace(/"cursor":\s*(\d{16,})/g, '"cursor":"$1"'));
  if (!json.success) { if ([300011, 300012, 300015].includes(json.code)) risk(String(json.code)); throw new Refused(json.code, json.msg); }
  return json.data;
}
const get = (url, params) => call("GET", url, params);
const post = (url, params, headers) => call("POST", url, params, headers);

// challenged leads to the captcha's own address.
function challenged(status) {
  if (location.pathname.includes("/login")) return; // the card says so itself
  location.href = "https://www.xiaohongshu.com/website-login/captcha?" + new URLSearchParams({ redirectPath: location.href, verifyType: "102", callFrom: "web", code: status });
}

function toast(text, ms = 2000) {
  const el = node("div.reds-toast", { text });
  document.body.append(el);
  setTimeout(() => el.remove(), ms);
}
const failed = (err) => toast(err instanceof Refused && err.message ? err.message : "网络异常，请稍后重试");

const clock = (ms) => new Date(ms).toLocaleString("zh-CN", { hour12: false, month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });

// composer watches an editor: what a person types enables the button, and how it was typed goes along with what is sent.
function composer(editor, button, send) {
  const typed = { events: 0, untrusted: 0, from: 0, to: 0 };
  const text = () => (editor.value ?? editor.innerText).replace(/\n$/, "");
  editor.addEventListener("input", (event) => {
    event.isTrusted ? typed.events++ : typed.untrusted++;
    typed.from ||= performance.now(); typed.to = performance.now();
    if (button) button.disabled = !event.isTrusted || text().trim() === "";
  });
  const how = () => `events=${typed.events} untrusted=${typed.untrusted} ms=${Math.round(typed.to - typed.from)}`;
  if (button) button.addEventListener("click", byPerson(() => send(text(), how())));
  return {
    text, how,
    clear() {
      if ("value" in editor) editor.value = ""; else editor.textContent = "";
      typed.events = typed.untrusted = typed.from = typed.to = 0;
      if (button) button.disabled = true;
    },
  };
}
// The page's state, as scripts of others find it: values in wraps with a circle in them, keys in camel case.
class RefImpl {
  constructor(value) { this.__v_isRef = true; this.__v_isShallow = false; this.dep = { sub: this }; this._rawValue = value; this._value = value; }
  get value() { return this._value; }
}
const ref = (value) => (MANNERS.wrap ? new RefImpl(value) : value);
const raw = (v) => (v instanceof RefImpl ? v._rawValue : v);

// camel turns the keys of an answer into those of the state.
function camel(v) {
  if (Array.isArray(v)) return v.map(camel);
  if (v === null || typeof v !== "object") return v;
  return Object.fromEntries(Object.entries(v).map(([k, below]) => [k.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(below)]));
}
const counts = (n) => ({ unreadCount: n.unread_count, mentions: n.mentions, likes: n.likes, connections: n.connections });
const emptyList = () => ({ cursor: "", hasMore: true, messageList: [] });

window.__INITIAL_STATE__ = {
  global: { appSettings: {}, pwaAddDesktopPrompt: null },
  user: {
    loggedIn: ref(!!APP.me),
    userInfo: ref(APP.me
      ? { guest: false, userId: APP.me.uid, nickname: APP.me.nickname, redId: APP.me.red_id, desc: APP.me.desc, images: "https://sns-avatar-qc.xhscdn.com/avatar/" + APP.me.uid + ".svg" }
      : { guest: true, userId: "64" + "0".repeat(22), nickname: "", redId: "" }),
  },
  feed: { feeds: ref([]) },
  notification: {
    isFetching: ref(false), activeTabKey: ref(0), notificationCount: ref(counts(APP.unread || { unread_count: 0, mentions: 0, likes: 0, connections: 0 })),
    notificationMap: ref({ mentions: emptyList(), likes: emptyList(), connections: emptyList() }),
  },
  note: { currentNoteId: ref(APP.noteId), noteDetailMap: ref({}) },
};
const STATE = window.__INITIAL_STATE__;
// A list that shows the visible part of many items in few nodes and uses these again as it scrolls: a node that showed one
// person shows another a moment later. The nodes' order in the document is not their order on the screen.
function virtual(box, { height, make, fill }) {
  const inner = node("div");
  box.append(inner);
  let items = [], nodes = [], shift = 0;

  function draw() {
    inner.style.height = items.length * height + "px";
    const first = Math.max(0, Math.floor((box.scrollTop - 60) / height));
    const last = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight + 60) / height));
    while (nodes.length < last - first) nodes.push(make());
    const used = new Set();
    for (let i = first; i < last; i++) {
      const el = nodes[(i + shift) % nodes.length];
      if (!el.isConnected) inner.append(el);
      if (el.shown !== items[i] || el.rev !== items[i].rev) { el.shown = items[i]; el.rev = items[i].rev; fill(el, items[i]); }
      el.style.top = i * height + "px";
      el.style.height = height + "px";
      used.add(el);
    }
    for (const el of nodes) if (!used.has(el)) { el.remove(); el.shown = null; }
  }
  const again = () => { for (const el of nodes) el.shown = null; draw(); };
  box.addEventListener("scroll", draw);
  addEventListener("resize", draw);
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") { shift++; again(); }
    if (detail.act === "reorder") { items = [...items].reverse(); again(); }
  });
  return { set(list) { items = list; again(); } };
}

// rows is a list of as many nodes as items; the i-th node shows the i-th item, whichever that is now.
function rows(into, make, fill) {
  let items = [], nodes = [], shift = 0;
  function draw() {
    while (nodes.length < items.length) nodes.push(make());
    const order = items.map((_, i) => nodes[(i + shift) % items.length]);
    for (const el of nodes) if (!order.includes(el)) el.remove();
    order.forEach((el, i) => { fill(el, items[i]); if (into.children[i] !== el) into.insertBefore(el, into.children[i] || null); });
  }
  return { set(list) { items = list; draw(); }, recycle() { shift++; draw(); }, draw };
}
// The stage's hand in an open page: it moves what a test wants to be moved at that very moment, and shows what is before it.
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

const slider = () => node("div.red-captcha", {}, node("p", { text: "请通过验证" }), node("div.red-captcha-slider", { style: "height:120px;background:#fde", text: "拖动滑块完成拼图" }));
const riskWords = { 300011: "检测到帐号异常，请稍后重试", 300012: "IP存在风险，请切换可靠网络环境后重试", 300015: "浏览器环境异常，请更换浏览器后重试" };
let shownRisk = "";
function risk(kind) {
  if (kind === shownRisk) return;
  shownRisk = kind;
  $(".risk-mask")?.remove();
  if (kind === "overlay") document.body.append(touched(node("div.mask.risk-mask", {}, node("div", {}, slider()))));
  if (riskWords[kind]) document.body.append(touched(node("div.mask.risk-mask", {}, node("div.fe-verify-box", {}, node("h3", { text: "安全限制" }), node("p", { text: riskWords[kind] })))));
  if (kind === "461" || kind === "471") challenged(kind);
}

// In every page stands a captcha that nobody sees: it means nothing.
document.body.append(node("div.red-captcha", { style: "display:none", text: "请通过验证" }));
// A QR code that is asked for once a second, its end and renewal, and what the phone says. way says how an application asks:
// create() → {id, ...}, poll(code) → {waiting|scanned|expired|done|verify}, enter(code, text) types a verification code, home().
function qrLogin(way) {
  const image = node("img." + way.image, { alt: "" });
  const said = node("p.tip", { text: way.hint });
  const frame = node("div.qrcode", {}, image);
  let code = null, stopped = false;

  async function renew() {
    $(".over", frame)?.remove();
    code = null;
    const made = await way.create();
    const address = "/qr/" + made.id;
    image.src = MANNERS.qr_http ? location.origin + address : await dataURL(address);
    said.textContent = way.hint;
    code = made;
  }
  const begin = () => renew().catch((err) => { said.textContent = err.message || "网络异常"; setTimeout(begin, 3000); });
  function over(text) {
    code = null;
    frame.append(node("div.over.status", { onclick: byPerson(begin) }, node("p.status-text", { text }), node("p.status-desc.refresh", { text: "点击刷新" })));
  }
  (async function poll() {
    while (!stopped) {
      await wait(1000);
      const asked = code;
      if (!asked || $(".verify-code-box")) continue;
      try {
        const state = await way.poll(asked);
        if (code !== asked) continue;
        if (state === "scanned") said.textContent = "扫码成功，请在手机上确认";
        if (state === "expired") over("二维码已过期");
        if (state === "verify") document.body.append(verifyBox(async (text) => { await way.enter(asked, text); stopped = true; way.home(); }, way.send));
        if (state === "done") { stopped = true; way.home(); }
      } catch (err) {
        if (err.code === 461 || err.code === 471) { if (!$(".risk-mask")) risk("overlay"); } else said.textContent = "网络异常，请稍后重试";
      }
    }
  })();
  begin();
  return [frame, said, image];
}

async function dataURL(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((done) => { const reader = new FileReader(); reader.onload = () => done(reader.result); reader.readAsDataURL(blob); });
}

// verifyBox asks for a verification code. Its buttons take a person's clicks only.
function verifyBox(enter, send) {
  const input = node("input", { type: "text", placeholder: "请输入验证码", maxlength: "8" });
  const said = node("p.verify-error", { text: "" });
  const ask = (button, act) => { button.addEventListener("click", byPerson(() => act().catch((err) => { said.textContent = err.message || "网络异常"; }))); return button; };
  return node("div.mask.verify-code-box", {}, node("div", {}, node("h3", { text: "短信验证" }), node("p", { text: "请输入 138******00 收到的验证码" }), input,
    ask(node("button.get-code", { text: "获取验证码" }), async () => { await send(); said.textContent = "验证码已发送"; }), said,
    ask(node("button.verify-submit", { text: "验证" }), () => enter(input.value))));
}

// loginBox is the main site's card, which comes by itself.
function loginBox() {
  const old = MANNERS.poll === "old";
  const number = (data) => { const n = old ? data.code_status : data.codeStatus; return (old ? data.need_verify : data.needVerify) && n === 1 ? "verify" : ["waiting", "scanned", "done", "expired"][n]; };
  const [frame, said] = qrLogin({
    image: "qrcode-img", hint: "可用 小红书 或 微信 扫码",
    create: async () => { const made = await post(API + "/api/sns/web/v1/login/qrcode/create", { qr_type: 1 }); return { id: made.qr_id, code: made.code }; },
    poll: async ({ id, code }) => number(old ? await get(API + "/api/sns/web/v1/login/qrcode/status", { qr_id: id, code }) : await post(API + "/api/qrcode/userinfo", { qrId: id, code })),
    send: () => get(API + "/api/sns/web/v2/login/send_code", { phone: "", zone: "86", type: "login" }),
    enter: (_, text) => get(API + "/api/sns/web/v1/login/check_code", { zone: "86", code: text }),
    home: () => location.reload(),
  });
  return node("div.mask.reds-modal.login-modal", {}, node("div.login-container", {},
    node("div.left", {}, node("div.code-area", {}, frame, said)),
    node("div.right", {}, node("div.title", { text: "手机号登录" }), node("input", { type: "text", placeholder: "输入手机号" }), node("input", { type: "number", placeholder: "输入验证码" }), node("button.submit", { text: "登录" }))));
}
// The home page: other people's notes; and a profile: the notes of one.
const noteLink = (id, token, base, source) => `${base}/${id}?xsec_token=${encodeURIComponent(token)}&xsec_source=${source}`;
const noteItem = (link, title, name) => node("section.note-item", {}, node("a.cover", { href: link }, node("img", { alt: "" })), node("div.footer", {}, node("a.title", { href: link }, node("span", { text: title })), node("div.author", {}, node("span.name", { text: name }))));

async function explorePage(into) {
  const data = await post(API + "/api/sns/web/v1/homefeed", { cursor_score: "", num: 20, refresh_type: 1 });
  raw(STATE.feed.feeds).push(...camel(data.items));
  into.append(node("div.feeds-container", {}, ...data.items.map((it) => noteItem(noteLink(it.id, it.xsec_token, "/explore", "pc_feed"), it.note_card.title, it.note_card.user.nickname))));
}

async function profilePage(into) {
  const uid = location.pathname.split("/")[3];
  into.append(node("div.user-info", {}, node("div.user-name", { text: APP.me?.uid === uid ? APP.me.nickname : "" }), node("span.user-redId", { text: "小红书号：" + (APP.me?.uid === uid ? APP.me.red_id : "") })));
  const box = node("div.feeds-container");
  into.append(box);
  let cursor = "", more = true;
  async function next() {
    if (!more) return;
    more = false;
    const data = await get(API + "/api/sns/web/v1/user_posted", { num: 30, cursor, user_id: uid, image_formats: "jpg,webp" });
    box.append(...data.notes.map((n) => noteItem(noteLink(n.note_id, n.xsec_token, location.pathname, "pc_user"), n.display_title, n.user.nickname)));
    cursor = data.cursor; more = data.has_more;
  }
  addEventListener("scroll", () => { if (document.documentElement.scrollHeight - scrollY - innerHeight < 150) next().catch(failed); });
  if (APP.me) { get(API + "/api/sns/web/v1/user/selfinfo").catch(() => {}); await next(); }
}
// Notifications: three tabs over one list. The state has what came at once, the rows come later; a row is known by its place
// alone, and shows whatever stands at that place now.
function notificationPage(into) {
  const kinds = [["mentions", "评论和@"], ["likes", "赞和收藏"], ["connections", "新增关注"]];
  const map = raw(STATE.notification.notificationMap);
  let shown = "mentions", editing = null, busy = false, swallow = MANNERS.swallow, era = 0;
  const box = node("div.tabs-content-container");
  const list = rows(box, () => node("div.container"), fill);
  const foot = node("div.end", { text: "" });
  const tabs = kinds.map(([kind, text]) => node("div.reds-tab-item", { onclick: byPerson(() => open(kind)) }, node("span", { text })));
  into.append(node("div.reds-tabs-list", {}, ...tabs), box, foot);
  const ready = (r) => !r.commentInfo || r.commentInfo.illegalInfo.illegalStatus === "NORMAL";

  function fill(el, r) {
    const who = r.userInfo || r.user, c = r.commentInfo;
    el.replaceChildren(node("div.user-avatar", {}, node("img", { src: who.image, alt: "" })), node("div.main", {},
      node("div.info", {}, node("div.user-info", {}, node("a", { href: "/user/profile/" + who.userid, text: who.nickname })), node("div.interaction-hint", {}, node("span", { text: r.title }), node("span.interaction-time", { text: clock(r.time * 1000) }))),
      c && node("div.interaction-content", { text: ready(r) ? c.content : "该评论已被删除" }),
      c?.targetComment && node("div.quote-info", { text: c.targetComment.content }),
      c && node("div.actions", {}, ready(r) && node("div.action-reply", { onclick: byPerson(() => edit(r)) }, node("span.action-text", { text: "回复" })), node("div.action-like.like-active", { text: "赞" }))),
    node("div.extra", {}, r.itemInfo && node("img.extra-image", { src: r.itemInfo.image, alt: "" })));
    if (editing?.row === r) el.children[1].append(editing.box);
  }
  const draw = () => list.set(map[shown].messageList);

  function edit(r) {
    if (editing?.row === r) { editing = null; draw(); return; }
    const editor = node("textarea.comment-input", { placeholder: "回复 " + (r.userInfo.nickname || "") });
    const button = node("button.submit", { text: "发送", disabled: true });
    editing = { row: r, box: node("div.comment-wrapper", {}, editor, button, node("button.cancel", { text: "取消", onclick: byPerson(() => { editing = null; draw(); }) })) };
    composer(editor, button, (text, how) => send(r, text, how, button));
    draw();
    editor.focus();
  }
  async function send(r, content, how, button) {
    button.disabled = true;
    try {
      await post(API + "/api/sns/web/v1/comment/post", { note_id: r.itemInfo.id, content, target_comment_id: r.commentInfo.id, at_users: [] }, { "X-Typed": how });
      if (editing?.row === r) editing = null;
      toast("回复成功");
      draw();
    } catch (err) { failed(err); button.disabled = false; }
  }

  async function more() {
    const kind = shown, at = map[kind], mine = era;
    if (busy || !at.hasMore) return;
    busy = true;
    try {
      const data = await get(API + "/api/sns/web/v1/you/" + kind, { num: 20, cursor: at.cursor });
      if (mine !== era) return;
      const known = new Set(at.messageList.map((r) => r.id));
      at.messageList.push(...camel(data.message_list).filter((r) => !known.has(r.id)));
      at.cursor = data.strCursor; at.hasMore = data.has_more;
      raw(STATE.notification.notificationCount)[kind] = 0;
      setTimeout(() => { if (mine === era) { draw(); foot.textContent = at.hasMore ? "查看更多历史消息" : "- THE END -"; } }, MANNERS.lag_ms);
    } finally { busy = false; }
  }
  // open shows a kind, from its newest on: a click on the tab that is open already reads it again.
  function open(kind) {
    era++; busy = false; editing = null; shown = kind;
    Object.assign(map[kind], { cursor: "", hasMore: true, messageList: [] });
    tabs.forEach((el, i) => el.classList.toggle("active", kinds[i][0] === kind));
    if (STATE.notification.activeTabKey instanceof RefImpl) STATE.notification.activeTabKey._rawValue = kinds.findIndex(([k]) => k === kind);
    return more().catch(failed);
  }
  addEventListener("scroll", () => {
    if (document.documentElement.scrollHeight - scrollY - innerHeight > 150) return;
    if (swallow > 0) { swallow--; return; }
    more().catch(failed);
  });
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") list.recycle();
    if (detail.act === "reorder") { map[shown].messageList.reverse(); draw(); }
    if (detail.act === "renamed") { for (const r of map[shown].messageList) { const who = r.userInfo || r.user; if (who.userid === detail.uid) who.nickname = detail.nickname; } draw(); }
  });
  return open("mentions");
}
// Comments of one note: each with its first replies, more of them on demand, and one editor at the foot for all.
function commentList(note, into, engage) {
  let roots = [], cursor = "", more = true, busy = false, target = null;
  const total = node("div.total", { text: `共 ${note.interactInfo.commentCount} 条评论` });
  const box = node("div.list-container");
  const foot = node("div.end-container", { text: "- THE END -", style: "display:none" });
  into.append(node("div.comments-container", {}, total, box, foot));
  const list = rows(box, () => node("div.parent-comment"), (el, c) => {
    el.replaceChildren(row(c, ""), node("div.reply-container", {}, node("div.list-container", {}, ...c.subComments.map((sub) => row(sub, ".comment-item-sub", c))), expander(c)));
  });
  const draw = () => { list.set(roots); foot.style.display = more ? "none" : ""; };

  function row(c, kind, root) {
    const own = c.showTags.includes("is_author");
    return node("div.comment-item" + kind, { id: "comment-" + c.id }, node("div.comment-inner-container", {}, node("div.avatar", {}, node("img", { src: c.userInfo.image, alt: "" })), node("div.right", {},
      node("div.author-wrapper", {}, node("div.author", {}, node("a.name", { href: "/user/profile/" + c.userInfo.userId, text: c.userInfo.nickname }), own && node("span.tag", { text: "作者" }))),
      node("div.content", {}, root && c.targetComment?.id !== root.id && node("span.nickname", { text: `回复 ${c.targetComment?.userInfo.nickname || ""} : ` }), node("span.note-text", { text: c.content })),
      c.pictures && node("div.comment-picture", {}, node("img", { src: c.pictures[0].urlDefault, alt: "" })),
      node("div.info", {}, node("div.date", {}, node("span", { text: clock(c.createTime) })), node("div.interactions", {},
        node("div.like", {}, node("span.like-wrapper.like-active", { text: "赞" }), node("span.count", { text: c.likeCount })),
        node("div.reply.icon-container", { onclick: byPerson(() => aim(MANNERS.astray ? other(c) : c)) }, node("span.count", { text: "回复" })))))));
  }
  // expander offers the replies that are not shown yet.
  function expander(c) {
    const left = Number(c.subCommentCount) - c.subComments.length;
    if (!c.subCommentHasMore) return null;
    return node("div.show-more", { text: c.opened ? "展开更多回复" : `展开 ${Math.max(left, 1)} 条回复`, onclick: byPerson(() => below(c).catch(failed)) });
  }
  async function below(c) {
    const data = camel(await get(API + "/api/sns/web/v2/comment/sub/page", { note_id: note.noteId, root_comment_id: c.id, num: 10, cursor: c.subCommentCursor, image_formats: "jpg,webp,avif", top_comment_id: "", xsec_token: note.xsecToken }));
    const known = new Set(c.subComments.map((s) => s.id));
    c.subComments.push(...data.comments.filter((s) => !known.has(s.id)));
    c.subCommentHasMore = data.hasMore && (data.cursor !== c.subCommentCursor); c.subCommentCursor = data.cursor; c.opened = true;
    draw();
  }
  async function next() {
    if (!more || busy) return;
    busy = true;
    try {
      const data = camel(await get(API + "/api/sns/web/v2/comment/page", { note_id: note.noteId, cursor, top_comment_id: "", image_formats: "jpg,webp,avif", xsec_token: note.xsecToken }));
      const known = new Set(roots.map((c) => c.id)), before = roots.length;
      roots.push(...data.comments.filter((c) => !known.has(c.id)));
      more = data.hasMore && (data.cursor !== cursor || roots.length > before); cursor = data.cursor;
      draw();
    } finally { busy = false; }
  }

  // other is who is aimed at when the button leads astray.
  const other = (c) => { const all = roots.flatMap((r) => [r, ...r.subComments]); return all[(all.indexOf(c) + 1) % all.length]; };
  // aim points the editor at a comment, or at the note itself (null).
  function aim(c) { target = c; engage.open(c ? "回复 " + (c.userInfo.nickname || "") : "", c ? c.content : ""); }
  engage.send = async (content, how) => {
    const data = camel(await post(API + "/api/sns/web/v1/comment/post", { note_id: note.noteId, content, ...(target && { target_comment_id: target.id }), at_users: [] }, { "X-Typed": how }));
    const made = { subComments: [], subCommentCount: "0", subCommentHasMore: false, subCommentCursor: "", ...data.comment };
    const root = target && roots.find((c) => c === target || c.subComments.includes(target));
    if (root) root.subComments.push(made); else roots.unshift(made);
    target = null;
    draw();
  };
  engage.aim = aim;
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") list.recycle();
    if (detail.act === "reorder") { roots.reverse(); draw(); }
    if (detail.act === "renamed") { for (const c of roots.flatMap((r) => [r, ...r.subComments])) if (c.userInfo.userId === detail.uid) c.userInfo.nickname = detail.nickname; draw(); }
  });
  return { next, rows: roots };
}
// A note's page: the note, its comments, and the editor; or why it cannot be looked at.
async function notePage(into) {
  const wrong = ({ class: kind, text }) => into.append(node("div." + kind, {}, node("p", { text }), node("a", { href: "/explore", text: "返回首页" })));
  if (APP.shown) { wrong(APP.shown); return; }
  let note = APP.note && camel(APP.note);
  if (!note) {
    const token = new URLSearchParams(location.search).get("xsec_token") || "";
    const data = await post(API + "/api/sns/web/v1/feed", { source_note_id: APP.noteId, image_formats: ["jpg", "webp", "avif"], extra: { need_body_topic: "1" }, xsec_source: "pc_user", xsec_token: token });
    note = camel(data.items[0].note_card);
  }
  const scroller = node("div.note-scroller");
  const engage = engageBar();
  into.append(node("div.note-container", { id: "noteContainer", "data-type": note.type }, node("div.interaction-container", {},
    node("div.author-container", {}, node("a.name", { href: "/user/profile/" + note.user.userId, text: note.user.nickname })), scroller, engage.el)));
  scroller.append(node("div.note-content", {}, node("div.title", { id: "detail-title", text: note.title }), node("div.desc", { id: "detail-desc", text: note.desc }), node("span.date", { text: clock(note.time) })));
  const comments = { list: [], cursor: "", hasMore: true, loading: true };
  raw(STATE.note.noteDetailMap)[note.noteId] = { note, comments, currentTime: Date.now() };
  if (!APP.me) { scroller.append(node("div.login-tip", { text: "登录后查看评论" })); return; }
  const list = commentList(note, scroller, engage);
  let swallow = MANNERS.swallow;
  scroller.addEventListener("scroll", () => {
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > 150) return;
    if (swallow > 0) { swallow--; return; }
    list.next().catch(failed);
  });
  comments.list = list.rows;
  await list.next();
}

// engageBar is the editor at the foot, folded until somebody points at it.
function engageBar() {
  const input = node("p.content-input", { id: "content-textarea", contenteditable: "true", "data-tribute": "true" });
  const folded = node("span", { text: "说点什么..." });
  const to = node("div.reply-content", { style: "display:none" }, node("div.reply"), node("div.content"));
  const button = node("button.btn.submit", { text: "发送", disabled: true });
  const cancel = node("button.btn.cancel", { text: "取消" });
  const bottom = node("div.bottom", { style: "display:none" }, node("div.right-btn-area", {}, button, cancel));
  const engage = {
    el: node("div.interactions.engage-bar", {}, node("div.input-box", {}, to, node("div.content-edit", {}, folded, input)), bottom),
    open(name, quoted) {
      to.style.display = name ? "" : "none";
      to.children[0].textContent = name; to.children[1].textContent = quoted;
      input.setAttribute("placeholder", name || "说点什么...");
      folded.style.display = "none"; bottom.style.display = "";
      input.focus();
    },
  };
  function close() { box.clear(); to.style.display = bottom.style.display = "none"; folded.style.display = ""; input.removeAttribute("placeholder"); input.blur(); }
  const box = composer(input, button, async (text, how) => {
    button.disabled = true;
    try { await engage.send(text, how); close(); toast("评论成功"); } catch (err) { failed(err); button.disabled = false; }
  });
  const begin = byPerson(() => { if (bottom.style.display === "none") engage.aim(null); });
  folded.addEventListener("click", begin);
  input.addEventListener("focus", () => { if (bottom.style.display === "none" && APP.me) engage.aim(null); });
  cancel.addEventListener("click", byPerson(close));
  return engage;
}
// Private messages: the list of conversations, the open one, and the socket through which messages leave, in frames that
// nobody can read. What the socket brings says only that something changed; the page then asks for it.
function mix(salt, bytes) { return bytes.map((b, i) => b ^ salt[i % salt.length] ^ ((i * 31 + 7) & 255)); }
function seal(what) {
  const salt = crypto.getRandomValues(new Uint8Array(8));
  return new Uint8Array([82, 87, 80, 1, ...salt, ...mix(salt, new TextEncoder().encode(JSON.stringify(what)))]);
}
const unseal = (bytes) => JSON.parse(new TextDecoder().decode(mix(bytes.subarray(4, 12), bytes.subarray(12))));

const lines = { 0: "[请在App内查看]", 2: "[图片]", 3: "[笔记]", 13: "[表情]" };
function parse(m) {
  const { content_type: type, content, front_chain: front } = JSON.parse(m.content);
  return { ...m, type, text: m.revoked ? "消息已撤回" : lines[type] ?? (content || front) };
}

async function chatPage(into) {
  const convBox = node("div.xhs-im-conv-list__scroll"), pane = node("div.xhs-im-chat-window");
  into.append(node("div.xhs-im", {}, node("div.xhs-im-conv-list", {}, convBox), pane));
  let convs = [], unread = {}, open = null, socket = null;
  const waiting = new Map(); // acks, by the page's own id

  const list = virtual(convBox, {
    height: 72, make: () => { const el = node("div.xhs-im-conv-item"); el.addEventListener("click", byPerson(() => select(el.shown))); return el; },
    fill(el, c) {
      const n = unread[c.chat_user_id] || 0;
      el.className = "xhs-im-conv-item" + (open?.id === c.chat_user_id ? " xhs-im-conv-item--active" : "");
      el.setAttribute("data-conv-id", MANNERS.conv_ids === "opaque" ? c.chat_id : c.user_id + "." + c.chat_user_id);
      el.setAttribute("data-conv-kind", c.type);
      el.replaceChildren(node("img.xhs-im-conv-item__avatar", { src: c.info.avatar, alt: "" }), node("div.xhs-im-conv-item__main", {}, node("div.xhs-im-conv-item__name", { text: c.info.nickname }),
        node("div.xhs-im-conv-item__summary", {}, node("span.xhs-im-conv-item__summary-text", { text: c.last_msg_content }))), node("div.xhs-im-conv-item__time", { text: clock(c.last_msg_time) }),
      n ? node("div.xhs-im-conv-item__badge", { text: n > 99 ? "99+" : n }) : null);
    },
  });

  async function load() {
    const all = [];
    for (let page = 1; ; page++) {
      const { chats } = await get(API + "/api/im/web/v3/chats", { limit: 100, complete: true, page, source: "pc" });
      all.push(...chats);
      if (chats.length < 100) break;
    }
    unread = (await get(API + "/api/im/web/chat/get_unread")).user_chat_unread_counts;
    convs = all;
    list.set(convs);
  }

  // select opens a conversation: it is read, and marked as read.
  async function select(c) {
    if (open?.id === c.chat_user_id) return;
    history.replaceState(null, "", "/chat/" + c.chat_user_id);
    open = conversation(pane, c, send);
    list.set(convs);
    const mine = open;
    setTimeout(() => { if (open === mine && c.type !== "official") mine.editor(); }, MANNERS.editor_ms);
    await look(mine, c).catch(failed);
  }
  async function look(mine, c) {
    await mine.load();
    const read = { chat_id: c.chat_id, read_store_id: c.max_store_id, unread_count: unread[c.chat_user_id] || 0, type: 1 };
    await post(API + "/api/im/web/v2/messages/read", { chat_list: [read] });
    delete unread[c.chat_user_id];
    list.set(convs);
  }

  function connect() {
    socket = new WebSocket("wss://apppush-rws.xiaohongshu.com/rwp");
    socket.binaryType = "arraybuffer";
    socket.onmessage = async (event) => {
      const told = unseal(new Uint8Array(event.data));
      if (told.type === "ack") { waiting.get(told.id)?.(told); return; }
      await load().catch(() => {});
      const now = convs.find((c) => c.chat_user_id === open?.id);
      if (now && told.to === open.id) look(open, now).catch(() => {});
    };
    socket.onclose = () => setTimeout(() => { connect(); load().catch(() => {}); }, 1500);
  }

  // send lets a text leave, and returns what the site says to it; nobody answers = an error.
  async function send(peer, text, how) {
    const id = crypto.randomUUID();
    const ack = new Promise((done, lost) => { waiting.set(id, done); setTimeout(() => lost(new Error("发送失败")), 10000); });
    socket.send(seal({ id, to: peer, text, how }));
    try {
      const told = await ack;
      await wait(told.wait);
      return told;
    } finally { waiting.delete(id); load().catch(() => {}); }
  }

  addEventListener("stage", ({ detail }) => {
    if (detail.act === "header" && open) open.title(detail.name);
    if (detail.act !== "renamed") return;
    for (const c of convs) if (c.chat_user_id === detail.uid) c.info.nickname = detail.nickname;
    list.set(convs);
    if (open?.id === detail.uid) open.title(detail.nickname);
  });
  connect();
  await load();
  const wanted = location.pathname.split("/")[2] || new URLSearchParams(location.search).get("openUid");
  const first = wanted && convs.find((c) => c.chat_user_id === wanted);
  if (first) await select(first);
}

// conversation is the open one: header, messages (oldest first), and the editor, which comes last.
function conversation(pane, c, send) {
  const header = node("div.xhs-im-chat-window__header-name", { text: c.info.nickname });
  const box = node("div.xhs-im-msg-list"), foot = node("div.xhs-im-input-bar");
  let messages = [], lowest = 0, busy = false, sending = false;
  pane.replaceChildren(node("div.xhs-im-chat-window__header", {}, header), box, foot);
  const ask = (last) => get(API + "/api/im/web/messages/history", { chat_user_id: c.chat_user_id, last_id: last, start_id: 0, limit: 30 });

  function bubble(m) {
    if (m.type === 4) return node("div.chat-item.chat-item--system", { "data-message-id": m.id }, node("div.chat-item__hint", { text: m.text }));
    const mine = m.sender_id === c.user_id;
    return node("div.chat-item", { "data-message-id": m.id }, node("div.chat-item__bubble-row" + (mine ? ".chat-item__bubble-row--right" : ""), {},
      node("div.chat-item__bubble" + (mine ? ".chat-item__bubble--me" : ""), {}, node(m.type === 13 ? "span.xhs-im-bubble__emoji" : "span.xhs-im-bubble__text", { text: m.text }))));
  }
  function keep(page) {
    const fresh = new Map(messages.map((m) => [m.id, m]));
    for (const m of page) fresh.set(m.id, parse(m));
    messages = [...fresh.values()].sort((a, b) => a.store_id - b.store_id);
    lowest = messages[0]?.store_id ?? 1;
    const below = box.scrollHeight - box.scrollTop;
    box.replaceChildren(...messages.map(bubble));
    return below;
  }
  const load = async () => { keep((await ask(0)).out_message_list); box.scrollTop = box.scrollHeight; };
  box.addEventListener("scroll", async () => {
    if (box.scrollTop > 60 || busy || lowest <= 1) return;
    busy = true;
    try { const below = keep((await ask(lowest - 1)).out_message_list); box.scrollTop = box.scrollHeight - below; } catch (err) { failed(err); } finally { busy = false; }
  });

  function editor() {
    if (foot.firstChild) return;
    const input = node("div.xhs-im-input-bar-editor", { contenteditable: "true", placeholder: "发消息…" });
    const write = composer(input, null, () => {});
    foot.append(input);
    async function go(text, how) {
      if (sending || !text.trim()) return;
      sending = true;
      try {
        const told = await send(c.chat_user_id, text, how);
        if (told.code && told.code !== -20006) toast(told.text || "发送失败"); else write.clear();
      } catch { toast("发送失败，请检查网络"); }
      sending = false;
      await load().catch(() => {});
    }
    input.addEventListener("keydown", byPerson((event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      go(write.text(), write.how());
    }));
    // A line break in what is inserted sends what stands before it; the rest is lost.
    input.addEventListener("beforeinput", (event) => {
      const text = event.data ?? event.dataTransfer?.getData("text/plain");
      if (event.inputType.startsWith("insert") && text?.includes("\n")) { event.preventDefault(); go(write.text() + text.split("\n")[0], write.how()); }
    });
  }
  return { id: c.chat_user_id, load, editor, title(name) { header.textContent = name; } };
}
// The main site: one application, which shows a page by its address; guests get the login card by themselves.
const pages = [
  [/^\/explore\/?$/, explorePage], [/^\/notification/, notificationPage], [/^\/chat/, chatPage],
  [/^\/explore\/\w+/, notePage], [/^\/user\/profile\/\w+\/\w+/, notePage], [/^\/user\/profile\/\w+/, profilePage],
];
const badge = node("div.badge-container", { style: "display:none" }, node("div.count"));
const channel = (text, href, extra) => node("li", {}, node("a.link-wrapper", { href }, node("span.channel", { text }), extra));
const content = node("div.main-content.with-side-bar");
$("#root").append(node("div.layout", {}, node("div.main-container", {}, node("div.side-bar", {}, node("b", { text: "小红书" }), node("ul.channel-list", {},
  channel("发现", "/explore"), channel("发布", "https://creator.xiaohongshu.com/publish/publish?source=official"), channel("通知", "/notification", badge), channel("消息", "/chat"),
  APP.me ? node("li.user.side-bar-component", {}, node("a.link-wrapper", { href: "/user/profile/" + APP.me.uid, title: "我" }, node("img.reds-img", { src: "https://sns-avatar-qc.xhscdn.com/avatar/" + APP.me.uid + ".svg", alt: "" }), node("span.channel", { text: "我" }))) : null),
APP.me ? null : node("button.login-btn", { id: "login-btn", text: "登录", onclick: byPerson(() => showLogin()) })), content)));
function showLogin() { if (!$(".login-container")) document.body.append(loginBox()); }

// counted shows how many notifications are new.
function counted(n) {
  Object.assign(raw(STATE.notification.notificationCount), n);
  badge.style.display = n.unreadCount ? "" : "none";
  badge.firstChild.textContent = n.unreadCount;
}

if (!APP.me) setTimeout(showLogin, 300);
else {
  counted(counts(APP.unread));
  get(API + "/api/sns/web/v2/user/me").catch(() => {});
  setInterval(() => get(API + "/api/sns/web/unread_count").then((n) => counted(counts(n))).catch(() => {}), MANNERS.poll_ms);
}
const page = pages.find(([path]) => path.test(location.pathname));
if (page && (APP.me || page[1] === notePage || page[1] === profilePage)) Promise.resolve(page[1](content)).catch(failed);
