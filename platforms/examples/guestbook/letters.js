// The letters on this page, and whether there are further ones.
() => {
  const list = document.querySelector("ol.letters");
  return list && {
    letters: [...list.querySelectorAll("li")].map(li => ({id: li.id.slice(1), with: li.dataset.with, name: li.dataset.name, by: li.dataset.by,
      at: li.dataset.at, text: li.querySelector("q").textContent})),
    next: document.querySelector("a.next, a.further") !== null,
  };
}
