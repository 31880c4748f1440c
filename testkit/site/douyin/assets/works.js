// The owner's works: the newer list with its numbers, or the older one, whose first address lacks a slash.
function workSource() {
  let cursor = 0, more = true, busy = false;
  return {
    get more() { return more; },
    async next() {
      if (!more || busy) return [];
      busy = true;
      try {
        if (MANNERS.old_works) {
          const json = await get("/aweme/v1/creator/item/list" + (cursor ? "/" : ""), { cursor, aid: 2906 });
          cursor = json.cursor; more = has(json.has_more);
          return (json.item_info_list || []).map((w) => ({ id: w.item_id_plain, opaque: w.item_id, title: w.title, time: w.create_time, numbers: "评论 " + w.comment_count, cover: w.cover_image_url }));
        }
        const json = await get("/janus/douyin/creator/pc/work_list", { status: 0, count: 12, max_cursor: cursor, scene: "star_atlas", device_platform: "android", aid: 1128 });
        cursor = json.max_cursor; more = has(json.has_more);
        return (json.aweme_list || []).map((w, i) => ({
          id: w.aweme_id, opaque: w.item_id, title: w.item_title || w.desc, time: "发布于" + clock(w.create_time * 1000), cover: w.Cover.url_list[0],
          numbers: `播放 ${json.items[i].metrics.view_count} · 评论 ${json.items[i].metrics.comment_count}`,
        }));
      } finally { busy = false; }
    },
  };
}
async function worksPage(into) {
  const box = node("div.content-body~", { style: "height:100%;overflow-y:auto" });
  const end = node("p", { text: "加载中" });
  const source = workSource();
  let swallow = MANNERS.swallow, busy = false;
  into.append(node("h3", { text: "作品管理" }), box);
  box.append(end);
  const load = async () => {
    for (const w of await source.next()) {
      end.before(fiber(node("div.card.video-card~", {}, node("img", { src: w.cover, alt: "" }), node("div.info-title-text~", { text: w.title }),
        node("div.info-time~", { text: w.time }), node("div.info-figure~", { text: w.numbers })), { item: { aweme_id: w.id } }));
    }
    end.textContent = source.more ? "加载中" : "没有更多作品";
  };
  box.addEventListener("scroll", async () => {
    if (busy || box.scrollHeight - box.scrollTop - box.clientHeight > 150) return;
    if (swallow > 0) { swallow--; return; }
    busy = true;
    try { await load(); } finally { busy = false; }
  });
  await load();
}
