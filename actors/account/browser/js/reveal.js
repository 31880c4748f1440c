// reveal scrolls to this element unless its middle is to be seen and touched. false means that it left the page.
function reveal() {
  if (!this.isConnected) return false;
  const r = this.getBoundingClientRect();
  const inside = r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth;
  const top = inside && this.getRootNode().elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
  if (!top || (top !== this && !this.contains(top))) {
    this.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  }
  return true;
}
