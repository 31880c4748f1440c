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
// The note manager: cards without ids in the only thing that scrolls.
async function managerPage(into) {
  const address = MANNERS.posted === "v5" ? API + "/web_api/sns/v5/creator/note/user/posted" : "/api/galaxy/v2/creator/note/user/posted";
  const tabs = node("div.d-tabs-headers~"), box = node("div.content");
  const end = node("p.loading-text~", { text: "加载中" });
  box.append(node("h3", { text: "笔记管理" }), tabs, end);
  into.append(box);
  let page = 0, busy = false, swallow = MANNERS.swallow;
  const card = (n) => node((MANNERS.impression ? "div.note" : "div.note-card"), MANNERS.impression ? { "data-impression": JSON.stringify({ noteTarget: { type: "NoteTarget", value: { noteId: n.id } } }) } : {},
    node("img", { src: n.images_list[0].url, alt: "" }), node("div.info~", {}, node("div.title", { text: n.display_title }), node("div.time", { text: "发布于 " + clock(n.time) }),
      node("div.icon_list", {}, ...[n.view_count, n.comments_count, n.likes, n.collected_count, n.shared_count].map((v) => node("span", { text: v }))), n.permission_code ? node("span.permission_msg", { text: n.permission_msg }) : null));
  async function load() {
    if (page < 0) return;
    const data = await get(address, { tab: 0, page });
    page = data.page;
    tabs.replaceChildren(...[["全部笔记", data.tags[0].notes_count], ["已发布"], ["审核中"], ["未通过"]].map(([text, n]) => node("span.d-tab~", { text: n === undefined ? text : `${text}(${n})` })));
    end.before(...data.notes.map(card));
    end.textContent = page < 0 ? "没有更多了" : "加载中";
  }
  box.addEventListener("scroll", async () => {
    if (busy || box.scrollHeight - box.scrollTop - box.clientHeight > 150) return;
    if (swallow > 0) { swallow--; return; }
    busy = true;
    try { await load(); } catch (err) { failed(err); } finally { busy = false; }
  });
  await load();
}
// The creator centre: its login, and its pages.
function creatorLogin(into) {
  const CAS = "https://customer.xiaohongshu.com/api/cas/customer/web/", service = "https://creator.xiaohongshu.com";
  const phone = node("div.phone-form", {}, node("input", { placeholder: "手机号" }), node("input", { placeholder: "验证码" }), node("button.css:submit~", { text: "登 录" }));
  const box = node("div.login-box-container~", {}, node("div.title", { text: "短信登录" }), phone);
  async function begin(ticket) {
    await post("/sso/customer_login", { ticket, login_service: service, subsystem_alias: "creator" });
    await post("/api/galaxy/user/cas/login", { ticket });
  }
  const reveal = byPerson(() => {
    const [frame, said, image] = qrLogin({
      image: "css:qr~", hint: "打开小红书APP扫一扫",
      create: () => post(CAS + "qr-code", { service }),
      async poll({ id }) {
        const { status, needVerify } = await get(CAS + "qr-code", { service, qr_code_id: id, source: "" });
        if (status === 1) await begin((await post(CAS + "service-ticket", { service, type: "qrCode", qrCodeId: id })).ticket);
        return needVerify && status === 3 ? "verify" : { 2: "waiting", 3: "scanned", 1: "done", "-1": "expired" }[status];
      },
      send: () => post(CAS + "verify-code", { service }),
      enter: async (_, text) => begin((await post(CAS + "service-ticket", { service, type: "phoneVerifyCode", verifyCode: text })).ticket),
      home: () => { location.href = "/new/home"; },
    });
    // The picture stands beside the words; what covers it is in its old frame.
    box.replaceChildren(node("div.scan~", {}, node("p", { text: "APP扫一扫登录" }), image, frame, said));
  });
  box.append(node("img.css:switch~", { src: "https://sns-webpic-qc.xhscdn.com/cover/switch.svg", alt: "", onclick: reveal }));
  into.append(node("div.login-page~", {}, box));
}

async function homePage(into) {
  const [user, person] = [await get("/api/galaxy/user/info"), await get("/api/galaxy/creator/home/personal_info")];
  into.append(node("div.content", {}, node("div.personal~", {}, node("img.avatar~", { src: person.avatar, alt: "" }), node("div.account-name", { text: person.name }),
    node("div.others~", { text: "小红书账号: " + user.redId }), ...[["关注数", person.follow_count], ["粉丝数", person.fans_count], ["获赞与收藏", person.faved_count]].map(([text, n]) => node("p", {}, node("span.numerical", { text: n }), text)))));
}

if (location.pathname === "/login") creatorLogin($("#root"));
else {
  const show = { "/new/home": homePage, "/new/note-manager": managerPage, "/publish/publish": async (into) => { into.append(node("div.content", {}, node("div.upload-container", { text: "上传图文" }), node("input", { type: "file" }))); } }[location.pathname];
  const menu = [["首页", "/new/home"], ["笔记管理", "/new/note-manager"], ["发布笔记", "/publish/publish?source=official"]].map(([text, href]) => node("a", { href, text }));
  const into = node("div.page");
  $("#root").append(node("div.columns", {}, node("div.side", {}, node("b", { text: "创作服务平台" }), ...menu), into));
  show(into).catch((err) => { if (err.code === -100 && APP.me === null) location.href = "/login"; else failed(err); });
}
