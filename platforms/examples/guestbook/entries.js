// The owner's entries on this page, and whether there is a further one.
() => {
  const list = document.querySelector("ol.entries");
  return list && {
    entries: [...list.querySelectorAll("li")].map(li => ({id: new URL(li.querySelector("a").href).searchParams.get("id"),
      title: li.querySelector("a").textContent, at: li.dataset.at})),
    next: document.querySelector("a.next") !== null,
  };
}
