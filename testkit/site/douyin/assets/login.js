// The login card: a QR code that is asked for once a second, its end and renewal, and what the phone says.
function loginCard(into) {
  const image = node("img", MANNERS.old_qr ? { "aria-label": "二维码", alt: "二维码" } : { alt: "" });
  const frame = MANNERS.old_qr ? node("div.frame.qrcode~", {}, image) : node("div.frame", { id: "animate_qrcode_container" }, image);
  const said = node("p.tips~", { text: "打开「抖音APP」扫一扫" });
  let token = "", stopped = false;
  into.replaceChildren(node("div.login", {},
    MANNERS.guest_avatar && node("div.avatar~", {}, node("img", { src: "https://p3-pc.douyinpic.com/avatar/guest.svg", alt: "" }), node("span.name~", { text: "创作者你好" })),
    node("div.line", {}, ...["扫码登录", "验证码登录", "密码登录"].map((text) => node("span.tab~", { text }))),
    node("div.scan_qrcode_login_content~", {}, frame), said,
    node("div.line", {}, node("span", { text: "我是创作者" }), node("span", { text: "我是MCN机构" }))));

  async function renew() {
    $(".over", frame)?.remove();
    const { data } = await call("GET", "https://login.douyin.com/passport/web/get_qrcode/", { aid: 2906, next: "https://creator.douyin.com/creator-micro/home" });
    if (data.error_code) { said.textContent = data.description; return setTimeout(renew, 3000); }
    token = data.token;
    image.style.visibility = "hidden"; // it is there before it can be seen
    image.src = "data:image/png;base64," + data.qrcode;
    said.textContent = "打开「抖音APP」扫一扫";
    setTimeout(() => { image.style.visibility = ""; }, 400);
  }
  function over(text) {
    if ($(".over", frame)) return;
    frame.append(node("div.over", { onclick: byPerson(() => { token = ""; renew(); }) }, node("p", { text })));
  }
  (async function poll() {
    while (!stopped) {
      await wait(1000);
      if (!token || $(".over", frame)) continue;
      try {
        const { data } = await call("POST", "https://login.douyin.com/passport/web/check_qrconnect/", { token, is_frontier: false, aid: 2906 });
        if (data.verify_center_decision_conf) { if (!$("#captcha_container")) risk("overlay"); continue; }
        if (data.error_code) { said.textContent = data.description; continue; }
        if (data.status === "scanned") said.textContent = "扫描成功，需在手机上进行确认";
        if (data.status === "expired") over("二维码失效，点击刷新");
        if (data.status === "refused") { said.textContent = "已取消登录"; over("二维码失效，点击刷新"); }
        if (data.status === "confirmed") { stopped = true; localStorage.setItem("HasUserLogin", "1"); location.href = location.host === "www.douyin.com" && !data.redirect_url.includes("mfa") ? "/" : data.redirect_url; }
      } catch { said.textContent = "网络错误，请稍后重试"; }
    }
  })();
  renew().catch(() => { said.textContent = "网络错误，请稍后重试"; });
}

// codeStep asks for the verification code of a login whose address has changed already.
function codeStep(into) {
  const ask = (path, params) => call("POST", "https://login.douyin.com/passport/web/" + path, params || {});
  into.append(smsDialog("短信验证", async (code, said) => {
    const { data } = await ask("validate_code/", { code });
    if (data.error_code === 0) location.reload();
    else if (data.error_code === 1202) said.textContent = data.description;
    else location.href = "/";
  }, async (said) => {
    const { data } = await ask("send_code/");
    said.textContent = data.error_code ? data.description : "验证码已发送";
  }));
}
