"use strict";
// The login page: shows a QR code, asks once a second what became of it, and goes home when it was confirmed.
const words = {
  new: "请使用沙盒 App 扫码登录", scanned: "已扫码，请在手机上确认", code: "请输入验证码", confirmed: "登录成功", refused: "已拒绝登录",
  expired: "二维码已失效",
};
const $ = (selector) => document.querySelector(selector);
let token = "", timer = 0;

if (!localStorage.getItem("sb_device")) localStorage.setItem("sb_device", crypto.randomUUID());

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method, headers: { "Content-Type": "application/json", "X-SB-Device": localStorage.getItem("sb_device") },
    body: body && JSON.stringify(body),
  });
  return answer.json();
}

async function newCode() {
  clearTimeout(timer);
  try {
    const made = await ask("POST", "/api/login/qr");
    token = made.token;
    $("#qr").src = made.image;
    show("new");
  } catch { show("expired"); }
  timer = setTimeout(poll, 1000);
}

async function poll() {
  const asked = token;
  let state;
  try { state = (await ask("GET", "/api/login/poll?token=" + token)).state; } catch { /* asked again */ }
  if (asked !== token) return;
  if (state) show(state);
  if (state === "confirmed") { location.href = "/home"; return; }
  if (state !== "expired" && state !== "refused") timer = setTimeout(poll, 1000);
}

function show(state) {
  $(".qr-state").textContent = words[state];
  const over = $(".qr-expired");
  over.hidden = state !== "expired" && state !== "refused";
  over.textContent = state === "refused" ? "点击重新获取" : "二维码已失效 点击刷新";
  $(".code-step").hidden = state !== "code";
}

$(".qr-expired").addEventListener("click", newCode);
$(".code-submit").addEventListener("click", async () => {
  const answer = await ask("POST", "/api/login/code", { token, code: $(".code-input").value.trim() });
  $(".code-error").textContent = answer.status_code === 0 ? "" : answer.status_msg;
  if (answer.status_code !== 0) $(".code-input").value = "";
});
newCode();
