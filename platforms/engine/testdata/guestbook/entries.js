// The entries of this page of the book with their answers, and whether there is a further page.
() => {
  const list = document.querySelector("ol.entries");
  const said = (el, more) => ({id: el.id, by: el.dataset.by, at: el.dataset.at,
    name: el.querySelector(":scope > b").textContent, text: el.querySelector(":scope > p").textContent, ...more});
  return list && {
    entries: [...list.querySelectorAll("li.entry")].map(el => said(el, {
      id: el.querySelector("a.answer").hash.slice(1),
      answers: [...el.querySelectorAll("li.reply")].map(r => said(r, {under: el.querySelector("a.answer").hash.slice(1)})),
    })),
    next: document.querySelector("a.next") !== null,
  };
}
