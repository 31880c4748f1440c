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
