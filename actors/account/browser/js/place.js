// place says where this element is in its viewport, in CSS pixels; with reveal it is scrolled there first. The box is
// the first visible one of an inline element: cut to the viewport, and whole. null means that it takes up no space.
function place(reveal) {
  if (!this.isConnected) return null;
  const inside = (r) => r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth;
  if (reveal && !inside(this.getBoundingClientRect())) {
    this.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  }
  const box = Array.from(this.getClientRects()).find((r) => r.width > 0 && r.height > 0);
  if (!box) return null;
  const left = Math.max(0, box.left), top = Math.max(0, box.top);
  const right = Math.min(innerWidth, box.right), bottom = Math.min(innerHeight, box.bottom);
  const style = getComputedStyle(this);
  return {
    x: left, y: top, width: right - left, height: bottom - top,
    inset: [this.clientLeft + parseFloat(style.paddingLeft), this.clientTop + parseFloat(style.paddingTop)],
    whole: [box.left, box.top, box.width, box.height],
  };
}
