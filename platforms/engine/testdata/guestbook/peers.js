// With whom there are letters, and how many.
() => {
  const list = document.querySelector("ul.peers");
  return list && {peers: [...list.querySelectorAll("li")].map(li => ({uid: li.dataset.uid, name: li.textContent, count: li.dataset.count}))};
}
