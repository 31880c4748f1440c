// What the open conversation shows of one's own: the ids of the bubbles with the reply's words, the ids of the site's own words
// below, and whether the editor is empty. Compared with what it was before the commit it tells what came of it.
(args) => {
  const plain = (s) => (s ?? "").replace(/\s+/g, " ").trim();
  const list = document.querySelector(".xhs-im-msg-list"), editor = document.querySelector(".xhs-im-input-bar-editor");
  if (!list || !editor) return null;
  const words = plain(args["reply.content"]);
  const mine = [...list.querySelectorAll(".chat-item[data-message-id]")].filter((item) => item.querySelector(".chat-item__bubble--me") &&
    plain(item.querySelector(".xhs-im-bubble__text")?.textContent) === words);
  const said = [...list.querySelectorAll(".chat-item--system[data-message-id]")];
  return {
    sent: mine.map((item) => item.getAttribute("data-message-id")),
    said: said.map((item) => ({ id: item.getAttribute("data-message-id"), text: plain(item.textContent) })),
    empty: plain(editor.textContent) === "",
  };
}
