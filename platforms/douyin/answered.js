// Which comment or reply the open editor answers: that of the row that the editor stands in, as comment_key tells it. "" when no
// editor is open, or more than one.
(args) => {
  const boxes = [...document.querySelectorAll('[class*="comment-list-"] [class*="reply-box-"]')];
  const row = boxes.length === 1 ? boxes[0].closest('[class*="container-"]') : null;
  const name = row && Object.keys(row).find((key) => key.startsWith("__reactFiber$"));
  for (let fiber = name && row[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const props = fiber.memoizedProps ?? {};
    const ids = [props.cid, props.commentId, props.comment?.cid, props.comment?.commentId].filter(Boolean).map(String);
    const wanted = args["target.discussion_id"] || args["target.comment_id"];
    if (ids.length) return ids.includes(wanted) ? wanted : ids[0];
  }
  return "";
}
