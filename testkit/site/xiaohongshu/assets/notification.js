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
