// The id of an entry: the row has none itself, its link has.
(row) => row.querySelector("a.answer")?.hash.slice(1) ?? null
