// The whole site: it draws what the API answers and the socket says. Class names carry the skin.
const skin = document.body.dataset.skin, astray = document.body.dataset.astray === "1";
const main = document.querySelector("main"), [, where, id] = location.pathname.split("/");

function el(tag, cls, text, data = {}) {
  const e = document.createElement(tag);
  if (cls) e.className = skin + cls;
  if (text) e.textContent = text;
  for (const k in data) e.setAttribute("data-" + k, data[k]);
  return e;
}

async function ask(path, body) {
  const r = await fetch("/api/" + path, body && {method: "POST", body: JSON.stringify(body)});
  const answer = await r.json();
  if (r.status === 401 && where !== "login") location.href = "/login";
  if (r.status === 403) location.href = "/check";
  if (!r.ok) throw answer.error;
  return answer;
}

function field(name, holder) {
  const i = el("input", name);
  i.placeholder = holder;
  return i;
}

// A form that says what is written to whom; its words are gone once they stand on the site.
function form(to, label, send) {
  const f = el("form", "form", "", {to}), words = el("textarea", "words"), button = el("button", "send", "发送"), state = el("p", "state");
  f.append(el("span", "label", label), words, button, state);
  f.onsubmit = e => {
    e.preventDefault();
    send(f.dataset.to, words.value).then(() => { words.value = ""; state.textContent = "已发送"; }, why => { state.textContent = String(why); });
  };
  return f;
}

function list(name, row, query = "") {
  const box = el("section", name), more = el("button", "more", "更多");
  let last = "";
  const load = async fresh => {
    const a = await ask(name + "?" + query + (fresh ? "" : "&after=" + last));
    const rows = a[name] ?? [];
    if (fresh) box.replaceChildren(more);
    for (const r of rows) box.insertBefore(row(r), more);
    last = rows.at(-1)?.id ?? "";
    more.hidden = !a.more;
  };
  more.onclick = () => load(false);
  box.append(more);
  main.append(box);
  load(true);
  return load;
}

function said(cls, r) {
  const row = el("div", cls, "", {id: r.id});
  row.append(el("b", "", r.by?.name ?? r.with?.name), el("span", "text", r.text ?? r.title));
  return row;
}

function home() {
  const refresh = el("button", "refresh", "刷新"), loads = [];
  main.append(el("h1", "", "动态"), refresh);
  ask("me");
  for (const [name, cls] of [["posts", "post"], ["comments", "comment"], ["letters", "letter"]]) loads.push(list(name, r => said(cls, r)));
  refresh.onclick = () => loads.forEach(load => load(true));
  const listen = pause => {
    const s = new WebSocket("wss://live.feed.test/socket");
    s.onopen = () => { pause = 500; };
    s.onmessage = e => main.append(el("p", "news", JSON.parse(e.data).event));
    s.onclose = () => setTimeout(() => listen(Math.min(2 * pause, 5000)), pause);
  };
  listen(500);
}

function post() {
  const write = (to, text) => ask("comments", {post: id, to: to === id ? "" : to, text});
  main.append(form(id, "评论", write));
  list("comments", r => {
    const row = said("comment", r), reply = el("button", "reply", "回复");
    reply.onclick = () => {
      const at = astray ? row.nextElementSibling?.dataset.id ? row.nextElementSibling : row.previousElementSibling : row;
      document.querySelector("div > form")?.remove();
      row.append(form(at.dataset.id, "回复 " + at.querySelector("b").textContent, write));
    };
    row.append(reply);
    return row;
  }, "post=" + id);
}

function letters() {
  main.append(el("h1", "", "与 " + id));
  fetch("/api/read?with=" + id, {method: "POST"});
  list("letters", r => {
    if (!document.querySelector("form")) main.append(form(r.with.id, "写给 " + r.with.name, (to, text) => ask("letters", {with: to, text})));
    return said("letter", r);
  }, "with=" + id);
}

function login() {
  const phone = field("phone", "手机号"), next = el("button", "next", "下一步"), state = el("p", "state");
  main.append(phone, next, state);
  const enter = (body, then) => ask("login", body).then(then, why => { state.textContent = String(why); });
  next.onclick = () => enter({phone: phone.value}, () => {
    const code = field("code", "验证码"), go = el("button", "enter", "登录");
    main.replaceChildren(code, go, state);
    state.textContent = "";
    go.onclick = () => enter({phone: phone.value, code: code.value}, () => { location.href = "/"; });
  });
}

({"": home, post, letters, login, check: () => main.append(el("h1", "check", "请证明你是人"))})[where]();
