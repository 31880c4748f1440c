// Private messages: the list of conversations, the open one, and the socket through which messages leave, in frames that
// nobody can read. What the socket brings says only that something changed; the page then asks for it.
function mix(salt, bytes) { return bytes.map((b, i) => b ^ salt[i % salt.length] ^ ((i * 31 + 7) & 255)); }
function seal(what) {
  const salt = crypto.getRandomValues(new Uint8Array(8));
  return new Uint8Array([82, 87, 80, 1, ...salt, ...mix(salt, new TextEncoder().encode(JSON.stringify(what)))]);
}
const unseal = (bytes) => JSON.parse(new TextDecoder().decode(mix(bytes.subarray(4, 12), bytes.subarray(12))));

const lines = { 0: "[请在App内查看]", 2: "[图片]", 3: "[笔记]", 13: "[表情]" };
function parse(m) {
  const { content_type: type, content, front_chain: front } = JSON.parse(m.content);
  return { ...m, type, text: m.revoked ? "消息已撤回" : lines[type] ?? (content || front) };
}

async function chatPage(into) {
  const convBox = node("div.xhs-im-conv-list__scroll"), pane = node("div.xhs-im-chat-window");
  into.append(node("div.xhs-im", {}, node("div.xhs-im-conv-list", {}, convBox), pane));
  let convs = [], unread = {}, open = null, socket = null;
  const waiting = new Map(); // acks, by the page's own id

  const list = virtual(convBox, {
    height: 72, make: () => { const el = node("div.xhs-im-conv-item"); el.addEventListener("click", byPerson(() => select(el.shown))); return el; },
    fill(el, c) {
      const n = unread[c.chat_user_id] || 0;
      el.className = "xhs-im-conv-item" + (open?.id === c.chat_user_id ? " xhs-im-conv-item--active" : "");
      el.setAttribute("data-conv-id", MANNERS.conv_ids === "opaque" ? c.chat_id : c.user_id + "." + c.chat_user_id);
      el.setAttribute("data-conv-kind", c.type);
      el.replaceChildren(node("img.xhs-im-conv-item__avatar", { src: c.info.avatar, alt: "" }), node("div.xhs-im-conv-item__main", {}, node("div.xhs-im-conv-item__name", { text: c.info.nickname }),
        node("div.xhs-im-conv-item__summary", {}, node("span.xhs-im-conv-item__summary-text", { text: c.last_msg_content }))), node("div.xhs-im-conv-item__time", { text: clock(c.last_msg_time) }),
      n ? node("div.xhs-im-conv-item__badge", { text: n > 99 ? "99+" : n }) : null);
    },
  });

  async function load() {
    const all = [];
    for (let page = 1; ; page++) {
      const { chats } = await get(API + "/api/im/web/v3/chats", { limit: 100, complete: true, page, source: "pc" });
      all.push(...chats);
      if (chats.length < 100) break;
    }
    unread = (await get(API + "/api/im/web/chat/get_unread")).user_chat_unread_counts;
    convs = all;
    list.set(convs);
  }

  // select opens a conversation: it is read, and marked as read.
  async function select(c) {
    if (open?.id === c.chat_user_id) return;
    history.replaceState(null, "", "/chat/" + c.chat_user_id);
    open = conversation(pane, c, send);
    list.set(convs);
    const mine = open;
    setTimeout(() => { if (open === mine && c.type !== "official") mine.editor(); }, MANNERS.editor_ms);
    await look(mine, c).catch(failed);
  }
  async function look(mine, c) {
    await mine.load();
    const read = { chat_id: c.chat_id, read_store_id: c.max_store_id, unread_count: unread[c.chat_user_id] || 0, type: 1 };
    await post(API + "/api/im/web/v2/messages/read", { chat_list: [read] });
    delete unread[c.chat_user_id];
    list.set(convs);
  }

  function connect() {
    socket = new WebSocket("wss://apppush-rws.xiaohongshu.com/rwp");
    socket.binaryType = "arraybuffer";
    socket.onmessage = async (event) => {
      const told = unseal(new Uint8Array(event.data));
      if (told.type === "ack") { waiting.get(told.id)?.(told); return; }
      await load().catch(() => {});
      const now = convs.find((c) => c.chat_user_id === open?.id);
      if (now && told.to === open.id) look(open, now).catch(() => {});
    };
    socket.onclose = () => setTimeout(() => { connect(); load().catch(() => {}); }, 1500);
  }

  // send lets a text leave, and returns what the site says to it; nobody answers = an error.
  async function send(peer, text, how) {
    const id = crypto.randomUUID();
    const ack = new Promise((done, lost) => { waiting.set(id, done); setTimeout(() => lost(new Error("发送失败")), 10000); });
    socket.send(seal({ id, to: peer, text, how }));
    try {
      const told = await ack;
      await wait(told.wait);
      return told;
    } finally { waiting.delete(id); load().catch(() => {}); }
  }

  addEventListener("stage", ({ detail }) => {
    if (detail.act === "header" && open) open.title(detail.name);
    if (detail.act !== "renamed") return;
    for (const c of convs) if (c.chat_user_id === detail.uid) c.info.nickname = detail.nickname;
    list.set(convs);
    if (open?.id === detail.uid) open.title(detail.nickname);
  });
  connect();
  await load();
  const wanted = location.pathname.split("/")[2] || new URLSearchParams(location.search).get("openUid");
  const first = wanted && convs.find((c) => c.chat_user_id === wanted);
  if (first) await select(first);
}

// conversation is the open one: header, messages (oldest first), and the editor, which comes last.
function conversation(pane, c, send) {
  const header = node("div.xhs-im-chat-window__header-name", { text: c.info.nickname });
  const box = node("div.xhs-im-msg-list"), foot = node("div.xhs-im-input-bar");
  let messages = [], lowest = 0, busy = false, sending = false;
  pane.replaceChildren(node("div.xhs-im-chat-window__header", {}, header), box, foot);
  const ask = (last) => get(API + "/api/im/web/messages/history", { chat_user_id: c.chat_user_id, last_id: last, start_id: 0, limit: 30 });

  function bubble(m) {
    if (m.type === 4) return node("div.chat-item.chat-item--system", { "data-message-id": m.id }, node("div.chat-item__hint", { text: m.text }));
    const mine = m.sender_id === c.user_id;
    return node("div.chat-item", { "data-message-id": m.id }, node("div.chat-item__bubble-row" + (mine ? ".chat-item__bubble-row--right" : ""), {},
      node("div.chat-item__bubble" + (mine ? ".chat-item__bubble--me" : ""), {}, node(m.type === 13 ? "span.xhs-im-bubble__emoji" : "span.xhs-im-bubble__text", { text: m.text }))));
  }
  function keep(page) {
    const fresh = new Map(messages.map((m) => [m.id, m]));
    for (const m of page) fresh.set(m.id, parse(m));
    messages = [...fresh.values()].sort((a, b) => a.store_id - b.store_id);
    lowest = messages[0]?.store_id ?? 1;
    const below = box.scrollHeight - box.scrollTop;
    box.replaceChildren(...messages.map(bubble));
    return below;
  }
  const load = async () => { keep((await ask(0)).out_message_list); box.scrollTop = box.scrollHeight; };
  box.addEventListener("scroll", async () => {
    if (box.scrollTop > 60 || busy || lowest <= 1) return;
    busy = true;
    try { const below = keep((await ask(lowest - 1)).out_message_list); box.scrollTop = box.scrollHeight - below; } catch (err) { failed(err); } finally { busy = false; }
  });

  function editor() {
    if (foot.firstChild) return;
    const input = node("div.xhs-im-input-bar-editor", { contenteditable: "true", placeholder: "发消息…" });
    const write = composer(input, null, () => {});
    foot.append(input);
    async function go(text, how) {
      if (sending || !text.trim()) return;
      sending = true;
      try {
        const told = await send(c.chat_user_id, text, how);
        if (told.code && told.code !== -20006) toast(told.text || "发送失败"); else write.clear();
      } catch { toast("发送失败，请检查网络"); }
      sending = false;
      await load().catch(() => {});
    }
    input.addEventListener("keydown", byPerson((event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      go(write.text(), write.how());
    }));
    // A line break in what is inserted sends what stands before it; the rest is lost.
    input.addEventListener("beforeinput", (event) => {
      const text = event.data ?? event.dataTransfer?.getData("text/plain");
      if (event.inputType.startsWith("insert") && text?.includes("\n")) { event.preventDefault(); go(write.text() + text.split("\n")[0], write.how()); }
    });
  }
  return { id: c.chat_user_id, load, editor, title(name) { header.textContent = name; } };
}
