// The creator centre: one application, whose menu changes the page without loading another.
const routes = {
  "/creator-micro/home": ["首页", homePage],
  "/creator-micro/content/manage": ["作品管理", worksPage],
  "/creator-micro/interactive/comment": ["评论管理", commentPage],
  "/creator-micro/data/following/chat": ["私信管理", chatPage],
  "/creator-micro/content/upload": ["发布作品", async (into) => { into.append(node("button.semi-button", { text: "上传视频" })); }],
};

function go() {
  const [, page] = routes[location.pathname] || routes["/creator-micro/home"];
  const into = $(".page");
  into.replaceChildren();
  page(into).catch(() => toast("网络错误，请稍后重试"));
}

if (APP.card) loginCard($("#root"));
else if (APP.code) codeStep($("#root"));
else {
  const link = ([path, [text]]) => node("a", { href: path, text, onclick: (event) => { event.preventDefault(); history.pushState(null, "", path); go(); } });
  $("#root").append(
    node("div.top", {}, node("b", { text: "抖音创作者中心" }), node("div.header-avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/" + APP.me.uid + ".svg", alt: "" }))),
    node("div.columns", {}, node("div.side", {}, ...Object.entries(routes).map(link)), node("div.page")));
  addEventListener("popstate", go);
  go();
}
