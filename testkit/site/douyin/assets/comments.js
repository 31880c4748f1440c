// Comments of one work in a list whose rows are used again: first level newest first, replies below their root once they
// are asked for, and the boxes to answer. sources say how each generation is read and written.
const READ = "/web/api/third_party/aweme/api/comment/read/aweme/v1/web/comment/list/";

const rowOfA = (c) => ({
  key: c.comment_id, opaque: c.comment_id, text: c.text, at: c.create_time * 1000, name: c.user_info.screen_name, person: c.user_info.user_id,
  avatar: c.user_info.avatar_url, total: Number(c.reply_count), level: c.level, own: c.is_author, to: c.reply_to_user_info?.screen_name,
});
const rowOfB = (c) => ({
  key: c.cid, cid: c.cid, opaque: c.comment_id, text: c.text, at: c.create_time * 1000, name: c.user.nickname, person: c.user.sec_uid,
  avatar: c.user.avatar_thumb.url_list[0], total: c.reply_comment_total, level: c.level, own: c.label_text === "作者", to: c.reply_to_username, images: c.image_list?.length,
});

const sources = {
  A: {
    async list(work, cursor) { const j = await get("/aweme/v1/creator/comment/list", { item_id: work.opaque, cursor, count: 10, sort: "TIME", aid: 2906 }); return { rows: j.comment_info_list.map(rowOfA), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get("/aweme/v1/creator/comment/reply/list/", { comment_id: root.key, cursor, count: 10, aid: 2906 }); return { rows: j.comment_info_list.map((c) => ({ ...rowOfA(c), level: 2 })), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) { const j = await post("/aweme/v1/creator/comment/reply/", { comment_Id: target?.key || "", item_id: work.opaque, text }, { "X-Typed": how }); return [j, j.comment_info && rowOfA(j.comment_info)]; },
  },
  B: {
    async list(work, cursor, sort) { const j = await get(READ + "select/", { aweme_id: work.id, cursor, count: 20, comment_select_options: 0, sort_options: sort, ...creatorQuery }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get(READ + "reply/", { comment_id: root.key, item_id: work.id, cursor, count: 10, ...creatorQuery }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) {
      const j = await post("/web/api/third_party/aweme/api/comment/publish/aweme/v1/web/comment/publish",
        { aweme_id: work.id, text, reply_id: root?.key || "0", reply_to_reply_id: target && target !== root ? target.key : "0" }, { "X-Typed": how });
      return [j, j.comment && rowOfB(j.comment)];
    },
  },
  www: {
    async list(work, cursor) { const j = await get("/aweme/v1/web/comment/list/", { aweme_id: work.id, cursor, count: 20, aid: 6383 }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async below(work, root, cursor) { const j = await get("/aweme/v1/web/comment/list/reply/", { comment_id: root.key, item_id: work.id, cursor, count: 10, aid: 6383 }); return { rows: j.comments.map(rowOfB), next: j.cursor, more: has(j.has_more) }; },
    async publish(work, target, root, text, how) {
      const j = await post("/aweme/v1/web/comment/publish", { aweme_id: work.id, text, reply_id: root?.key || "0", reply_to_reply_id: target && target !== root ? target.key : "0" }, { "X-Typed": how });
      return [j, j.comment && rowOfB(j.comment)];
    },
  },
};

// commentList shows one work's comments in box.
function commentList(box, source) {
  let work = null, roots = [], cursor = 0, more = false, sort = 0, editing = null, era = 0;
  const height = (it) => (it.end ? 40 : it.fold ? 30 : (it.level === 1 ? 92 : 86) + (it.level === 1 && it.total ? 26 : 0) + (editing?.row === it ? 56 : 0));
  const list = virtual(box, { height, make: () => node("div"), more: next, fill });

  function items() {
    const flat = [];
    for (const root of roots) {
      flat.push(root);
      if (root.opened) {
        flat.push(...root.below);
        if (root.moreBelow) flat.push(root.folded ||= { fold: true, root, rev: 0 });
      }
    }
    if (!more) flat.push(end);
    return flat;
  }
  const end = { end: true, rev: 0 };
  const redraw = () => list.set(items());

  function fill(el, it) {
    if (it.end) { el.replaceChildren(node("p", { text: roots.length ? "没有更多评论" : "暂无评论" })); return; }
    if (it.fold) { el.replaceChildren(node("div.load-more~", { text: "展开更多回复", onclick: byPerson(() => below(it.root)) })); return; }
    const act = (text, then) => node("div.item~", { text, onclick: byPerson(then) });
    el.replaceChildren(node("div.container~", { style: it.level === 1 ? "" : "margin-left:40px" },
      node("div.line", {}, node("div.avatar~", {}, node("img", { src: it.avatar, alt: "" })), node("div.username~", { text: it.name }), it.own && node("span.tag~", { text: "作者" }), node("div.time~", { text: clock(it.at) })),
      node("div.comment-content-text~", { text: it.text }, it.to ? node("span.reply-to~", { text: " 回复 " + it.to }) : null, it.images ? node("span.image~", { text: "[图片]" }) : null),
      node("div.line.operations~", {}, act("点赞", () => {}), act("回复", () => edit(it)), act("删除", () => remove(it))),
      it.level === 1 && it.total ? node("div.load-more~", { text: it.opened ? "收起" : `查看${it.total}条回复`, onclick: byPerson(() => toggle(it)) }) : null));
    if (editing?.row === it) el.firstChild.append(editing.box);
    fiber(el, { key: it.key }, 3);
    const ids = { numeric: { cid: it.cid ?? it.opaque }, opaque: { cid: it.opaque ?? it.cid }, both: { cid: it.cid ?? it.opaque, commentId: it.opaque } }[MANNERS.ids];
    fiber(el.firstChild, { comment: { ...ids, nickname: it.name, sec_uid: it.person, level: it.level }, ...ids });
  }

  function edit(it) {
    if (editing?.row === it) { close(); return; }
    const editor = node("div", { contenteditable: "true", placeholder: `回复 ${it.name}：` });
    const button = node("button.douyin-creator-interactive-button", { text: "发送", disabled: "" });
    const before = editing?.row;
    editing = { row: it, box: node("div.line.reply-box~", {}, editor, button) };
    composer(editor, button, (text, how) => send(it, text, how, button));
    if (before) before.rev++;
    it.rev++; redraw(); editor.focus();
  }
  function close() { const it = editing?.row; editing = null; if (it) it.rev++; redraw(); }

  async function send(it, text, how, button) {
    const root = it.level === 1 ? it : it.root;
    button.disabled = true;
    const made = await publish(it, root, text, how);
    button.disabled = !!made;
    if (!made) return;
    close();
    root.total++; root.rev++;
    if (root.opened) root.below.push({ ...made, level: made.level === 1 ? 2 : made.level, root, rev: 0 });
    redraw();
  }

  // publish sends and says how it went.
  async function publish(it, root, text, how) {
    try {
      const [json, made] = await source.publish(work, it, root, text, how);
      if (json.status_code !== 0) { toast(json.status_msg || "评论失败"); return null; }
      toast(it ? "回复成功" : "发送成功");
      return made;
    } catch { toast("网络错误，请稍后重试"); return null; }
  }

  async function toggle(root) {
    root.opened = !root.opened; root.rev++;
    if (root.opened && !root.below) { root.below = []; await below(root); }
    redraw();
  }
  async function below(root) {
    const page = await source.below(work, root, root.nextBelow || 0);
    const known = new Set(root.below.map((r) => r.key));
    root.below.push(...page.rows.filter((r) => !known.has(r.key)).map((r) => ({ ...r, root, rev: 0 })));
    root.nextBelow = page.next; root.moreBelow = page.more && page.rows.length > 0;
    redraw();
  }
  async function remove(it) {
    const json = await post("/aweme/v1/creator/comment/delete/", { comment_id: it.key });
    if (json.status_code !== 0) { toast(json.status_msg); return; }
    roots = roots.filter((r) => r !== it);
    if (it.root) it.root.below = it.root.below.filter((r) => r !== it);
    redraw();
  }
  async function next() {
    if (!more || !work) return;
    const mine = era;
    const page = await source.list(work, cursor, sort);
    if (mine !== era) return;
    const known = new Set(roots.map((r) => r.key)), before = roots.length;
    roots.push(...page.rows.filter((r) => !known.has(r.key)).map((r) => ({ ...r, rev: 0 })));
    more = page.more && (page.next !== cursor || roots.length > before); cursor = page.next;
    redraw();
  }
  addEventListener("stage", ({ detail }) => {
    if (detail.act !== "renamed") return;
    for (const r of roots.flatMap((root) => [root, ...(root.below || [])])) if (r.person === detail.sec || r.person === detail.open) { r.name = detail.nickname; r.rev++; }
    redraw();
  });
  return {
    // show begins anew: another work, or the same in another order.
    async show(w, order) { era++; work = w; sort = order ?? sort; roots = []; cursor = 0; more = true; editing = null; box.scrollTop = 0; await next(); },
    publish: (text, how) => publish(null, null, text, how),
  };
}

// commentPage is the creator's page of comments: the choice of the work, the order, a box for a comment of one's own.
async function commentPage(into) {
  const box = node("div.scroller.comment-list~", { style: "height:calc(100vh - 230px)" });
  const list = commentList(box, sources[MANNERS.generation]);
  const title = node("div.title~", { text: "" });
  const editor = node("div", { contenteditable: "true", placeholder: "有爱评论，说点儿好听的～" });
  const button = node("button.douyin-creator-interactive-button", { text: "发送", disabled: "" });
  const sort = node("div.button", { role: "combobox", text: "全部评论" });
  const mine = composer(editor, button, async (text, how) => { button.disabled = true; if (await list.publish(text, how)) { mine.clear(); choose(chosen); } else button.disabled = false; });
  let chosen = null, works = [], order = 0;
  const source = workSource();

  function choose(w) {
    chosen = w; title.textContent = w.title;
    history.replaceState(null, "", "?item_id=" + w.id + "&enter_from=content_manage_v2");
    return list.show(w, order).catch(() => toast("网络错误，请稍后重试"));
  }
  sort.addEventListener("click", byPerson(() => {
    const menu = node("div.card", { role: "listbox" }, ...["全部评论", "最新发布"].map((text, i) => node("div", {
      role: "option", text, onclick: byPerson((event) => { event.stopPropagation(); menu.remove(); order = i; sort.textContent = text; if (chosen) choose(chosen); }),
    })));
    $("[role=listbox]") ? $("[role=listbox]").remove() : sort.after(menu);
  }));
  const pick = node("button.semi-button", { text: "选择作品", onclick: byPerson(() => sheet(works, source, choose)) });
  into.append(node("div.line", {}, node("h3", { text: "评论管理" }), pick, sort), title, node("div.line.top-box~", {}, editor, button), box);

  const wanted = new URLSearchParams(location.search).get("item_id");
  works.push(...await source.next());
  while (wanted && !works.some((w) => w.id === wanted || w.opaque === wanted) && source.more) works.push(...await source.next());
  const first = works.find((w) => w.id === wanted || w.opaque === wanted) || (wanted ? null : works[0]);
  if (first) await choose(first);
}

// sheet lists the works at the side, for one to be chosen.
function sheet(works, source, choose) {
  const body = node("div.douyin-creator-interactive-sidesheet-body");
  const card = (w) => fiber(node("div.card.container~", { onclick: byPerson(() => { body.remove(); choose(w); }) },
    node("div.title~", { text: w.title }), node("div.time~", { text: w.time })), { item: { aweme_id: w.id } });
  body.append(...works.map(card));
  const grow = async () => {
    while (source.more && body.isConnected && body.scrollHeight - body.scrollTop - body.clientHeight <= 150) {
      const rows = await source.next();
      if (!rows.length) return; // another call is on its way
      works.push(...rows); body.append(...rows.map(card));
    }
  };
  body.addEventListener("scroll", grow);
  document.body.append(body);
  grow();
}
