import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { get, path, patiently, post, problemOf, type Problem } from "../api/client";
import type { Item, ItemEvent, Topic } from "../api/types";

// Phase is how far a list is: its page shows each of them.
export type Phase = "loading" | "ready" | "failed";

const rereadAfter = 400; // ms in which deletions are put together before the list of topics is read again
const loadingAgain = 1000; // ms before accounts that were still being read from disk are asked for again

// Inbox holds all topics, and the items of the one that is open. Both are read once and then kept by events; an event
// tells the topic as it was at that moment, and every later change is told by a later event.
class Inbox {
  topics = new SvelteMap<string, Topic>();
  phase = $state<Phase>("loading");
  problem = $state.raw<Problem>();
  waiting = new SvelteSet<string>(); // accounts whose items are still being read from disk

  thread = $state.raw<Thread>();

  #heard: Set<string> | undefined; // topics that events told of while the list is being read
  #reread: ReturnType<typeof setTimeout> | undefined;

  // load reads the list of topics, unless it is here: after a break in the connection events bring what was missed.
  load(): void {
    if (this.phase !== "ready") void this.#read();
    if (this.thread?.phase === "failed") void this.thread.read();
  }

  // reset forgets everything: the node's data are others than those that were read. load follows.
  reset(): void {
    const open = this.thread?.id;
    this.topics.clear();
    this.phase = "loading";
    this.open(undefined);
    this.open(open);
  }

  retry(): void {
    this.phase = "loading";
    void this.#read();
  }

  hear(event: ItemEvent): void {
    if (event.topic) {
      this.topics.set(event.topic.id, event.topic);
      this.#heard?.add(event.topic.id);
    } else if (event.change === "deleted" && this.phase === "ready") {
      this.#later(rereadAfter);
    }
    this.thread?.hear(event);
  }

  // settle is called once behind each batch of events.
  settle(): void {
    this.thread?.settle();
  }

  forget(account: string): void {
    for (const topic of [...this.topics.values()]) if (topic.account === account) this.topics.delete(topic.id);
    this.waiting.delete(account);
    if (this.thread && this.topics.get(this.thread.id) === undefined) this.thread = undefined;
  }

  // open shows a topic's items; undefined closes it.
  open(id: string | undefined): void {
    if (this.thread?.id === id) return;
    this.thread = id === undefined ? undefined : new Thread(id);
    void this.thread?.read();
  }

  // markRead tells the node that somebody saw the topic. A refusal changes nothing: the topic stays unread, and is
  // marked when it is looked at again.
  async markRead(topic: string): Promise<void> {
    await post(path`/topics/${topic}/read`, {}).catch(() => undefined);
  }

  async #read(): Promise<void> {
    const heard = (this.#heard = new Set());
    try {
      const { topics, loading } = await get<{ topics: Topic[]; loading: string[] }>("/topics");
      const listed = new Set(topics.map((t) => t.id));
      for (const topic of topics) if (!heard.has(topic.id)) this.topics.set(topic.id, topic);
      for (const topic of [...this.topics.values()]) {
        if (!listed.has(topic.id) && !heard.has(topic.id) && !loading.includes(topic.account)) this.topics.delete(topic.id);
      }
      this.waiting.clear();
      for (const account of loading) this.waiting.add(account);
      if (loading.length > 0) this.#later(loadingAgain);
      this.phase = "ready";
    } catch (err) {
      this.problem = problemOf(err);
      this.phase = "failed";
    } finally {
      if (this.#heard === heard) this.#heard = undefined;
    }
  }

  #later(delay: number): void {
    this.#reread ??= setTimeout(() => {
      this.#reread = undefined;
      void this.#read();
    }, delay);
  }
}

// Thread is the items of one topic, oldest first.
export class Thread {
  phase = $state<Phase>("loading");
  problem = $state.raw<Problem>();
  items = $state.raw<Item[]>([]);

  #held = new Map<string, Item>();
  #gone = new Map<string, string>(); // id to the rev of its deletion
  #moved = false;

  constructor(readonly id: string) {}

  async read(): Promise<void> {
    this.phase = "loading";
    try {
      const { messages } = await patiently(() => get<{ messages: Item[] }>(path`/topics/${this.id}/messages`));
      const listed = new Set(messages.map((i) => i.id));
      for (const item of messages) this.#put(item);
      const newest = messages.reduce((rev, i) => (newer(i.rev, rev) ? i.rev : rev), "0");
      for (const [id, item] of this.#held) if (!listed.has(id) && !newer(item.rev, newest)) this.#held.delete(id);
      this.#moved = true;
      this.settle();
      this.phase = "ready";
    } catch (err) {
      this.problem = problemOf(err);
      this.phase = "failed";
    }
  }

  hear(event: ItemEvent): void {
    const { item, change } = event;
    if (change === "deleted") {
      this.#gone.set(item.id, item.rev);
      if (this.#held.delete(item.id)) this.#moved = true;
    } else if (item.topic === this.id && item.collection !== "contents" && item.collection !== "conversations") {
      this.#put(item);
    }
  }

  settle(): void {
    if (!this.#moved) return;
    this.#moved = false;
    this.items = [...this.#held.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  }

  // put takes an item unless a newer state of it is known.
  #put(item: Item): void {
    const held = this.#held.get(item.id);
    const gone = this.#gone.get(item.id);
    if ((held && newer(held.rev, item.rev)) || (gone && newer(gone, item.rev))) return;
    this.#held.set(item.id, item);
    this.#moved = true;
  }
}

// newer compares revisions, which may be too large for a number.
function newer(a: string, b: string): boolean {
  return a.length !== b.length ? a.length > b.length : a > b;
}

export const inbox = new Inbox();
