// Whose conversation a row of the list stands for. data-conv-id ends with the other side's id, or is opaque: then only the open
// conversation is known, by the page's address.
(row) => {
  const [, peer] = (row.getAttribute("data-conv-id") ?? "").split(".");
  if (peer) return peer;
  const open = /^\/chat\/(\w+)/.exec(location.pathname);
  return open && row.classList.contains("xhs-im-conv-item--active") ? open[1] : null;
}
