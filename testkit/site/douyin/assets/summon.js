// The chat pane as a site of its own, in a frame of the creator's page, which tells it what to open.
let shown = null;
addEventListener("message", async (event) => {
  if (event.origin !== "https://creator.douyin.com") return;
  const { open, name, uid, shortId, sec, token } = event.data;
  if (!shown) {
    window.chats = new Chats({ host: "imapi.snssdk.com", token, socket: { token, aid: 2906 }, names: async () => new Map() });
    shown = pane(chats, $("#root"), creatorPane());
    $("#root").style.height = "100vh";
  }
  chats.people.set(uid, { nickname: name });
  try {
    if (!chats.convs.has(open)) {
      const body = await chats.ask("/v2/conversation/get_info_list", 610, [[1, [[1, open], [2, BigInt(shortId)], [3, 1]]]]);
      for (const c of subs(body, 1)) chats.keepConversation(c);
    }
    const c = chats.convs.get(open);
    c.uid ||= uid; c.sec ||= sec;
    await shown.show(c);
  } catch { toast("网络错误，请稍后重试"); }
});
parent.postMessage({ ready: true }, "https://creator.douyin.com");
