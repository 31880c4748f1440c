import type { Account, AccountGone, Alarm, ItemEvent, Login, Reply } from "./types";
import { session } from "../state/session.svelte";

// News is one event of the node, in the order in which it was sent.
export type News =
  | { type: "item"; data: ItemEvent }
  | { type: "account"; data: Account | AccountGone }
  | { type: "reply"; data: Reply }
  | { type: "login"; data: Login }
  | { type: "alarm"; data: Alarm }
  | { type: "opened" } // a connection begins: what was missed and where all stands follows
  | { type: "ready" } // all of that was told
  | { type: "reset" }; // the cursor is void: read the lists again

const types = ["item", "account", "reply", "login", "alarm", "ready", "reset"] as const;

const gather = 16; // ms in which news is put together, so that a thousand events are one redrawing
const again = 1000; // ms before a refused connection is tried again

// follow keeps one event stream open for as long as the page lives. After a break it resumes behind the last event that
// was seen, so that nothing is missed; something may come twice. tell gets news in batches, live says whether the
// stream stands.
export function follow(tell: (news: News[]) => void, live: (on: boolean) => void): void {
  let source: EventSource;
  let cursor = "";
  let waiting: News[] = [];

  const flush = () => {
    const batch = waiting;
    waiting = [];
    tell(batch);
  };
  const push = (news: News) => {
    if (waiting.push(news) === 1) setTimeout(flush, gather);
  };
  const connect = () => {
    source = new EventSource("/api/v1/events" + (cursor && `?since=${cursor}`));
    source.onopen = () => {
      live(true);
      push({ type: "opened" });
    };
    source.onerror = () => {
      live(false);
      // The browser connects again by itself, with Last-Event-ID, unless it was answered with an error.
      if (source.readyState !== EventSource.CLOSED) return;
      void session.check(); // the sign-in may be over
      setTimeout(connect, again);
    };
    for (const type of types) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        cursor = event.lastEventId;
        push({ type, data: JSON.parse(event.data) } as News);
      });
    }
  };
  // A machine that slept may hold a connection that is dead without knowing it.
  window.addEventListener("online", () => {
    source.close();
    connect();
  });
  connect();
}
