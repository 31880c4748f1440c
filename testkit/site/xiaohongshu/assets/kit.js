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
