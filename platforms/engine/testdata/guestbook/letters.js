// The letters with one person.
() => {
  const list = document.querySelector("ol.letters");
  return list && {letters: [...list.querySelectorAll("li")].map(li => ({id: li.id, with: list.dataset.uid, by: li.dataset.by, at: li.dataset.at,
    name: li.querySelector("b").textContent, text: li.querySelector("p").textContent}))};
}
