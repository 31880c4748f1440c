// Which note a card of a profile shows: the last part of where it leads.
(card) => {
  const link = card.querySelector("a[href]");
  return link ? new URL(link.getAttribute("href"), location.href).pathname.split("/").filter(Boolean).pop() : null;
}
