// Which entry the form answers.
() => document.querySelector("form[data-entry]")?.dataset.entry ?? null
