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
// The verify centre: a page of its own that stands before all others, or the frame that is in every page.
if (location.pathname !== "/nocaptcha") {
  const touch = () => navigator.sendBeacon("/stage/touch");
  const box = document.title === "验证码中间页"
    ? node("div", { id: "captcha_container" }, node("p", { text: "安全验证" }), node("div", { id: "captcha-verify-image", style: "height:160px;background:#dde", text: "拖动滑块完成拼图" }), node("a.secsdk_captcha_refresh", { text: "刷新" }))
    : node("div.risk-text", {}, node("h2", { text: "访问异常" }), node("p", { text: "账号存在安全风险，操作过于频繁，请稍后再试" }));
  for (const kind of ["pointerdown", "click"]) box.addEventListener(kind, touch);
  $("#root").append(box);
  (function connect() {
    const socket = new WebSocket("wss://" + location.host + "/stage");
    socket.onmessage = (event) => { const act = JSON.parse(event.data); if (act.act === "reload" || act.act === "captcha" && act.kind !== APP.risk) location.reload(); };
    socket.onclose = () => setTimeout(connect, 500);
  })();
} else if (location.search) $("#root").append(node("button", { text: "点击按钮进行验证" }));
