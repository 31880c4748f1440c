// The id of a comment in a list: its link has it.
(row) => row.querySelector("a.answer")?.hash.slice(1) ?? null
