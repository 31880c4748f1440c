// Which comment or reply the open editor answers: that of the row that the editor stands in, by the target's own id where the row
// knows it by any of its names. "" when no editor is open, or more than one.
(args) => {
  const boxes = [...document.querySelectorAll('[class*="comment-list-"] [class*="reply-box-"]')];
  const row = boxes.length === 1 ? boxes[0].closest('[class*="container-"]') : null;
  const name = row && Object.keys(row).find((key) => key.startsWith("__reactFiber$"));
  const kind = args["target.discussion_id"] ? "discussion" : "comment";
  const known = [args[`target.${kind}_id`], ...(args[`target.${kind}_aliases`] ?? "").split(" ")].filter(Boolean);
  for (let fiber = name && row[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const props = fiber.memoizedProps ?? {};
    const ids = [props.cid, props.commentId, props.comment?.cid, props.comment?.commentId].filter(Boolean).map(String);
    if (ids.length) return known.some((id) => ids.includes(id)) ? known[0] : ids[0];
  }
  return "";
}
