// The home page: other people's notes; and a profile: the notes of one.
const noteLink = (id, token, base, source) => `${base}/${id}?xsec_token=${encodeURIComponent(token)}&xsec_source=${source}`;
const noteItem = (link, title, name) => node("section.note-item", {}, node("a.cover", { href: link }, node("img", { alt: "" })), node("div.footer", {}, node("a.title", { href: link }, node("span", { text: title })), node("div.author", {}, node("span.name", { text: name }))));

async function explorePage(into) {
  const data = await post(API + "/api/sns/web/v1/homefeed", { cursor_score: "", num: 20, refresh_type: 1 });
  raw(STATE.feed.feeds).push(...camel(data.items));
  into.append(node("div.feeds-container", {}, ...data.items.map((it) => noteItem(noteLink(it.id, it.xsec_token, "/explore", "pc_feed"), it.note_card.title, it.note_card.user.nickname))));
}

async function profilePage(into) {
  const uid = location.pathname.split("/")[3];
  into.append(node("div.user-info", {}, node("div.user-name", { text: APP.me?.uid === uid ? APP.me.nickname : "" }), node("span.user-redId", { text: "小红书号：" + (APP.me?.uid === uid ? APP.me.red_id : "") })));
  const box = node("div.feeds-container");
  into.append(box);
  let cursor = "", more = true;
  async function next() {
    if (!more) return;
    more = false;
    const data = await get(API + "/api/sns/web/v1/user_posted", { num: 30, cursor, user_id: uid, image_formats: "jpg,webp" });
    box.append(...data.notes.map((n) => noteItem(noteLink(n.note_id, n.xsec_token, location.pathname, "pc_user"), n.display_title, n.user.nickname)));
    cursor = data.cursor; more = data.has_more;
  }
  addEventListener("scroll", () => { if (document.documentElement.scrollHeight - scrollY - innerHeight < 150) next().catch(failed); });
  if (APP.me) { get(API + "/api/sns/web/v1/user/selfinfo").catch(() => {}); await next(); }
}
