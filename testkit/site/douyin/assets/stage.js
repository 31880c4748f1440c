// The stage's hand in an open page: it moves what a test wants to be moved at that very moment, and shows captchas.
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

let shownRisk = "";
function risk(kind) {
  if (kind === shownRisk) return;
  shownRisk = kind;
  $("#captcha_container")?.parentNode.remove();
  $(".uc-ui-verify_sms-verify")?.remove();
  if (kind === "page" || kind === "text") location.reload();
  if (kind === "overlay") {
    document.body.append(touched(node("div.mask", {}, node("div", { id: "captcha_container" },
      node("p", { text: "请完成下列验证后继续" }), node("div", { id: "captcha-verify-image", style: "height:120px;background:#dde", text: "拖动滑块完成拼图" }),
      node("a.secsdk_captcha_refresh", { text: "刷新" }),
      node("iframe", { src: "https://rc-verifycenter.snssdk.com/nocaptcha?visible=1", style: "width:280px;height:40px" })))));
  }
  if (kind === "sms") document.body.append(smsDialog("身份验证", () => { $(".uc-ui-verify_sms-verify").remove(); shownRisk = ""; }));
}

// smsDialog asks for a verification code. Its buttons want the whole chain of a person's pointer.
function smsDialog(title, confirm, send) {
  const chain = (el, act) => {
    let seen = "";
    for (const kind of ["pointerdown", "mousedown", "pointerup", "mouseup"]) el.addEventListener(kind, byPerson(() => { seen += kind; }));
    el.addEventListener("click", byPerson(() => { if (seen.endsWith("pointerdownmousedownpointerupmouseup")) act(); seen = ""; }));
    return el;
  };
  const input = node("input", { type: "tel", placeholder: "请输入验证码", maxlength: "8" });
  const said = node("p.uc-ui-verify_error", { text: "" });
  return node("div.mask.uc-ui-verify_sms-verify", {}, node("div", {},
    node("h3", { text: title }), node("p", { text: "为保护账号安全，请输入 138******00 收到的短信验证码" }), input,
    chain(node("button", { text: "获取验证码" }), () => send && send(said)), said,
    chain(node("div.button.uc-ui-verify_sms-verify_button", { text: "验证" }), () => confirm(input.value, said))));
}

document.body.append(node("iframe", { src: "https://rc-verifycenter.snssdk.com/nocaptcha", style: "display:none" }));
