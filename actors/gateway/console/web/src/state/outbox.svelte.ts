import { SvelteMap } from "svelte/reactivity";
import { post, problemOf, type Problem } from "../api/client";
import type { NewReply, Reply } from "../api/types";
import { cluster } from "./cluster.svelte";

// Outgoing is a reply that the node has not accepted yet.
export interface Outgoing extends NewReply {
  at: number;
  problem?: Problem; // why the node refused it; without one it is on its way, or waits for the node
}

const draftKey = "troupe.drafts";
const draftLimit = 100;

// Outbox hands replies to the node and keeps what was not sent yet. The page makes the reply's id, so that sending it
// again after a lost answer never posts it twice.
class Outbox {
  waiting = new SvelteMap<string, Outgoing>();
  #drafts: Record<string, string> = read();

  constructor() {
    // A page that is closed takes along what the node has not got yet.
    window.addEventListener("beforeunload", (event) => {
      if ([...this.waiting.values()].some((reply) => !reply.problem)) event.preventDefault();
    });
  }

  send(topic: string, content: string, inReplyTo?: string): void {
    const reply: Outgoing = { id: crypto.randomUUID(), topic, content, at: Date.now(), ...(inReplyTo ? { in_reply_to: inReplyTo } : {}) };
    this.waiting.set(reply.id, reply);
    void this.#submit(reply);
  }

  // resend hands over again what met no node; called whenever the page is connected anew.
  resend(): void {
    for (const reply of this.waiting.values()) if (!reply.problem) void this.#submit(reply);
  }

  drop(id: string): void {
    this.waiting.delete(id);
  }

  draft(topic: string): string {
    return this.#drafts[topic] ?? "";
  }

  // keep remembers an unfinished text in this browser; the oldest go first.
  keep(topic: string, text: string): void {
    delete this.#drafts[topic];
    if (text) this.#drafts[topic] = text;
    const topics = Object.keys(this.#drafts);
    for (const oldest of topics.slice(0, Math.max(0, topics.length - draftLimit))) delete this.#drafts[oldest];
    localStorage.setItem(draftKey, JSON.stringify(this.#drafts));
  }

  async #submit(reply: Outgoing): Promise<void> {
    const { id, topic, content, in_reply_to } = reply;
    try {
      const accepted = await post<Reply>("/replies", { id, topic, content, ...(in_reply_to ? { in_reply_to } : {}) });
      if (!cluster.replies.has(id)) cluster.replies.set(id, accepted);
      this.waiting.delete(id);
    } catch (err) {
      const problem = problemOf(err);
      if (problem.code === "offline" || problem.status >= 500) return; // it waits for resend
      this.waiting.set(id, { ...reply, problem });
    }
  }
}

function read(): Record<string, string> {
  try {
    return (JSON.parse(localStorage.getItem(draftKey) ?? "{}") ?? {}) as Record<string, string>;
  } catch {
    return {};
  }
}

export const outbox = new Outbox();
