// The creator's home: who is logged in.
async function homePage(into) {
  const { user_profile: me } = await get("/aweme/v1/creator/pc/user_info", creatorQuery);
  if (!me) return;
  into.append(node("div.card.container~", {},
    node("div.avatar~", {}, node("img", { src: me.avatar_thumb.url_list[0], alt: "" })),
    node("div.name~", { text: me.nickname }), node("div.unique_id~", { text: "抖音号：" + me.unique_id }),
    node("div.line", {},
      node("div", { id: "guide_home_following" }, node("span.number~", { text: String(me.following_count) }), node("span", { text: "关注" })),
      node("div", { id: "guide_home_fans" }, node("span.number~", { text: String(me.follower_count) }), node("span", { text: "粉丝" }))),
    node("div.signature~", { text: me.signature })));
  await get("/aweme/v1/creator/data/overview/total", creatorQuery);
}
