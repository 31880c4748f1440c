// The home page: recommended works, the top bar with private messages and notices, or the login.
const entry = node("div.im-entry~", { "data-e2e": "im-entry" }, node("span", { text: "私信" }));
const bell = node("div.notice-entry~", { text: "通知", onclick: byPerson(noticePanel) });
const login = () => {
  if ($("#login-panel-new")) return;
  const panel = node("div.mask", { id: "login-panel-new" }, node("div", { style: "width:460px" }));
  document.body.append(panel);
  loginCard(panel.firstChild);
};
const feed = node("div.feed~", { style: "padding:24px" });
$("#root").append(node("div.top", {}, node("b", { text: "抖音" }), node("span", { text: "精选" }), node("span", { text: "推荐", style: "flex:1" }),
  ...(APP.me ? [bell, entry, node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/" + APP.me.uid + ".svg", alt: "" }))]
    : [MANNERS.guest_avatar && node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/guest.svg", alt: "" })), node("button", { text: "登录", onclick: byPerson(login) })])), feed);

if (APP.me) {
  // The stores hang high above the entry, as they do on the real site.
  fiber(entry, { className: "im-entry" }, 25, { imStore, noticeStore });
  startChats(entry);
  chats.fresh.push((m, notice) => { if (notice) onNotice(notice).catch(() => {}); });
  get("/aweme/v1/web/query/user/", { aid: 6383 }).catch(() => {});
  get("/aweme/v1/web/tab/feed/", { count: 6, aid: 6383 }).then((json) => feed.append(...(json.aweme_list || []).map((w) => node("div.card", { text: w.desc + " @" + w.author.nickname })))).catch(() => {});
  document.body.append(node("button.semi-button.float", { text: "发送", title: "意见反馈" })); // looks like a send button and is none
} else setTimeout(login, 5000);
