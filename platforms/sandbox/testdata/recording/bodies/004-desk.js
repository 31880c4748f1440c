"use strict";
// The page to keep open: five panels that fill by pushes, and by asking only for what changed since the last look.
const line = (id, who, text, ms, data) => node("div.desk-row", { data: { id, ...data } },
  node("b.row-author", { text: who }), node("span.row-text", { text }), node("time.row-time", { text: clock(ms) }));
const words = (m) => m.recalled ? "[消息已撤回]" : m.type === "image" ? "[图片]" : m.text;
const comment = (c) => line(c.id, c.user.nickname, (c.reply_to ? `回复 ${c.reply_to.nickname}：` : "") + c.text, c.create_time * 1000, { level: c.level, workId: c.work_id });

const panels = [
  { id: "panel_comments", path: "/api/comments/recent", rows: (json) => [...rows(json, "comments"), ...rows(json, "replies")], key: (c) => c.id, at: (c) => c.create_time * 1000, render: comment },
  { id: "panel_conversations", path: "/api/im/conversations", rows: (json) => rows(json, "conversations"), key: (c) => c.peer.uid, at: (c) => c.update_time,
    render: (c) => line(c.peer.uid, `${c.peer.nickname}（${c.unread_count}）`, words(c.last_message), c.update_time, { peer: c.peer.uid }) },
  { id: "panel_messages", path: "/api/im/messages/recent", rows: (json) => rows(json, "messages"), key: (m) => m.id, at: (m) => m.create_time,
    render: (m) => line(m.id, `${m.from.nickname} → ${m.to.nickname}`, words(m), m.create_time, { peer: m.peer }) },
  { id: "panel_notices", path: "/api/notices", rows: (json) => rows(json, "notifications"), key: (n) => n.id, at: (n) => n.create_time * 1000,
    render: (n) => line(n.id, n.title, n.text, n.create_time * 1000, { type: n.type }) },
  { id: "panel_works", path: "/api/works", rows: (json) => rows(json, "works"), key: (w) => w.id, at: (w) => w.create_time * 1000,
    render: (w) => line(w.id, w.title, `播放 ${w.stats.view_count} · 评论 ${w.stats.comment_count}`, w.create_time * 1000) },
];

for (const p of panels) {
  Object.assign(p, { box: document.getElementById(p.id), since: "", cursor: "", known: new Map(), busy: false });
  p.more = $(".panel-more", p.box);
  p.more.addEventListener("click", () => next(p).catch(() => say("网络错误，请重试")));
}

function keep(p, items) {
  if (!items.length) return;
  for (const it of items) p.known.set(p.key(it), it);
  draw(p);
}

function draw(p) {
  const items = [...p.known.values()].sort((a, b) => p.at(b) - p.at(a));
  $(".rows", p.box).replaceChildren(...items.map(p.render));
}

// look asks for what changed; the first look is page one. Many changes come over several pages.
async function look(p) {
  let cursor = "", json, upTo;
  const since = p.since;
  do {
    json = await list(p.path, { since, cursor, count: since ? 50 : 20 });
    if (json.status_code !== 0) return;
    keep(p, p.rows(json));
    cursor = json.cursor;
    upTo ||= json.since;
  } while (since && json.has_more);
  p.since = upTo;
  if (!since) { p.cursor = json.cursor; p.more.hidden = !json.has_more; }
}

async function next(p) {
  if (p.busy) return;
  p.busy = true;
  try {
    const json = await list(p.path, { cursor: p.cursor });
    if (json.status_code !== 0) return;
    keep(p, p.rows(json));
    p.cursor = json.cursor;
    p.more.hidden = !json.has_more;
  } finally { p.busy = false; }
}

page(async () => {
  await Promise.all(panels.map(look));
  $(".desk-state").textContent = "已更新 " + new Date().toLocaleTimeString("zh-CN", { hour12: false });
}, (push) => {
  for (const p of panels) {
    keep(p, p.rows(push));
    if (push.type === "delete" && p.known.delete(push.id)) draw(p);
  }
  if (push.type === "upload") push.on ? window.startUpload(push.bytes) : window.stopUpload();
});

// An upload that goes on until it is stopped, like a long video's.
let uploading = false;
window.startUpload = async (bytes) => {
  if (uploading) return;
  uploading = true;
  const body = new Uint8Array(bytes || 1 << 20);
  while (uploading) {
    let pause = 10;
    try {
      const answer = await (await fetch("/api/upload", { method: "POST", body })).json();
      if (answer.stop) uploading = false; // said in the answer too: a push may be lost while the net is away
    } catch { pause = 200; }
    await new Promise((done) => setTimeout(done, pause));
  }
};
window.stopUpload = () => { uploading = false; };
