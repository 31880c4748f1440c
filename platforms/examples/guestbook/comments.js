// The comments on this page, and whether there are further ones. A row has no id itself: its link has.
() => {
  const list = document.querySelector("ol.comments");
  return list && {
    comments: [...list.querySelectorAll("li")].map(li => ({id: li.querySelector("a").hash.slice(1), entry: li.dataset.entry, by: li.dataset.by,
      at: li.dataset.at, answers: li.dataset.answers, name: li.querySelector("b").textContent, text: li.querySelector("q").textContent})),
    next: document.querySelector("a.next, a.further") !== null,
  };
}
