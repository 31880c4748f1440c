// A work's public page with its comments.
$("#root").append(node("div.top", {}, node("b", { text: "抖音" }), !APP.me && node("button", { text: "登录" })), node("div.page", {}, node("h2", { "data-e2e": "video-desc", text: APP.title })));
if (APP.me) {
  const box = node("div.scroller", { "data-e2e": "comment-list", style: "height:calc(100vh - 220px)" });
  const list = commentList(box, sources.www);
  const editor = node("div", { contenteditable: "true", placeholder: "留下你的精彩评论吧" });
  const button = node("button.douyin-creator-interactive-button", { text: "发送", disabled: "" });
  const work = { id: APP.work };
  const mine = composer(editor, button, async (text, how) => { if (await list.publish(text, how)) { mine.clear(); list.show(work); } });
  $(".page").append(node("div.line", { "data-e2e": "comment-input" }, editor, button), box);
  get("/aweme/v1/web/aweme/detail/", { aweme_id: work.id, aid: 6383 }).catch(() => {});
  list.show(work).catch(() => toast("网络错误，请稍后重试"));
}
