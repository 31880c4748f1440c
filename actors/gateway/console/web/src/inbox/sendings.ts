import type { Item, Reply } from "../api/types";
import type { Outgoing } from "../state/outbox.svelte";

export type SendingState = "waiting" | "queued" | "sending" | "sent" | "failed" | "unknown";

// Sending is a reply on its way, as the agent sees it, until the item that it became stands in the thread.
export interface Sending {
  id: string;
  content: string;
  at: number;
  state: SendingState;
  answers?: string; // id of the item that it answers
  reason?: string;
  refusal?: Outgoing["problem"];
  final: boolean;
}

const states: Record<Reply["state"], SendingState> = {
  accepted: "queued", assigned: "queued", dispatching: "sending", confirmed: "sent", failed: "failed", unknown: "unknown",
};

const shownFor = 24 * 3_600_000; // ms after which a failure is no news any more
const slack = 120_000; // ms by which the platform's clock may differ from ours

// sendingOf describes a reply that the node has.
export function sendingOf(reply: Reply): Sending {
  return {
    id: reply.id, content: reply.content, at: reply.accepted_at, state: states[reply.state], final: reply.final,
    ...(reply.in_reply_to ? { answers: reply.in_reply_to } : {}),
    ...(reply.reason ? { reason: reply.reason } : {}),
  };
}

// waitingOf describes a reply that the node has not accepted yet, or refused.
export function waitingOf(out: Outgoing): Sending {
  return {
    id: out.id, content: out.content, at: out.at, state: out.problem ? "failed" : "waiting", final: out.problem !== undefined,
    ...(out.in_reply_to ? { answers: out.in_reply_to } : {}),
    ...(out.problem ? { refusal: out.problem } : {}),
  };
}

// became says whether item is what a reply turned into on the platform.
export function became(reply: Reply, item: Item): boolean {
  if (reply.platform_id) return reply.platform_id === item.id;
  return (
    reply.state === "confirmed" && item.is_own && item.text.trim() === reply.content.trim() &&
    item.at > reply.accepted_at - slack && item.at < (reply.ended_at ?? reply.accepted_at) + slack
  );
}

// pending are the replies of a topic that stand nowhere in its items, oldest first.
export function pending(topic: string, items: Item[], replies: Iterable<Reply>, waiting: Iterable<Outgoing>, now: number): Sending[] {
  const own = items.filter((i) => i.is_own);
  const out: Sending[] = [];
  for (const reply of replies) {
    if (reply.topic !== topic || own.some((i) => became(reply, i))) continue;
    if (reply.final && now - (reply.ended_at ?? reply.accepted_at) > shownFor) continue;
    out.push(sendingOf(reply));
  }
  for (const w of waiting) if (w.topic === topic) out.push(waitingOf(w));
  return out.sort((a, b) => a.at - b.at);
}
