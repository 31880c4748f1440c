import type { Account, AccountState } from "../api/types";

const needPerson: ReadonlySet<string> = new Set<AccountState>(["challenge", "page_changed", "logged_out", "proxy_down", "parked"]);

// waitsForPerson says whether an account goes on only when somebody does something.
export const waitsForPerson = (a: Account): boolean => needPerson.has(a.state) || (a.alarms?.length ?? 0) > 0;

// resumable says whether "resume" means something in this state.
export const resumable = (a: Account): boolean => ["paused", "challenge", "page_changed", "parked"].includes(a.state);

export const pausable = (a: Account): boolean => a.state !== "" && !["paused", "draining"].includes(a.state);

export const needsLogin = (a: Account): boolean => a.state === "logged_out" || a.state === "logging_in";
