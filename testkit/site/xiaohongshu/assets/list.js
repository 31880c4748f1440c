// A list that shows the visible part of many items in few nodes and uses these again as it scrolls: a node that showed one
// person shows another a moment later. The nodes' order in the document is not their order on the screen.
function virtual(box, { height, make, fill }) {
  const inner = node("div");
  box.append(inner);
  let items = [], nodes = [], shift = 0;

  function draw() {
    inner.style.height = items.length * height + "px";
    const first = Math.max(0, Math.floor((box.scrollTop - 60) / height));
    const last = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight + 60) / height));
    while (nodes.length < last - first) nodes.push(make());
    const used = new Set();
    for (let i = first; i < last; i++) {
      const el = nodes[(i + shift) % nodes.length];
      if (!el.isConnected) inner.append(el);
      if (el.shown !== items[i] || el.rev !== items[i].rev) { el.shown = items[i]; el.rev = items[i].rev; fill(el, items[i]); }
      el.style.top = i * height + "px";
      el.style.height = height + "px";
      used.add(el);
    }
    for (const el of nodes) if (!used.has(el)) { el.remove(); el.shown = null; }
  }
  const again = () => { for (const el of nodes) el.shown = null; draw(); };
  box.addEventListener("scroll", draw);
  addEventListener("resize", draw);
  addEventListener("stage", ({ detail }) => {
    if (detail.act === "recycle") { shift++; again(); }
    if (detail.act === "reorder") { items = [...items].reverse(); again(); }
  });
  return { set(list) { items = list; again(); } };
}

// rows is a list of as many nodes as items; the i-th node shows the i-th item, whichever that is now.
function rows(into, make, fill) {
  let items = [], nodes = [], shift = 0;
  function draw() {
    while (nodes.length < items.length) nodes.push(make());
    const order = items.map((_, i) => nodes[(i + shift) % items.length]);
    for (const el of nodes) if (!order.includes(el)) el.remove();
    order.forEach((el, i) => { fill(el, items[i]); if (into.children[i] !== el) into.insertBefore(el, into.children[i] || null); });
  }
  return { set(list) { items = list; draw(); }, recycle() { shift++; draw(); }, draw };
}
