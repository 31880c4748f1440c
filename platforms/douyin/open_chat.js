// Whose chat is open in the dialog: the other side's numeric id, which every shown message's conversation must name; of a group
// the conversation's id. The header must bear the name that the page's store has for that person. Otherwise it says what is
// wrong, or "" while there is nothing to see.
(args) => {
  const propsOf = (el, levels, pick) => {
    const name = Object.keys(el).find((key) => key.startsWith("__reactFiber$"));
    for (let fiber = name && el[name], level = 0; fiber && level < levels; fiber = fiber.return, level++) {
      const found = pick(fiber.memoizedProps ?? {});
      if (found) return found;
    }
    return null;
  };
  const panels = document.querySelectorAll(".componentsRightPanelwrapper");
  const header = document.querySelectorAll(".componentsRightPanelHeadertitle");
  const items = [...document.querySelectorAll('.componentsRightPanelwrapper [data-e2e="msg-item-content"]')];
  const chats = new Set(items.map((item) => propsOf(item, 6, (props) => props.conversationId)));
  if (panels.length !== 1 || header.length !== 1 || chats.size === 0) return "";
  if (chats.size > 1 || chats.has(null)) return "messages of several chats";
  const chat = [...chats][0];
  if (!/^0:\d+:/.test(chat)) return chat;
  const peer = chat.split(":").slice(2).find((uid) => uid !== args.owner) ?? args.owner;
  const entry = document.querySelector('[data-e2e="im-entry"]');
  const store = entry && propsOf(entry, 60, (props) => props.imStore);
  const who = store?.userInfoFromServerMap?.[peer];
  const plain = (s) => (s ?? "").replace(/\s+/g, " ").trim();
  const names = [plain(who?.nickname), plain(who?.remark_name)].filter((name, i) => i === 0 || name);
  return names.includes(plain(header[0].textContent)) ? peer : "a header with another name";
}
