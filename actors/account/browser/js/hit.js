// hit says whether what lies at the point is this element or inside it.
function hit(x, y) {
  if (!this.isConnected) return false;
  const top = this.getRootNode().elementFromPoint(x, y);
  return top !== null && (top === this || this.contains(top));
}
