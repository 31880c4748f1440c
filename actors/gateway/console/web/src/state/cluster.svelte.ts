import { SvelteMap } from "svelte/reactivity";
import { get } from "../api/client";
import { follow, type News } from "../api/stream";
import type { Account, Alarm, Login, Reply } from "../api/types";
import { inbox } from "./inbox.svelte";
import { outbox } from "./outbox.svelte";

// Cluster is what the page knows of accounts, alarms, replies and logins. It follows the node's one event stream; every
// connection begins with where things stand, so what is not told then is gone.
class Cluster {
  accounts = new SvelteMap<string, Account>();
  alarms = new SvelteMap<string, Alarm>(); // open ones, and those that closed since the page was opened
  replies = new SvelteMap<string, Reply>();
  logins = new SvelteMap<string, Login>(); // by account, the newest; without pictures

  link = $state<"connecting" | "live" | "offline">("connecting");
  since = $state(Date.now()); // of the link's present state
  known = $state(false); // where things stand was told once
  synced = $state(0); // how often the page caught up: pages that ask for more than the stream tells read it

  #told: { accounts: Set<string>; alarms: Set<string> } | undefined; // since the connection was opened

  start(): void {
    follow(
      (news) => this.#hear(news),
      (on) => this.#link(on),
    );
  }

  account(id: string | undefined): Account | undefined {
    return id === undefined ? undefined : this.accounts.get(id);
  }

  name(id: string): string {
    return this.accounts.get(id)?.name ?? id;
  }

  get openAlarms(): Alarm[] {
    return [...this.alarms.values()].filter((a) => a.open).sort((a, b) => b.raised_at - a.raised_at);
  }

  // put takes an account that a command answered with, ahead of its event.
  put(account: Account): void {
    this.accounts.set(account.id, account);
  }

  #link(on: boolean): void {
    const link = on ? "live" : "offline";
    if (link === this.link) return;
    this.link = link;
    this.since = Date.now();
  }

  #hear(news: News[]): void {
    for (const one of news) this.#one(one);
    inbox.settle();
  }

  #one(news: News): void {
    switch (news.type) {
      case "opened":
        this.#told = { accounts: new Set(), alarms: new Set() };
        break;
      case "account":
        this.#told?.accounts.add(news.data.id);
        if ("removed" in news.data) this.#forget(news.data.id);
        else this.accounts.set(news.data.id, news.data);
        break;
      case "alarm":
        this.#told?.alarms.add(news.data.id);
        this.alarms.set(news.data.id, news.data);
        break;
      case "reply":
        this.replies.set(news.data.id, news.data);
        break;
      case "login":
        this.logins.set(news.data.account, news.data);
        break;
      case "item":
        inbox.hear(news.data);
        break;
      case "reset":
        this.replies.clear();
        inbox.reset();
        break;
      case "ready":
        this.#ready();
        break;
    }
  }

  // ready ends the telling of where things stand.
  #ready(): void {
    const told = this.#told;
    this.#told = undefined;
    if (told) {
      for (const id of [...this.accounts.keys()]) if (!told.accounts.has(id)) this.#forget(id);
      for (const alarm of this.alarms.values()) {
        if (alarm.open && !told.alarms.has(alarm.id)) this.alarms.set(alarm.id, { ...alarm, open: false });
      }
    }
    this.known = true;
    this.synced++;
    void this.#earlier();
    inbox.load();
    outbox.resend();
  }

  #forget(id: string): void {
    this.accounts.delete(id);
    this.logins.delete(id);
    inbox.forget(id);
  }

  // earlier reads the replies that ended before the stream tells of them. A failure is made good by the next connection.
  async #earlier(): Promise<void> {
    const { replies } = await get<{ replies: Reply[] }>("/replies?limit=500").catch(() => ({ replies: [] }));
    for (const reply of replies) {
      if (!this.replies.get(reply.id)?.final) this.replies.set(reply.id, reply);
    }
  }
}

export const cluster = new Cluster();
