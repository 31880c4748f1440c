// The creator centre: its login, and its pages.
function creatorLogin(into) {
  const CAS = "https://customer.xiaohongshu.com/api/cas/customer/web/", service = "https://creator.xiaohongshu.com";
  const phone = node("div.phone-form", {}, node("input", { placeholder: "手机号" }), node("input", { placeholder: "验证码" }), node("button.css:submit~", { text: "登 录" }));
  const box = node("div.login-box-container~", {}, node("div.title", { text: "短信登录" }), phone);
  async function begin(ticket) {
    await post("/sso/customer_login", { ticket, login_service: service, subsystem_alias: "creator" });
    await post("/api/galaxy/user/cas/login", { ticket });
  }
  const reveal = byPerson(() => {
    const [frame, said, image] = qrLogin({
      image: "css:qr~", hint: "打开小红书APP扫一扫",
      create: () => post(CAS + "qr-code", { service }),
      async poll({ id }) {
        const { status, needVerify } = await get(CAS + "qr-code", { service, qr_code_id: id, source: "" });
        if (status === 1) await begin((await post(CAS + "service-ticket", { service, type: "qrCode", qrCodeId: id })).ticket);
        return needVerify && status === 3 ? "verify" : { 2: "waiting", 3: "scanned", 1: "done", "-1": "expired" }[status];
      },
      send: () => post(CAS + "verify-code", { service }),
      enter: async (_, text) => begin((await post(CAS + "service-ticket", { service, type: "phoneVerifyCode", verifyCode: text })).ticket),
      home: () => { location.href = "/new/home"; },
    });
    // The picture stands beside the words; what covers it is in its old frame.
    box.replaceChildren(node("div.scan~", {}, node("p", { text: "APP扫一扫登录" }), image, frame, said));
  });
  box.append(node("img.css:switch~", { src: "https://sns-webpic-qc.xhscdn.com/cover/switch.svg", alt: "", onclick: reveal }));
  into.append(node("div.login-page~", {}, box));
}

async function homePage(into) {
  const [user, person] = [await get("/api/galaxy/user/info"), await get("/api/galaxy/creator/home/personal_info")];
  into.append(node("div.content", {}, node("div.personal~", {}, node("img.avatar~", { src: person.avatar, alt: "" }), node("div.account-name", { text: person.name }),
    node("div.others~", { text: "小红书账号: " + user.redId }), ...[["关注数", person.follow_count], ["粉丝数", person.fans_count], ["获赞与收藏", person.faved_count]].map(([text, n]) => node("p", {}, node("span.numerical", { text: n }), text)))));
}

if (location.pathname === "/login") creatorLogin($("#root"));
else {
  const show = { "/new/home": homePage, "/new/note-manager": managerPage, "/publish/publish": async (into) => { into.append(node("div.content", {}, node("div.upload-container", { text: "上传图文" }), node("input", { type: "file" }))); } }[location.pathname];
  const menu = [["首页", "/new/home"], ["笔记管理", "/new/note-manager"], ["发布笔记", "/publish/publish?source=official"]].map(([text, href]) => node("a", { href, text }));
  const into = node("div.page");
  $("#root").append(node("div.columns", {}, node("div.side", {}, node("b", { text: "创作服务平台" }), ...menu), into));
  show(into).catch((err) => { if (err.code === -100 && APP.me === null) location.href = "/login"; else failed(err); });
}
