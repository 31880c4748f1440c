"use strict";
// The challenge: only a person may touch it; the site writes down that somebody did.
document.querySelector("#captcha_box").addEventListener("pointerdown", () => fetch("/api/verify/touch", { method: "POST" }));
setInterval(async () => {
  try {
    if ((await (await fetch("/api/verify/state")).json()).clear) location.href = "/desk";
  } catch { /* asked again */ }
}, 1500);
