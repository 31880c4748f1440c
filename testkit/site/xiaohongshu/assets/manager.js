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
