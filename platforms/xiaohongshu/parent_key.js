// Which first-level comment a thread of a note's page begins with: the id attribute of its first row.
(thread) => thread.querySelector(".comment-item")?.id ?? null
