package browser

import (
	"context"
	"fmt"
)

// guarded is the code that asks whether an element lies at a point and passes the caller's proof, and if so stands guard over the
// click that follows: between the last look and the mouse's button a list may turn around. Each event of the click is put to the
// proof before the page hears of it, and what would reach something else is stopped. The listeners are the isolated world's; the
// page cannot see them.
func guarded(proof string) string {
	return fmt.Sprintf(`function(x, y) {
	if (!(%s).call(this, x, y)) return false;
	const proof = (%s), kinds = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];
	if (proof(this) !== true) return null;
	globalThis.guard?.lift();
	let astray = false;
	const watch = (event) => {
		if (!event.isTrusted) return;
		try { astray ||= proof(event.composedPath()[0]) !== true; } catch { astray = true; }
		if (astray) { event.stopImmediatePropagation(); event.preventDefault(); }
	};
	for (const kind of kinds) addEventListener(kind, watch, true);
	globalThis.guard = { lift() { for (const kind of kinds) removeEventListener(kind, watch, true); return astray; } };
	return true;
}`, hitJS, proof)
}

// lift takes the guard away and says whether it stopped the click. A page that left because of the click has none.
func (e *element) lift(ctx context.Context) (stopped bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), inputLimit)
	defer cancel()
	result, err := e.call(ctx, `function() { const guard = globalThis.guard; delete globalThis.guard; return guard ? guard.lift() : false; }`)
	return err == nil && result.Value.Bool()
}
