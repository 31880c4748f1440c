// Whose conversation is open: the other side's id, when the page's address, the list's active row and the name above the messages
// agree. A row that does not tell whose it is needs a name to agree with. Otherwise it says what is wrong, or "" while there
// is nothing to see.
() => {
  const open = /^\/chat\/(\w+)/.exec(location.pathname);
  const header = document.querySelectorAll(".xhs-im-chat-window__header-name");
  const rows = document.querySelectorAll(".xhs-im-conv-item--active");
  if (!open || header.length !== 1 || rows.length !== 1) return "";
  const plain = (el) => (el?.textContent ?? "").replace(/\s+/g, " ").trim();
  const name = plain(rows[0].querySelector(".xhs-im-conv-item__name"));
  const [, peer] = (rows[0].getAttribute("data-conv-id") ?? "").split(".");
  if (peer ? peer !== open[1] : name === "") return "a row that is not the address's";
  return plain(header[0]) === name ? open[1] : "a header with another name";
}
