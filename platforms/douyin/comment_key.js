// Which comment or reply a row of the creator's list shows: the id that the reply's target has, numeric or opaque, whichever of
// the two the row knows; else the row's first. The rows are used again as the list scrolls, so only the row's own fiber tells.
(row, args) => {
  const name = Object.keys(row).find((key) => key.startsWith("__reactFiber$"));
  if (!name) throw new Error("the rows of the comment list have no fiber");
  for (let fiber = row[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const props = fiber.memoizedProps ?? {};
    const ids = [props.cid, props.commentId, props.comment?.cid, props.comment?.commentId].filter(Boolean).map(String);
    const wanted = [args["target.discussion_id"], args["target.comment_id"], args["each.key"]];
    if (ids.length) return wanted.find((id) => id && ids.includes(id)) ?? ids[0];
  }
  return null;
}
