// One open conversation: header, messages (newest first in the document), and the box to write in. names are the class
// names and attributes that the two applications give to the parts.
function pane(chats, into, names) {
  const title = node("div." + names.header);
  const box = node("div.scroller." + names.messages);
  const editor = node("div", { contenteditable: "true", "data-slate-editor": "true", placeholder: "发送消息…" });
  const button = node(names.button, { text: "发送" });
  const foot = node("div.foot", names.input, editor, button);
  let open = null, sending = false, retitled = null;
  if (names.inner) box.dataset.inner = names.inner;
  into.append(node("div.pane." + names.wrapper, {}, title, box, foot));
  const list = virtual(box, {
    reverse: true, height: (m) => (words(m).length > 60 ? 96 : 52), make: () => node("div.line"),
    more: () => open && open.more && chats.history(open, open.messages[open.messages.length - 1].index),
    fill(el, m) {
      el.replaceChildren(node("div." + names.item, names.itemAttributes, node("pre." + (m.mine ? "is-me~" : "is-peer~"), { text: words(m) })), node("time", { text: clock(m.at) }));
      fiber(el.firstChild, {
        serverId: m.id, content: m.content, sender: m.sender, secSender: m.sec, secReceiver: m.mine ? open.sec : "", conversationId: open.id, isFromMe: m.mine,
        createdAt: new Date(m.at).toISOString(), nickname: m.mine ? "" : chats.title(open),
      });
    },
  });
  const box2 = composer(editor, null, () => {});

  async function send(text, how) {
    if (!open || sending || !text.trim()) return;
    sending = true;
    try {
      await chats.send(open, text, how);
      box2.clear();
      sending = false;
      await chats.history(open);
      list.bottom();
    } catch (err) { toast(/[\u4e00-\u9fff]/.test(err.message) ? err.message : "发送失败，请检查网络"); }
    sending = false;
  }
  button.addEventListener("click", byPerson(() => send(box2.text(), box2.how())));
  editor.addEventListener("keydown", byPerson((event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send(box2.text(), box2.how());
  }));
  // A line break in the middle of what is inserted sends what stands before it.
  editor.addEventListener("beforeinput", (event) => {
    if (event.inputType === "insertText" && event.data?.includes("\n")) { event.preventDefault(); send(box2.text() + event.data.split("\n")[0], box2.how()); }
  });
  chats.changed.push(() => { if (open) { title.textContent = retitled ?? chats.title(open); list.set(open.messages); } });
  addEventListener("stage", ({ detail }) => { if (detail.act === "header" && open) title.textContent = retitled = detail.name; });
  return {
    async show(c) {
      open = c; retitled = null;
      title.textContent = chats.title(c);
      box2.clear();
      list.set(c.messages);
      list.bottom();
      await chats.history(c);
      list.bottom();
      await chats.read(c);
    },
  };
}

// creatorPane names the parts of a pane in the creator centre.
const creatorPane = () => ({
  wrapper: "chat-box~", header: "box-header-name~", messages: "box-messages~", inner: "ReactVirtualized__Grid__innerScrollContainer",
  item: "box-item-message~", itemAttributes: {}, input: {}, button: "button.semi-button.semi-button-primary.chat-btn",
});
