// What the node's HTTP API says, in JSON (GET /api/v1 lists its routes). Times are Unix milliseconds; revisions and
// cursors are 64-bit numbers in strings.

// The roles, each of which may do what the one before it may.
export const roles = ["viewer", "agent", "operator", "admin"] as const;
// worker is for tokens alone: it lets a Node worker in to /worker, and to nothing else.
export const tokenRoles = [...roles, "worker"] as const;
export type Role = (typeof tokenRoles)[number];

// Caller is who uses this page; without a name, nobody yet.
export interface Caller {
  name?: string;
  kind?: "user" | "token" | "local" | "development";
  role?: Role;
  accounts?: string[];
  first_admin?: boolean;
}

export interface User {
  name: string;
  role: Role;
  accounts?: string[];
  disabled?: boolean;
  sessions?: { id: string; created_at: number; seen_at: number; from: string }[];
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  accounts?: string[];
  created_at: number;
  expires_at?: number;
  revoked_at?: number;
  secret?: string;
}

export interface AuditEntry {
  seq: string;
  at: number;
  who: string;
  from: string;
  what: string;
  targets?: string[];
  outcome: string;
}

export interface AuditCheck {
  ok: boolean;
  entries: number;
  first_bad?: string;
  why?: string;
}

export type AccountState =
  | "starting" | "watching" | "logging_in" | "logged_out" | "challenge" | "page_changed"
  | "rate_limited" | "proxy_down" | "paused" | "draining" | "parked";

export interface Person {
  id: string;
  name: string;
}

export interface Last {
  text: string;
  from: string;
  at: number;
}

export interface Unread {
  comments: number;
  messages: number;
  total: number;
}

export interface Account {
  id: string;
  platform: string;
  name: string;
  tags?: string[];
  state: AccountState | "";
  reason?: string;
  step?: string;
  since?: number;
  online: boolean;
  node?: string;
  pinned?: string; // the Node worker that it was given to
  unfenced?: boolean; // a Node worker has it, or may have it still
  epoch: string;
  logged_in: boolean;
  login_status: string;
  last_login_time?: number;
  profile?: { platform_user_id: string; nickname: string; followers?: number; following?: number; signature?: string };
  monitor_interval?: number;
  created_at: number;
  last_round?: number;
  next_round?: number;
  rounds: number;
  gate_open: boolean;
  gate?: string; // address of its way out
  browser_pid?: number;
  browser_starts: number;
  browser_end?: "memory" | "age" | "idle";
  definition?: string; // digest
  definition_version?: number;
  items_per_hour?: number;
  evidence?: string;
  proxy?: string; // name of its way out; absent = directly
  noise?: "off" | "seed";
  persona?: Persona;
  traffic?: Traffic;
  loaded: boolean;
  counts: { contents: number; comments: number; discussions: number; conversations: number; messages: number; notifications: number };
  unread: Unread;
  last?: Last;
  last_sync_time?: number;
  open_replies: number;
  alarms?: Alarm[];
}

// What an account's Chromium shows of itself.
export interface Persona {
  locale: string;
  time_zone: string;
  languages: string[] | null;
  width: number;
  height: number;
  cores: number;
  noise: string;
  user_agent?: string;
  self_test?: string; // ok, or what does not match
  shared?: string[];
}

// What an account's gate counted since it was opened.
export interface Traffic {
  bytes_up: number;
  bytes_down: number;
  tunnels: number;
  dials: number;
  refused?: Record<string, number>;
  unlisted?: { name: string; connections: number }[];
  unlisted_more?: number;
}

export interface Proxy {
  id: string;
  name: string;
  scheme: "http" | "https" | "socks5";
  host: string;
  port: number;
  username?: string;
  has_password: boolean;
  accounts: string[];
  state: "unknown" | "ok" | "failed";
  class?: string;
  reason?: string;
  exit_address?: string;
  latency_ms?: number;
  checked_at?: number;
  checked_by?: string;
  checked_on?: string;
}

export interface PlatformVersion {
  version: number;
  digest: string;
  taken_at?: number;
  built_in: boolean;
  running: boolean;
}

export interface AccountGone {
  id: string;
  removed: true;
}

export interface Alarm {
  id: string;
  name: string;
  account?: string;
  node?: string;
  proxy?: string; // its name
  platform?: string;
  reason: string;
  raised_at: number;
  cleared_at?: number;
  open: boolean;
}

export interface Topic {
  id: string;
  account: string;
  kind: "work" | "conversation";
  item_id: string;
  title: string;
  url?: string;
  person?: Person;
  count: number;
  unread: number;
  last?: Last;
  active_at: number;
}

export interface Item {
  account: string;
  collection: "contents" | "comments" | "discussions" | "conversations" | "messages" | "notifications";
  id: string;
  rev: string;
  topic?: string;
  at: number;
  is_new: boolean;
  is_read: boolean;
  is_own: boolean;
  title?: string;
  text: string;
  from?: Person;
  comment_id?: string;
  reply_to_id?: string;
  reply_to_name?: string;
  replied?: boolean;
  recalled?: boolean;
  type?: string;
  file_name?: string;
  likes?: number;
}

export interface ItemEvent {
  change: "new" | "changed" | "deleted";
  item: Item;
  unread: Unread;
  topic?: Topic;
}

export type ReplyState = "accepted" | "assigned" | "dispatching" | "confirmed" | "failed" | "unknown";

export interface Reply {
  id: string;
  account: string;
  topic: string;
  kind: "work" | "comment" | "discussion" | "message";
  in_reply_to?: string;
  to?: Person;
  content: string;
  state: ReplyState;
  final: boolean;
  reason?: string;
  accepted_at: number;
  ended_at?: number;
  platform_id?: string;
}

export interface NewReply {
  id: string;
  topic: string;
  in_reply_to?: string;
  content: string;
}

export interface Login {
  session: string;
  account: string;
  status: "pending" | "scanning" | "success" | "failed" | "timeout" | "expired" | "cancelled";
  final: boolean;
  step?: "qrcode_ready" | "qrcode_refreshed" | "scanning" | "sms_input_required";
  ask?: string;
  message?: string;
  qr?: string;
  qr_expires_at?: number;
  reason?: string;
  created_at?: number;
  ended_at?: number;
}

export interface Step {
  step: string;
  matched?: string;
  took_ms: number;
  error?: string;
}

export interface Round {
  at: number;
  took_ms: number;
  what: "round" | "probe" | "login" | "reply";
  items: number;
  outcome: string;
  reason?: string;
  evidence?: string;
  steps?: Step[];
}

export interface Capacity {
  placed: number;
  unplaced?: Record<string, number>;
  free: number;
  spare: number;
}

export interface Node {
  draining?: boolean;
  name: string;
  online: boolean;
  last_beat?: number;
  accounts: number;
  max_accounts: number;
  browsers: number;
  memory_rss: number;
  browser_memory: number;
  load1: number;
  pending_items: number;
  sandbox?: string;
  carries?: number;
  full?: string; // why it takes no further account
  memory_available?: number;
  chromium?: string;
  mode?: string;
  foreign?: boolean; // a Node worker of another make: no lease binds it
}

export interface Status {
  version: string;
  started_at: number;
  uptime_ms: number;
}

export interface Platform {
  name: string;
  title: Record<string, string>;
  accounts: number;
  version: number;
  digest: string; // empty: no version was ever valid
  built_in: boolean;
  rolled_back: boolean;
  problem?: string; // a line for each fault
  versions: PlatformVersion[];
}

export interface ImportRow {
  place: string;
  account?: string;
  platform: string;
  name: string;
  outcome: "ready" | "added" | "exists" | "refused" | "failed";
  message?: string;
  login?: { cookies: number };
}

export interface Import {
  dry_run: boolean;
  rows: ImportRow[];
  added: number;
  refused: number;
}

export interface QueuedLogin {
  account: string;
  name: string;
  session?: string;
  tries: number;
  given_up: boolean;
}

export interface LoginQueue {
  at_once: number;
  waiting: QueuedLogin[];
}

export interface LoginLink {
  account: string;
  url: string;
  expires_at: number;
}

// LinkedLogin is what the holder of a login link sees.
export interface LinkedLogin {
  name: string;
  platform: string;
  login: Login;
  expires_at: number;
}
