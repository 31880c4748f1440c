// The stage's hand in an open page: it moves what a test wants to be moved at that very moment, and shows what is before it.
(function connect() {
  const socket = new WebSocket("wss://" + location.host + "/stage");
  socket.onmessage = (event) => dispatchEvent(new CustomEvent("stage", { detail: JSON.parse(event.data) }));
  socket.onclose = () => setTimeout(connect, 500);
})();
addEventListener("stage", ({ detail }) => {
  if (detail.act === "reload") location.reload();
  if (detail.act === "captcha") risk(detail.kind);
});

// touched tells on whoever points at a captcha.
function touched(el) {
  for (const kind of ["pointerdown", "click", "touchstart"]) el.addEventListener(kind, () => navigator.sendBeacon("/stage/touch"));
  return el;
}

const slider = () => node("div.red-captcha", {}, node("p", { text: "请通过验证" }), node("div.red-captcha-slider", { style: "height:120px;background:#fde", text: "拖动滑块完成拼图" }));
const riskWords = { 300011: "检测到帐号异常，请稍后重试", 300012: "IP存在风险，请切换可靠网络环境后重试", 300015: "浏览器环境异常，请更换浏览器后重试" };
let shownRisk = "";
function risk(kind) {
  if (kind === shownRisk) return;
  shownRisk = kind;
  $(".risk-mask")?.remove();
  if (kind === "overlay") document.body.append(touched(node("div.mask.risk-mask", {}, node("div", {}, slider()))));
  if (riskWords[kind]) document.body.append(touched(node("div.mask.risk-mask", {}, node("div.fe-verify-box", {}, node("h3", { text: "安全限制" }), node("p", { text: riskWords[kind] })))));
  if (kind === "461" || kind === "471") challenged(kind);
}

// In every page stands a captcha that nobody sees: it means nothing.
document.body.append(node("div.red-captcha", { style: "display:none", text: "请通过验证" }));
