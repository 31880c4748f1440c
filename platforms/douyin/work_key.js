// Which work a card of the side sheet stands for.
(card) => {
  const name = Object.keys(card).find((key) => key.startsWith("__reactFiber$"));
  if (!name) throw new Error("the cards of the side sheet have no fiber");
  for (let fiber = card[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const props = fiber.memoizedProps ?? {};
    const id = props.item?.aweme_id ?? props.aweme?.aweme_id;
    if (id) return String(id);
  }
  return null;
}
