// A QR code that is asked for once a second, its end and renewal, and what the phone says. way says how an application asks:
// create() → {id, ...}, poll(code) → {waiting|scanned|expired|done|verify}, enter(code, text) types a verification code, home().
function qrLogin(way) {
  const image = node("img." + way.image, { alt: "" });
  const said = node("p.tip", { text: way.hint });
  const frame = node("div.qrcode", {}, image);
  let code = null, stopped = false;

  async function renew() {
    $(".over", frame)?.remove();
    code = null;
    const made = await way.create();
    const address = "/qr/" + made.id;
    image.src = MANNERS.qr_http ? location.origin + address : await dataURL(address);
    said.textContent = way.hint;
    code = made;
  }
  const begin = () => renew().catch((err) => { said.textContent = err.message || "网络异常"; setTimeout(begin, 3000); });
  function over(text) {
    code = null;
    frame.append(node("div.over.status", { onclick: byPerson(begin) }, node("p.status-text", { text }), node("p.status-desc.refresh", { text: "点击刷新" })));
  }
  (async function poll() {
    while (!stopped) {
      await wait(1000);
      const asked = code;
      if (!asked || $(".verify-code-box")) continue;
      try {
        const state = await way.poll(asked);
        if (code !== asked) continue;
        if (state === "scanned") said.textContent = "扫码成功，请在手机上确认";
        if (state === "expired") over("二维码已过期");
        if (state === "verify") document.body.append(verifyBox(async (text) => { await way.enter(asked, text); stopped = true; way.home(); }, way.send));
        if (state === "done") { stopped = true; way.home(); }
      } catch (err) {
        if (err.code === 461 || err.code === 471) { if (!$(".risk-mask")) risk("overlay"); } else said.textContent = "网络异常，请稍后重试";
      }
    }
  })();
  begin();
  return [frame, said, image];
}

async function dataURL(address) {
  const blob = await (await fetch(address)).blob();
  return new Promise((done) => { const reader = new FileReader(); reader.onload = () => done(reader.result); reader.readAsDataURL(blob); });
}

// verifyBox asks for a verification code. Its buttons take a person's clicks only.
function verifyBox(enter, send) {
  const input = node("input", { type: "text", placeholder: "请输入验证码", maxlength: "8" });
  const said = node("p.verify-error", { text: "" });
  const ask = (button, act) => { button.addEventListener("click", byPerson(() => act().catch((err) => { said.textContent = err.message || "网络异常"; }))); return button; };
  return node("div.mask.verify-code-box", {}, node("div", {}, node("h3", { text: "短信验证" }), node("p", { text: "请输入 138******00 收到的验证码" }), input,
    ask(node("button.get-code", { text: "获取验证码" }), async () => { await send(); said.textContent = "验证码已发送"; }), said,
    ask(node("button.verify-submit", { text: "验证" }), () => enter(input.value))));
}

// loginBox is the main site's card, which comes by itself.
function loginBox() {
  const old = MANNERS.poll === "old";
  const number = (data) => { const n = old ? data.code_status : data.codeStatus; return (old ? data.need_verify : data.needVerify) && n === 1 ? "verify" : ["waiting", "scanned", "done", "expired"][n]; };
  const [frame, said] = qrLogin({
    image: "qrcode-img", hint: "可用 小红书 或 微信 扫码",
    create: async () => { const made = await post(API + "/api/sns/web/v1/login/qrcode/create", { qr_type: 1 }); return { id: made.qr_id, code: made.code }; },
    poll: async ({ id, code }) => number(old ? await get(API + "/api/sns/web/v1/login/qrcode/status", { qr_id: id, code }) : await post(API + "/api/qrcode/userinfo", { qrId: id, code })),
    send: () => get(API + "/api/sns/web/v2/login/send_code", { phone: "", zone: "86", type: "login" }),
    enter: (_, text) => get(API + "/api/sns/web/v1/login/check_code", { zone: "86", code: text }),
    home: () => location.reload(),
  });
  return node("div.mask.reds-modal.login-modal", {}, node("div.login-container", {},
    node("div.left", {}, node("div.code-area", {}, frame, said)),
    node("div.right", {}, node("div.title", { text: "手机号登录" }), node("input", { type: "text", placeholder: "输入手机号" }), node("input", { type: "number", placeholder: "输入验证码" }), node("button.submit", { text: "登录" }))));
}
