import type { Item, Topic } from "../api/types";
import type { Sending } from "./sendings";

// Row is one line of a thread.
export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "item"; key: string; item: Item; below: boolean } // below: of the second level
  | { kind: "sending"; key: string; sending: Sending; below: boolean };

const itemRow = (item: Item, below: boolean): Row => ({ kind: "item", key: "i" + item.id, item, below });
const sendingRow = (sending: Sending, below: boolean): Row => ({ kind: "sending", key: "s" + sending.id, sending, below });

// rowsOf arranges a topic's items and replies on their way, oldest first.
export function rowsOf(kind: Topic["kind"], items: Item[], sendings: Sending[]): Row[] {
  return kind === "work" ? comments(items, sendings) : chat(items, sendings);
}

// chat has a line between two days.
function chat(items: Item[], sendings: Sending[]): Row[] {
  const rows: Row[] = [];
  let day = "";
  const add = (row: Row, at: number) => {
    const today = new Date(at).toDateString();
    if (today !== day) rows.push({ kind: "day", key: "d" + today, at });
    day = today;
    rows.push(row);
  };
  for (const item of items) add(itemRow(item, false), item.at);
  for (const sending of sendings) add(sendingRow(sending, false), Math.max(sending.at, items.at(-1)?.at ?? 0));
  return rows;
}

// comments stand on two levels: what answers a comment, or an answer to it, stands below the comment.
function comments(items: Item[], sendings: Sending[]): Row[] {
  const known = new Map(items.map((i) => [i.id, i]));
  const rootOf = (id: string | undefined) => {
    const item = id === undefined ? undefined : known.get(id);
    return item?.comment_id && known.has(item.comment_id) ? item.comment_id : item?.id;
  };
  const below = new Map<string, Row[]>();
  const hang = (root: string, row: Row) => below.set(root, [...(below.get(root) ?? []), row]);
  const roots: Row[] = [];
  for (const item of items) {
    const root = rootOf(item.id);
    if (root !== undefined && root !== item.id) hang(root, itemRow(item, true));
    else roots.push(itemRow(item, false));
  }
  for (const sending of sendings) {
    const root = rootOf(sending.answers);
    if (root !== undefined) hang(root, sendingRow(sending, true));
    else roots.push(sendingRow(sending, false));
  }
  return roots.flatMap((row) => [row, ...(row.kind === "item" ? (below.get(row.item.id) ?? []) : [])]);
}
