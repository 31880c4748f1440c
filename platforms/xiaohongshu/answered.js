// What the editor at the foot of a note's page answers: the comment or reply whose author and words it shows, or the note itself
// when it shows none. The foot names nobody by id; the click that aimed it was proven on the row with the id, and what it shows must be
// what that row shows now. Otherwise it says what is wrong, or "" while the editor is folded.
(args) => {
  const shown = (el) => !!el && el.checkVisibility();
  const plain = (el) => (el?.textContent ?? "").replace(/\s+/g, " ").trim();
  const foot = document.querySelector(".engage-bar");
  if (!shown(foot?.querySelector("div.bottom"))) return "";
  const to = foot.querySelector(".reply-content");
  const wanted = args["target.discussion_id"] || args["target.comment_id"];
  if (!wanted) return shown(to) ? "a comment, not the note" : location.pathname.split("/").filter(Boolean).pop();
  if (!shown(to)) return "the note, not a comment";
  const row = document.getElementById("comment-" + wanted);
  if (!row) return "a comment that is not shown any more";
  const name = "回复 " + plain(row.querySelector(".right .author .name"));
  const placeholder = (foot.querySelector("p.content-input").getAttribute("placeholder") ?? "").replace(/\s+/g, " ").trim();
  const same = plain(to.querySelector(".reply")) === name.trim() && placeholder === name.trim() && plain(to.querySelector(".content")) === plain(row.querySelector(".note-text"));
  return same ? wanted : "a comment of another person, or with other words";
}
