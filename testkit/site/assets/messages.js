"use strict";
// Conversations in a virtual list (twenty nodes, used again while scrolling), and the chat of the chosen one.
const HEIGHT = 60, NODES = 20;
const known = new Map(); // peer uid -> row
let sorted = [], peer = "";
const box = $(".conv-list"), runway = $(".runway");

const nodes = Array.from({ length: NODES }, () => {
  const n = node("div.conv-row", {}, node("img.avatar", { alt: "" }), node("span.conv-name"), node("span.conv-unread"), node("span.conv-last"), node("time.conv-time"));
  n.addEventListener("click", () => choose(n.dataset.peer));
  return n;
});

function draw() {
  runway.style.height = sorted.length * HEIGHT + "px";
  const top = Math.max(0, Math.min(Math.floor(box.scrollTop / HEIGHT) - 4, sorted.length - NODES));
  nodes.forEach((n) => n.remove());
  for (let i = top; i < Math.min(top + NODES, sorted.length); i++) {
    const c = sorted[i], n = nodes[i % NODES];
    n.style.top = i * HEIGHT + "px";
    n.dataset.peer = c.peer.uid;
    n.dataset.chosen = c.peer.uid === peer ? "1" : "";
    $("img", n).src = c.peer.avatar;
    $(".conv-name", n).textContent = c.peer.nickname;
    $(".conv-unread", n).textContent = c.unread_count || "";
    $(".conv-last", n).textContent = c.last_message.recalled ? "[消息已撤回]" : c.last_message.type === "image" ? "[图片]" : c.last_message.text;
    $(".conv-time", n).textContent = clock(c.update_time);
    runway.append(n);
  }
}

function keep(conversations) {
  for (const c of conversations) known.set(c.peer.uid, c);
  sorted = [...known.values()].sort((a, b) => b.update_time - a.update_time);
  draw();
}

const conversations = pager("/api/im/conversations", () => ({}), (json) => {
  keep(rows(json, "conversations"));
  box.dataset.end = json.has_more ? "" : "1";
});

function render(m) {
  const el = node("div.chat-msg", { data: { id: m.id, from: m.from_me ? "me" : "peer" } });
  if (m.recalled) el.append(node("span.msg-recalled", { text: m.from_me ? "你撤回了一条消息" : "对方撤回了一条消息" }));
  else if (m.type === "image") el.append(node("img.msg-image", { src: m.image_url, alt: "图片" }));
  else el.append(node("span.msg-text", { text: m.text }));
  el.title = clock(m.create_time);
  return el;
}

function older() {
  $(".chat-older")?.remove();
  if (messages.more) $(".chat-body").prepend(node("button.chat-older", { text: "查看更早的消息", onclick: () => messages.next() }));
}

const messages = pager("/api/im/messages", () => ({ peer }), (json, first) => {
  const body = $(".chat-body");
  if (first) body.replaceChildren();
  body.prepend(...rows(json, "messages").map(render).reverse());
  if (first) body.scrollTop = body.scrollHeight;
  queueMicrotask(older);
});

async function choose(uid) {
  const c = known.get(uid);
  if (!c) return;
  peer = uid;
  $(".chat-body").replaceChildren();
  $(".chat-header").dataset.peer = uid;
  $(".chat-name").textContent = c.peer.nickname;
  $(".chat-input").textContent = "";
  $(".chat-send").disabled = true;
  draw();
  try {
    await messages.first();
    await call("/api/im/read", { peer: uid });
    c.unread_count = 0;
    draw();
  } catch { say("网络错误，请重试"); }
}

function add(m) {
  if (m.peer !== peer) return;
  const there = $(`.chat-msg[data-id="${m.id}"]`);
  if (there) { there.replaceWith(render(m)); return; }
  const body = $(".chat-body");
  body.append(render(m));
  body.scrollTop = body.scrollHeight;
}

const input = $(".chat-input"), send = $(".chat-send");
const written = () => input.innerText.replace(/\n$/, "");
async function submit() {
  const text = written();
  if (!peer || text.trim() === "" || send.disabled) return;
  send.disabled = true;
  const json = await post("/api/im/send", { peer, text }, "发送成功");
  if (!json) { send.disabled = false; return; }
  input.textContent = "";
  add(json.message);
}
input.addEventListener("input", () => { send.disabled = !peer || written().trim() === ""; });
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
});
send.addEventListener("click", submit);

box.addEventListener("scroll", () => {
  draw();
  if (box.scrollTop + box.clientHeight > runway.offsetHeight - 300) conversations.next();
});
page(async () => {
  if (!known.size) await conversations.first();
  else keep(rows(await list("/api/im/conversations"), "conversations")); // the scrolled list stays
  if (peer) await messages.first();
}, (push) => {
  keep(rows(push, "conversations"));
  rows(push, "messages").forEach(add);
  if (push.type === "delete") $(`.chat-msg[data-id="${push.id}"]`)?.remove();
});
