"use strict";
// The grid of works; more come by scrolling the window.
const card = (w) => node("article.work-card", { data: { id: w.id } },
  node("img.work-cover", { src: w.cover, alt: "" }), node("div.work-title", { text: w.title }),
  node("div.work-stats", { text: `播放 ${w.stats.view_count} · 赞 ${w.stats.like_count} · 评论 ${w.stats.comment_count} · 收藏 ${w.stats.favorite_count}` }),
  node("time", { text: clock(w.create_time * 1000) }));

const works = pager("/api/works", () => ({ count: 12 }), (json, first) => {
  const grid = $(".work-grid");
  if (first) grid.replaceChildren();
  grid.append(...rows(json, "works").map(card));
  $(".list-end").hidden = json.has_more;
  setTimeout(() => { if (document.documentElement.scrollHeight <= innerHeight) works.next(); }); // nothing to scroll yet
});
atEnd(null, () => works.next());
page(() => works.first(), (push) => {
  for (const w of rows(push, "works")) $(".work-grid").prepend(card(w));
  if (push.type === "delete") $(`.work-card[data-id="${push.id}"]`)?.remove();
});
