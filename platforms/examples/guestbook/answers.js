// The answers below the comment that this page is about.
() => {
  const list = document.querySelector("ul.answers");
  return list && {answers: [...list.querySelectorAll("li")].map(li => ({id: li.id.slice(1), under: list.dataset.under, entry: list.dataset.entry,
    to: li.dataset.to, by: li.dataset.by, at: li.dataset.at, name: li.querySelector("b").textContent, text: li.querySelector("q").textContent}))};
}
