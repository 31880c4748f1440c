// Notices of the home page: the panel behind 通知, the toast of a new one, and the store.
const noticeStore = { noticePushList: [], noticeListObj: { noticeList: [], minTime: 0, maxTime: 0, hasMore: 1 }, userListObj: {}, noticeUnreadCountMap: { 7: 0, 8: 0, 9: 0, 10: 0, 26: 0 } };
const noticed = observable(noticeStore.noticePushList);

function noticeWords(n) {
  const c = n.comment?.comment;
  if (c) return `${c.user.nickname} ${c.reply_comment ? "回复了评论" : "评论了你的作品"}：${c.text || "[图片]"}`;
  if (n.follow) return n.follow.user.nickname + " 关注了你";
  if (n.digg) return n.digg.user.nickname + " 赞了你的作品";
  return n.general_notice?.content || "";
}

async function onNotice(push) {
  const json = await get("/aweme/v1/web/notice/detail/", { id_list: JSON.stringify(push.notice_list), aid: 6383 });
  for (const n of json.notice_list_v2 || []) {
    noticed.add(n);
    noticeStore.noticeUnreadCountMap[7]++;
    $("#pushListBoxId")?.remove();
    const el = node("div", { id: "pushListBoxId", text: noticeWords(n) });
    document.body.append(el);
    setTimeout(() => el.remove(), 3000);
  }
}

function noticePanel() {
  const open = $(".notice-panel");
  if (open) { open.remove(); return; }
  const panel = node("div.panel.notice-panel.notice-box~");
  let before = 0, more = true, busy = false;
  async function load() {
    if (!more || busy) return;
    busy = true;
    try {
      const json = await get("/aweme/v1/web/notice/", { notice_group: 700, min_time: 0, max_time: before, count: 10, is_new_notice: 1, aid: 6383 });
      const rows = json.notice_list_v2 || [];
      more = has(json.has_more) && rows.length > 0; before = json.min_time;
      noticeStore.noticeListObj.noticeList.push(...rows);
      panel.append(...rows.map((n) => fiber(node("div.card.notice-item~", { text: noticeWords(n) }), { notice: { nid_str: n.nid_str } })));
      if (!more) panel.append(node("p", { text: "暂时没有更多了" }));
    } finally { busy = false; }
    if (more && panel.isConnected && panel.scrollHeight <= panel.clientHeight) await load();
  }
  panel.addEventListener("scroll", () => { if (panel.scrollHeight - panel.scrollTop - panel.clientHeight < 100) load().catch(() => {}); });
  document.body.append(panel);
  load().catch(() => toast("网络错误，请稍后重试"));
}
