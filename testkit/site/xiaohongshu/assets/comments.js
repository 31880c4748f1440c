// Comments of one note: each with its first replies, more of them on demand, and one editor at the foot for all.
function commentList(note, into, engage) {
  let roots = [], cursor = "", more = true, busy = false, target = null;
  const total = node("div.total", { text: `共 ${note.interactInfo.commentCount} 条评论` });
  const box = node("div.list-container");
  const foot = node("div.end-container", { text: "- THE END -", style: "display:none" });
  into.append(node("div.comments-container", {}, total, box, foot));
  const list = rows(box, () => node("div.parent-comment"), (el, c) => {
    el.replaceChildren(row(c, ""), node("div.reply-container", {}, node("div.list-container", {}, ...c.subComments.map((sub) => row(sub, ".comment-item-sub", c))), expander(c)));
  });
  const draw = () => { list.set(roots); foot.style.display = more ? "none" : ""; };

  function row(c, kind, root) {
    const own = c.showTags.includes("is_author");
    return node("div.comment-item" + kind, { id: "comment-" + c.id }, node("div.comment-inner-container", {}, node("div.avatar", {}, node("img", { src: c.userInfo.image, alt: "" })), node("div.right", {},
      node("div.author-wrapper", {}, node("div.author", {}, node("a.name", { href: "/user/profile/" + c.userInfo.userId, text: c.userInfo.nickname }), own && node("span.tag", { text: "作者" }))),
      node("div.content", {}, root && c.targetComment?.id !== root.id && node("span.nickname", { text: `回复 ${c.targetComment?.userInfo.nickname || ""} : ` }), node("span.note-text", { text: c.content })),
      c.pictures && node("div.comment-picture", {}, node("img", { src: c.pictures[0].urlDefault, alt: "" })),
      node("div.info", {}, node("div.date", {}, node("span", { text: clock(c.createTime) })), node("div.interactions", {},
        node("div.like", {}, node("span.like-wrapper.like-active", { text: "赞" }), node("span.count", { text: c.likeCount })),
        node("div.reply.icon-container", { onclick: byPerson(() => aim(MANNERS.astray ? other(c) : c)) }, node("span.count", { text: "回复" })))))));
  }
  // expander offers the replies that are not shown yet.
  function expander(c) {
    const left = Number(c.subCommentCount) - c.subComments.length;
    if (!c.subCommentHasMore) return null;
    return node("div.show-more", { text: c.opened ? "展开更多回复" : `展开 ${Math.max(left, 1)} 条回复`, onclick: byPerson(() => below(c).catch(failed)) });
  }
  async function below(c) {
    const data = camel(await get(API + "/api/sns/web/v2/comment/sub/page", { note_id: note.noteId, root_comment_id: c.id, num: 10, cursor: c.subCommentCursor, image_formats: "jpg,webp,avif", top_comment_id: "", xsec_token: note.xsecToken }));
    const known = new Set(c.subComments.map((s) => s.id));
    c.subComments.push(...data.comments.filter((s) => !known.has(s.id)));
    c.subCommentHasMore = data.hasMore && (data.cursor !== c.subCommentCursor); c.subCommentCursor = data.cursor; c.opened = true;
    draw();
  }
  async function next() {
    if (!more || busy) return;
    busy = true;
    try {
      const data = camel(await get(API + "/api/sns/web/v2/comment/page", { note_id: note.noteId, cursor, top_comment_id: "", image_formats: "jpg,webp,avif", xsec_token: note.xsecToken }));
      const known = new Set(roots.map((c) => c.id)), before = roots.length;
      roots.push(...data.comments.filter((c) => !known.has(c.id)));
      more = data.hasMore && (data.cursor !== cursor || roots.length > before); cursor = data.cursor;
      draw();
    } finally { busy = false; }
  }

  // other is who is aimed at when the button leads astray.
  const other = (c) => { const all = roots.flatMap((r) => [r, ...r.subComments]); return all[(all.indexOf(c) + 1) % all.length]; };
  // aim points the editor at a comment, or at the note itself (null).
  function aim(c) { target = c; engage.open(c ? "回复 " + (c.userInfo.nickname || "") : "", c ? c.content : ""); }
  engage.send = async (content, how) => {
    const data = camel(await post(API + "/api/sns/web/v1/comment/post", { note_id: note.noteId, content, ...(target && { target_comment_id: target.id }), at_users: [] }, { "X-Typed": how }));
    const made = { subComments: [], subCommentCount: "0", subCommentHasMore: false, subCommentCursor: "", ...data.comment };
    const root = target && roots.find((c) => c === target || c.subComments.includes(target));
    if (root) root.subComments.push(made); else roots.unshift(made);
    target = null;
    draw();
  };
  engage.aim = aim;
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") list.recycle();
    if (detail.act === "reorder") { roots.reverse(); draw(); }
    if (detail.act === "renamed") { for (const c of roots.flatMap((r) => [r, ...r.subComments])) if (c.userInfo.userId === detail.uid) c.userInfo.nickname = detail.nickname; draw(); }
  });
  return { next, rows: roots };
}
