// A list that shows the visible part of many items in few nodes and uses these again as it scrolls: a node that showed one
// person shows another a moment later. The nodes' order in the document is not their order on the screen.
function virtual(box, { height, make, fill, more, reverse }) {
  const inner = node("div", { class: box.dataset.inner || "" });
  box.append(inner);
  let items = [], nodes = [], shift = 0, swallow = MANNERS.swallow, busy = false;

  function draw() {
    const ends = [];
    let total = 0;
    for (const item of items) ends.push(total += height(item));
    const floor = reverse ? Math.max(total, box.clientHeight) : total;
    inner.style.height = floor + "px";
    const from = reverse ? floor - box.scrollTop - box.clientHeight : box.scrollTop;
    let first = ends.findIndex((end) => end > from - 60);
    if (first < 0) first = 0;
    let last = first;
    while (last < items.length && (last === 0 ? 0 : ends[last - 1]) < from + box.clientHeight + 60) last++;
    while (nodes.length < last - first) nodes.push(make());
    const used = new Set();
    for (let i = first; i < last; i++) {
      const el = nodes[(i + shift) % nodes.length], item = items[i], top = i ? ends[i - 1] : 0;
      if (!el.isConnected) inner.append(el);
      if (el.shown !== item || el.rev !== item.rev || el.index !== i) { el.shown = item; el.rev = item.rev; el.index = i; fill(el, item, i); }
      el.style[reverse ? "bottom" : "top"] = top + "px";
      el.style.height = height(item) + "px";
      used.add(el);
    }
    for (const el of nodes) if (!used.has(el)) { el.remove(); el.shown = null; }
  }

  box.addEventListener("scroll", async () => {
    draw();
    const left = reverse ? box.scrollTop : box.scrollHeight - box.scrollTop - box.clientHeight;
    if (!more || busy || left > 150) return;
    if (swallow > 0) { swallow--; return; }
    busy = true;
    try { await more(); } finally { busy = false; }
  });
  addEventListener("resize", draw);
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") { shift++; for (const el of nodes) el.shown = null; draw(); }
    if (detail.act === "reorder") { items = [...items].reverse(); for (const el of nodes) el.shown = null; draw(); }
  });
  return {
    draw,
    set(list) {
      const stays = reverse && box.scrollHeight - box.scrollTop - box.clientHeight;
      items = list; draw();
      if (reverse) { box.scrollTop = box.scrollHeight - box.clientHeight - stays; draw(); }
    },
    bottom() { box.scrollTop = box.scrollHeight; draw(); },
  };
}
