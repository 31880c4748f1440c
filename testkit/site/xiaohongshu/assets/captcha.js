// The captcha's own page. It goes back once a person solved it, on the phone.
const box = node("div.red-captcha", {}, node("h3", { text: "安全验证" }), node("p", { text: "为保护账号安全，请通过验证" }), node("div.red-captcha-slider", { style: "height:160px;background:#fde", text: "拖动滑块完成拼图" }));
for (const kind of ["pointerdown", "click"]) box.addEventListener(kind, () => navigator.sendBeacon("/stage/touch"));
$("#root").append(box);
(function connect() {
  const socket = new WebSocket("wss://" + location.host + "/stage");
  socket.onmessage = (event) => {
    const act = JSON.parse(event.data);
    if (act.act === "captcha" && act.kind === "") location.href = new URLSearchParams(location.search).get("redirectPath") || "/explore";
  };
  socket.onclose = () => setTimeout(connect, 500);
})();
