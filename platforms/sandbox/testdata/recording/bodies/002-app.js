"use strict";
// What all pages after login share: asking the API, pushes, toasts, the header.

// The names of the data keys in answers and pushes.
const KEYS = {
  "comments": "comments", "replies": "replies", "works": "works", "conversations": "conversations", "messages": "messages",
  "notifications": "notifications", "user": "user",
};
const rows = (json, key) => json[KEYS[key]] || [];
const $ = (selector, within) => (within || document).querySelector(selector);
const $$ = (selector, within) => [...(within || document).querySelectorAll(selector)];

// node makes an element: node("div.row", {data: {id: 1}, text: "..."}, child, ...).
function node(spec, options, ...children) {
  const [tag, ...classes] = spec.split(".");
  const el = document.createElement(tag);
  if (classes.length) el.className = classes.join(" ");
  const { data, text, ...rest } = options || {};
  Object.assign(el.dataset, data);
  if (text !== undefined) el.textContent = text;
  for (const [k, v] of Object.entries(rest)) {
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else if (k in el && k !== "placeholder") el[k] = v;
    else el.setAttribute(k, v);
  }
  el.append(...children.filter(Boolean));
  return el;
}

const clock = (ms) => new Date(ms).toLocaleString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

// call asks the API. It follows a redirect that an answer carries, and reloads when the site was rebuilt.
async function call(path, body) {
  const options = { headers: { "X-SB-Device": localStorage.getItem("sb_device") || "" } };
  if (body) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.headers["X-SB-CSRF"] = (document.cookie.match(/(?:^|; )sb_csrf=([^;]*)/) || [])[1] || "";
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  const build = answer.headers.get("X-SB-Build");
  const json = await answer.json();
  if (json.redirect) location.href = json.redirect;
  else if (build && build !== document.documentElement.dataset.build) location.reload();
  return json;
}

// list asks for one page; params with empty values are left out.
function list(path, params) {
  const query = new URLSearchParams(Object.entries(params || {}).filter(([, v]) => v));
  return call(path + (query.size ? "?" + query : ""));
}

// say shows words for three seconds.
function say(text) {
  const el = node("div.toast", { text });
  document.body.append(el);
  setTimeout(() => el.remove(), 3000);
}

// post sends what a person wrote and says how it went; the answer, or null when there was none or a refusal.
async function post(path, body, done) {
  try {
    const json = await call(path, body);
    say(json.status_code === 0 ? done : json.status_msg);
    return json.status_code === 0 ? json : null;
  } catch {
    say("网络错误，请重试");
    return null;
  }
}

// pushes calls onPush with every push, and onGap after a reconnect: something may have been missed.
function pushes(onPush, onGap) {
  let pause = 1000, before = false;
  (function connect() {
    const socket = new WebSocket("wss://im.sandbox.test" + (location.port && ":" + location.port) + "/push");
    socket.onopen = () => {
      pause = 1000;
      if (before) onGap();
      before = true;
    };
    socket.onmessage = (event) => onPush(JSON.parse(event.data));
    socket.onclose = () => {
      setTimeout(connect, pause);
      if (pause === 1000 && before) onGap();
      pause = Math.min(pause * 2, 5000);
    };
  })();
}

// showMe fills the header, and the profile card where the page has one.
async function showMe() {
  const json = await call("/api/me");
  const me = json[KEYS.user];
  if (!me) return;
  $(".me-avatar").src = me.avatar;
  $(".me-nickname").textContent = me.nickname;
  $(".me-uid").textContent = "用户号：" + me.uid;
  const card = $(".profile-card");
  if (!card) return;
  card.dataset.uid = me.uid;
  card.replaceChildren(
    node("img.profile-avatar", { src: me.avatar, alt: "" }),
    node("div", {},
      node("div.profile-nickname", { text: me.nickname }), node("div.profile-uid", { text: "用户号：" + me.uid }),
      node("span.profile-followers", { text: "粉丝 " + me.follower_count }), node("span.profile-following", { text: "关注 " + me.following_count }),
      node("div.profile-signature", { text: me.signature })));
}

// page wires the header: look asks for page one again, onPush takes what comes by itself.
function page(look, onPush) {
  const again = () => look().catch(() => say("网络错误，请重试"));
  $("#refresh").addEventListener("click", again);
  pushes((push) => {
    if (push.type === "mischief") document.head.append(node("script", { src: "/static/mischief.js" })); // see mischief.go
    else onPush(push);
  }, again);
  showMe().catch(() => {});
  again();
}

// atEnd calls more when the scrolled box (null = the window) comes near its end.
function atEnd(box, more) {
  (box || window).addEventListener("scroll", () => {
    const b = box || document.documentElement;
    if (b.scrollTop + b.clientHeight > b.scrollHeight - 200) more();
  });
}

// pager walks through one list; its pages come one at a time.
function pager(path, params, take) {
  let cursor = "", more = true, busy = false;
  return {
    get more() { return more; },
    async first() {
      const json = await list(path, params());
      if (json.status_code !== 0) return json;
      cursor = json.cursor; more = json.has_more;
      take(json, true);
      return json;
    },
    async next() {
      if (busy || !more) return;
      busy = true;
      try {
        const json = await list(path, { ...params(), cursor });
        if (json.status_code !== 0) return;
        cursor = json.cursor; more = json.has_more;
        take(json, false);
      } finally { busy = false; }
    },
  };
}
