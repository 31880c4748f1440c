import type { Topic } from "../api/types";

export type Tab = "comments" | "private" | "works";

export const tabs: Tab[] = ["comments", "private", "works"];

// inTab says whether a topic belongs to a tab: a work without comments is only among the works.
export function inTab(topic: Topic, tab: Tab): boolean {
  if (tab === "private") return topic.kind === "conversation";
  return topic.kind === "work" && (tab === "works" || topic.count > 0);
}

export const tabOf = (topic: Topic): Tab => (topic.kind === "conversation" ? "private" : topic.count > 0 ? "comments" : "works");

// matches says whether a topic holds the words in its title, its last text or its account's name.
export function matches(topic: Topic, account: string, words: string): boolean {
  return words === "" || `${topic.title}\n${topic.last?.text ?? ""}\n${topic.last?.from ?? ""}\n${account}`.toLowerCase().includes(words);
}

// byUrgency puts unread topics first, then the newest. A topic that was opened unread stays where it was (pinned).
export function byUrgency(pinned: string | undefined): (a: Topic, b: Topic) => number {
  const unread = (t: Topic) => Number(t.unread > 0 || t.id === pinned);
  return (a, b) => unread(b) - unread(a) || b.active_at - a.active_at || (a.id < b.id ? -1 : 1);
}
