// The answers under the entry that this page's form answers.
() => {
  const form = document.querySelector("form[data-entry]");
  return form && {answers: [...document.querySelectorAll("li.reply")].map(li => ({id: li.id, under: form.dataset.entry, by: li.dataset.by,
    at: li.dataset.at, name: li.querySelector("b").textContent, text: li.querySelector("p").textContent}))};
}
