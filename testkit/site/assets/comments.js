"use strict";
// Comments of one work, newest first, replies below each, and the editors to answer.
let workID = new URLSearchParams(location.search).get("work_id") || "";
const seen = (id) => $(`[data-id="${id}"]`, $(".comment-list"));

// editor makes a box send only after a person's input; sent gets the new row.
function editor(box, send, target, sent) {
  const text = () => box.innerText.replace(/\n$/, "");
  box.addEventListener("input", () => { send.disabled = text().trim() === ""; });
  send.addEventListener("click", async () => {
    send.disabled = true;
    const json = await post("/api/comment/reply", { work_id: workID, comment_id: target, text: text() }, "回复成功");
    if (!json) { send.disabled = false; return; }
    box.textContent = "";
    sent(json.comment);
  });
}

function openReply(row, c) {
  $(".reply-box")?.remove();
  const box = node("div.reply-editor", { contenteditable: "true", placeholder: `回复 ${c.user.nickname}：` });
  const send = node("button.reply-send", { text: "发送", disabled: true });
  const reply = node("div.reply-box", { data: { target: c.id } }, box, send);
  editor(box, send, c.id, (made) => { reply.remove(); showReply(made); });
  $(".row-main", row).append(reply);
  box.focus();
}

function render(c) {
  const kind = c.level === 1 ? "div.comment-row" : "div.reply-row";
  const row = node(kind, { data: { id: c.id, level: c.level, replies: c.reply_count } });
  row.append(node("div.row-main", {},
    node("img.avatar", { src: c.user.avatar, alt: "" }),
    node("span.row-author", { text: c.user.nickname }), c.is_author && node("span.tag", { text: "作者" }),
    c.reply_to && node("span.hint", { text: "回复 " + c.reply_to.nickname }),
    node("div.row-text", { text: c.text }), node("time.row-time", { text: clock(c.create_time * 1000) }),
    node("button.reply-btn", { text: "回复", onclick: () => openReply(row, c) })));
  if (c.level === 1) {
    row.append(node("div.reply-list"));
    if (c.reply_count) row.append(expander(row, c.id, c.reply_count));
  }
  return row;
}

function expander(row, id, count) {
  const button = node("button.expand-btn", { text: `查看 ${count} 条回复` });
  const replies = pager("/api/comment/replies", () => ({ comment_id: id }), (json, first) => {
    const into = $(".reply-list", row);
    if (first) into.replaceChildren();
    into.append(...rows(json, "replies").filter((r) => !seen(r.id)).map(render));
    $(".more-replies", row)?.remove();
    if (json.has_more) row.append(node("button.more-replies", { text: "展开更多回复", onclick: () => replies.next() }));
  });
  button.addEventListener("click", async () => { await replies.first(); button.remove(); });
  return button;
}

// showReply puts a reply below its comment, or counts it there while they are folded.
function showReply(c) {
  const root = c.level === 1 ? null : seen(c.root_id);
  if (c.level === 1) { if (c.work_id === workID && !seen(c.id)) $(".comment-list").prepend(render(c)); return; }
  if (!root || seen(c.id)) return;
  root.dataset.replies = Number(root.dataset.replies) + 1;
  const folded = $(".expand-btn", root);
  if (folded && !c.is_author) folded.textContent = `查看 ${root.dataset.replies} 条回复`;
  else $(".reply-list", root).append(render(c));
}

const comments = pager("/api/comments", () => ({ work_id: workID }), (json, first) => {
  const into = $(".comment-list");
  if (first && $(".reply-box")) { // somebody is writing: leave the rows where they are
    rows(json, "comments").reverse().forEach(showReply);
    return;
  }
  if (first) into.replaceChildren();
  $(".list-end", into)?.remove();
  into.append(...rows(json, "comments").filter((c) => !seen(c.id)).map(render));
  if (!json.has_more) into.append(node("p.list-end", { text: "没有更多了" }));
});

async function look() {
  const json = await list("/api/works", { count: 50 });
  const works = rows(json, "works");
  if (!workID && works.length) workID = works[0].id;
  $(".picks").replaceChildren(...works.map((w) => node("button.work-pick", {
    data: { workId: w.id, chosen: w.id === workID ? "1" : "" }, text: w.title,
    onclick: () => {
      workID = w.id;
      history.replaceState(null, "", "/comments?work_id=" + w.id);
      look().catch(() => say("网络错误，请重试"));
    },
  })));
  if (workID) await comments.first();
}

editor($(".work-editor"), $(".work-send"), "", showReply);
atEnd($(".comment-list"), () => comments.next());
page(look, (push) => {
  for (const c of [...rows(push, "comments"), ...rows(push, "replies")]) showReply(c);
  if (push.type === "delete") seen(push.id)?.remove();
});
