// Which comment or reply the open editor answers: the data-target of the box that holds it, "" if none is open.
() => document.querySelector(".reply-box[data-target] .reply-editor")?.closest(".reply-box").dataset.target ?? ""
