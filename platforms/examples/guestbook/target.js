// Whom the page's form writes to: an entry, a comment, an answer or a person; null while there is none.
() => document.querySelector("form.write")?.dataset.to ?? null
