// The home page's private messages: the entry in the top bar, the store behind it, and the dialog.
const observable = (list) => {
  const watchers = [];
  if (MANNERS.observable) Object.defineProperty(list, "observe_", { value: (f) => { watchers.push(f); return () => watchers.splice(watchers.indexOf(f), 1); } });
  return { add(item) { list.push(item); for (const f of watchers) f({ type: "splice", added: [item], index: list.length - 1 }); setTimeout(() => list.splice(list.indexOf(item), 1), 300 + Math.random() * 600); } };
};

const imStore = { converSationListOrigin: [], conversationMap: {}, userInfoFromServerMap: {}, msgListToPush: [], messageList: [] };
const pushed = observable(imStore.msgListToPush);

function storeMessage(m) {
  return {
    serverId: m.id, content: m.content, sender: m.sender, secSender: m.sec, conversationId: m.conv.id, conversationShortId: m.conv.shortId, type: m.type,
    createdAt: new Date(m.at).toISOString(), isOffline: false, indexInConversation: { low: Number(m.index & 0xffffffffn), high: Number(m.index >> 32n) },
    ext: { ...m.ext, "s:server_message_create_time": String(m.at) }, __internal_ctx: { option: { userId: chats.me } },
  };
}

function mirror() {
  imStore.converSationListOrigin.length = 0;
  for (const c of chats.list()) {
    const row = { id: c.id, shortId: c.shortId, toParticipantUserId: c.uid, firstPageParticipant: [{ user_id: c.uid, sec_uid: c.sec }], lastMessage: storeMessage(c.messages[0]), _badgeCount: chats.unread(c), bizType: 1 };
    imStore.converSationListOrigin.push(row); imStore.conversationMap[c.id] = row;
    const who = chats.people.get(c.uid);
    if (who) imStore.userInfoFromServerMap[c.uid] = { nickname: who.nickname, sec_uid: c.sec, unique_id: who.unique, avatar_thumb: { url_list: [who.avatar] }, follow_status: 1, follower_status: 1 };
  }
}

function startChats(entry) {
  const names = async (convs) => {
    const json = await post("/aweme/v1/web/im/user/info/", { sec_user_ids: JSON.stringify(convs.map((c) => c.sec)) });
    const bySec = new Map(convs.map((c) => [c.sec, c.uid]));
    return new Map((json.data || []).map((u) => [bySec.get(u.sec_uid), { nickname: u.nickname, unique: u.unique_id, avatar: u.avatar_thumb.url_list[0] }]));
  };
  window.chats = new Chats({ host: "imapi.douyin.com", socket: { aid: 6383, device_platform: "web" }, names });
  const badge = node("span", { "x-semi-prop": "count", text: "" });
  chats.changed.push(() => {
    mirror();
    const n = chats.list().reduce((sum, c) => sum + chats.unread(c), 0);
    badge.textContent = n > 99 ? "99+" : String(n);
    n ? entry.append(badge) : badge.remove();
  });
  chats.fresh.push((m) => { if (m && m.type < 50000) pushed.add(storeMessage(m)); });
  entry.addEventListener("click", byPerson(() => { $('[data-e2e="im-dialog"]') ? $('[data-e2e="im-dialog"]').remove() : dialog(); chats.increment().catch(() => {}); }));
  chats.init("/v2/message/get_message_by_init", 2043).then(() => chats.init("/v1/stranger/get_conversation_list", 1001)).catch(() => {});
}

function dialog() {
  const box = node("div.scroller.conversationConversationListwrapper", { style: "width:280px;height:560px" });
  const right = node("div", { style: "flex:1;display:flex" });
  document.body.append(node("div", { "data-e2e": "im-dialog" }, box, right));
  let shown = null;
  const list = virtual(box, {
    height: () => 72, make: () => node("div", { "data-e2e": "conversation-item" }),
    fill(el, c, index) {
      const last = c.messages[0], n = chats.unread(c);
      el.dataset.index = index;
      el.replaceChildren(node("div.line.conversationConversationItemwrapper", {}, node("img", { src: chats.people.get(c.uid)?.avatar || "", alt: "" }),
        node("div", { style: "flex:1;min-width:0" }, node("div.conversationConversationItemtitle", { text: chats.title(c) }), node("pre", { text: words(last) })),
        node("div", {}, node("div.conversationConversationItemtimeStr", { text: clock(last.at) }), n ? node("span", { "x-semi-prop": "count", text: String(n) }) : null)));
      el.onclick = byPerson(() => {
        shown ||= pane(chats, right, {
          wrapper: "componentsRightPanelwrapper", header: "componentsRightPanelHeadertitle", messages: "messageMessageBoxwrapper", item: "messageMessageItemcontent",
          itemAttributes: { "data-e2e": "msg-item-content" }, input: { "data-e2e": "msg-input" }, button: "span.button.e2e-send-msg-btn.messageMsgInputpublishBtn",
        });
        imStore.messageList.splice(0, imStore.messageList.length, ...c.messages.map(storeMessage));
        shown.show(c).catch(() => toast("网络错误，请稍后重试"));
      });
      fiber(el, { conversation: { id: c.id, shortId: c.shortId, toParticipantUserId: c.uid } }, 4);
    },
  });
  const draw = () => { if (box.isConnected) list.set(chats.list()); };
  chats.changed.push(draw);
  draw();
}
