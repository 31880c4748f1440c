// Whose chat a row of the dialog's list stands for: the other side's numeric id; of a group the conversation's.
(row) => {
  const name = Object.keys(row).find((key) => key.startsWith("__reactFiber$"));
  if (!name) throw new Error("the rows of the conversation list have no fiber");
  for (let fiber = row[name], level = 0; fiber && level < 6; fiber = fiber.return, level++) {
    const chat = fiber.memoizedProps?.conversation;
    if (chat) return /^0:\d+:/.test(chat.id) ? String(chat.toParticipantUserId) : String(chat.id);
  }
  return null;
}
