// The verify centre: a page of its own that stands before all others, or the frame that is in every page.
if (location.pathname !== "/nocaptcha") {
  const touch = () => navigator.sendBeacon("/stage/touch");
  const box = document.title === "验证码中间页"
    ? node("div", { id: "captcha_container" }, node("p", { text: "安全验证" }), node("div", { id: "captcha-verify-image", style: "height:160px;background:#dde", text: "拖动滑块完成拼图" }), node("a.secsdk_captcha_refresh", { text: "刷新" }))
    : node("div.risk-text", {}, node("h2", { text: "访问异常" }), node("p", { text: "账号存在安全风险，操作过于频繁，请稍后再试" }));
  for (const kind of ["pointerdown", "click"]) box.addEventListener(kind, touch);
  $("#root").append(box);
  (function connect() {
    const socket = new WebSocket("wss://" + location.host + "/stage");
    socket.onmessage = (event) => { const act = JSON.parse(event.data); if (act.act === "reload" || act.act === "captcha" && act.kind !== APP.risk) location.reload(); };
    socket.onclose = () => setTimeout(connect, 500);
  })();
} else if (location.search) $("#root").append(node("button", { text: "点击按钮进行验证" }));
