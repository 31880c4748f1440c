// Which comment or reply a row of the creator's list shows: the id that the reply's target has, where the row knows it by that or by
// another of its names; else the row's first id. The rows are used again as the list scrolls, so only the row's own fiber tells.
(row, args) => {
  const name = Object.keys(row).find((key) => key.startsWith("__reactFiber$"));
  if (!name) throw new Error("the rows of the comment list have no fiber");
  const targets = ["discussion", "comment"].map((kind) => args[`target.${kind}_id`]).filter(Boolean);
  const namesOf = (id) => ["discussion", "comment"].flatMap((kind) => args[`target.${kind}_id`] === id ? [id, ...(args[`target.${kind}_aliases`] ?? "").split(" ")] : []);
  for (let fiber = row[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const props = fiber.memoizedProps ?? {};
    const ids = [props.cid, props.commentId, props.comment?.cid, props.comment?.commentId].filter(Boolean).map(String);
    if (!ids.length) continue;
    const opaque = (id) => id.startsWith("@");
    if (targets.length && ids.every(opaque) && !targets.flatMap(namesOf).some(opaque)) throw new Error("the rows have opaque ids, and the target's is not known");
    return targets.find((id) => namesOf(id).some((known) => ids.includes(known))) ?? ids[0];
  }
  return null;
}
