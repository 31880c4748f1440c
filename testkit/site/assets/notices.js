"use strict";
const render = (n) => node("div.notice-row", { data: { id: n.id, type: n.type } },
  node("b.notice-title", { text: n.title }), node("span.notice-text", { text: n.text }), node("time.notice-time", { text: clock(n.create_time * 1000) }));

const notices = pager("/api/notices", () => ({}), (json, first) => {
  const into = $(".notice-list");
  if (first) into.replaceChildren();
  into.append(...rows(json, "notifications").map(render));
  $(".panel-more").hidden = !json.has_more;
});
$(".panel-more").addEventListener("click", () => notices.next());
page(() => notices.first(), (push) => {
  for (const n of rows(push, "notifications")) $(".notice-list").prepend(render(n));
  if (push.type === "delete") $(`.notice-row[data-id="${push.id}"]`)?.remove();
});
