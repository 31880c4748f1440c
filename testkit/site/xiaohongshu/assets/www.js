// The main site: one application, which shows a page by its address; guests get the login card by themselves.
const pages = [
  [/^\/explore\/?$/, explorePage], [/^\/notification/, notificationPage], [/^\/chat/, chatPage],
  [/^\/explore\/\w+/, notePage], [/^\/user\/profile\/\w+\/\w+/, notePage], [/^\/user\/profile\/\w+/, profilePage],
];
const badge = node("div.badge-container", { style: "display:none" }, node("div.count"));
const channel = (text, href, extra) => node("li", {}, node("a.link-wrapper", { href }, node("span.channel", { text }), extra));
const content = node("div.main-content.with-side-bar");
$("#root").append(node("div.layout", {}, node("div.main-container", {}, node("div.side-bar", {}, node("b", { text: "小红书" }), node("ul.channel-list", {},
  channel("发现", "/explore"), channel("发布", "https://creator.xiaohongshu.com/publish/publish?source=official"), channel("通知", "/notification", badge), channel("消息", "/chat"),
  APP.me ? node("li.user.side-bar-component", {}, node("a.link-wrapper", { href: "/user/profile/" + APP.me.uid, title: "我" }, node("img.reds-img", { src: "https://sns-avatar-qc.xhscdn.com/avatar/" + APP.me.uid + ".svg", alt: "" }), node("span.channel", { text: "我" }))) : null),
APP.me ? null : node("button.login-btn", { id: "login-btn", text: "登录", onclick: byPerson(() => showLogin()) })), content)));
function showLogin() { if (!$(".login-container")) document.body.append(loginBox()); }

// counted shows how many notifications are new.
function counted(n) {
  Object.assign(raw(STATE.notification.notificationCount), n);
  badge.style.display = n.unreadCount ? "" : "none";
  badge.firstChild.textContent = n.unreadCount;
}

if (!APP.me) setTimeout(showLogin, 300);
else {
  counted(counts(APP.unread));
  get(API + "/api/sns/web/v2/user/me").catch(() => {});
  setInterval(() => get(API + "/api/sns/web/unread_count").then((n) => counted(counts(n))).catch(() => {}), MANNERS.poll_ms);
}
const page = pages.find(([path]) => path.test(location.pathname));
if (page && (APP.me || page[1] === notePage || page[1] === profilePage)) Promise.resolve(page[1](content)).catch(failed);
