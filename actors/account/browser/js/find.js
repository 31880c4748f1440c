// find returns the elements that the first matching alternative selects within root (the document if null), in
// document order, at most limit; the alternative's index comes first. null means that none matches.
// "text=words" selects the innermost elements whose visible text contains the words; "css >> text=words" those of the CSS
// selector that can be seen and whose text contains them.
function find(alternatives, root, limit) {
  const squeeze = (s) => (s || "").replace(/\s+/g, " ").trim();
  const seen = (el) => squeeze(el instanceof HTMLInputElement ? el.value : el.innerText ?? el.textContent);
  const shown = (el) => el.checkVisibility({ visibilityProperty: true });
  const hides = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TEMPLATE", "HEAD"]);

  function innermost(el, words, found) {
    let deeper = false;
    for (const child of el.children) {
      if (found.length >= limit) return true;
      const mayHold = child instanceof HTMLInputElement || squeeze(child.textContent).includes(words) || child.querySelector("input");
      if (hides.has(child.tagName) || !mayHold) continue;
      if (innermost(child, words, found)) {
        deeper = true;
      } else if (seen(child).includes(words) && shown(child)) {
        found.push(child);
        deeper = true;
      }
    }
    return deeper;
  }

  const scope = root || document;
  for (const [index, alternative] of alternatives.entries()) {
    let found = [];
    if (alternative.startsWith("text=")) {
      const words = squeeze(alternative.slice(5));
      if (!innermost(scope === document ? document.documentElement : scope, words, found) && root && seen(root).includes(words)) {
        found = [root];
      }
    } else if (alternative.includes(" >> text=")) {
      const [css, text] = alternative.split(" >> text=");
      const words = squeeze(text);
      found = Array.from(scope.querySelectorAll(css)).filter((el) => squeeze(el.textContent).includes(words) && seen(el).includes(words) && shown(el)).slice(0, limit);
    } else {
      found = Array.from(scope.querySelectorAll(alternative)).slice(0, limit);
    }
    if (found.length > 0) return [index, ...found];
  }
  return null;
}
