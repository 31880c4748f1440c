// The creator's private messages: a virtual list at the left, and the open chat in a frame of another site, or beside it.
async function chatPage(into) {
  const { token } = await get("/aweme/v1/creator/im/user_token/v2/", { aid: 2906 });
  const names = async (convs) => {
    const json = await post("/aweme/v1/creator/im/user_detail/", { user_ids: JSON.stringify(convs.map((c) => c.uid)) });
    return new Map((json.user_list || []).map((u) => [u.user_id, { nickname: u.user.nickname, avatar: u.user.avatar_thumb.url_list[0] }]));
  };
  const chats = window.chats = new Chats({ host: "imapi.snssdk.com", token, socket: { token, aid: 2906 }, names });
  const box = node("div.scroller.semi-list", { role: "list", style: "width:300px;height:calc(100vh - 90px)" });
  const right = node("div.box-content~", { style: "flex:1;height:calc(100vh - 90px)" });
  into.append(node("h3", { text: "私信管理" }), node("div.line", { style: "align-items:stretch" }, box, right));
  const frame = MANNERS.frame && node("iframe.chat", { src: "https://summon.bytedance.com/im/chat?aid=2906" });
  let ready = false, wanted = null;
  const tell = () => { if (ready && wanted) frame.contentWindow.postMessage({ open: wanted.id, name: chats.title(wanted), uid: wanted.uid, shortId: wanted.shortId, sec: wanted.sec, token }, "https://summon.bytedance.com"); };
  if (frame) addEventListener("message", (event) => { if (event.origin === "https://summon.bytedance.com" && event.data.ready) { ready = true; tell(); } });
  const open = frame ? (c) => { wanted = c; tell(); } : (() => {
    const shown = pane(chats, right, creatorPane());
    return (c) => shown.show(c).catch(() => toast("网络错误，请稍后重试"));
  })();
  if (frame) right.append(frame);
  const list = virtual(box, {
    height: () => 64, make: () => node("li.semi-list-item", { role: "list-item" }),
    fill(el, c) {
      const last = c.messages[0], n = chats.unread(c);
      el.replaceChildren(node("div.line.item~", {}, node("img", { src: chats.people.get(c.uid)?.avatar || "", alt: "" }),
        node("div", {}, node("span.item-header-name~", { text: chats.title(c) }), node("span.item-header-time~", { text: clock(last.at) }), node("div.item-content~", { text: words(last) })),
        n ? node("span", { "x-semi-prop": "count", text: String(n) }) : null));
      el.onclick = byPerson(() => { open(c); });
      fiber(el, { item: { id: c.id, shortId: c.shortId, secUid: c.sec, uid: c.uid } }, 4);
    },
  });
  chats.changed.push(() => list.set(chats.list()));
  await chats.init("/v2/message/get_by_user_init", 203);
  await chats.init("/v1/stranger/get_conversation_list", 1001);
}
