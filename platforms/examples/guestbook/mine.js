// How many answers or letters with the reply's words are the owner's, and the id of the newest; null while the page loads.
(args) => {
  if (!document.querySelector("form.write")) return null;
  const line = text => text.replace(/\s+/g, " ").trim(), words = line(args["reply.content"]);
  const own = [...document.querySelectorAll("li[data-by]")].filter(li => li.dataset.by === args["owner"] && line(li.querySelector("q").textContent) === words);
  return {count: own.length, id: own.at(-1)?.id.slice(1) ?? null};
}
