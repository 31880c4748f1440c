import { settings } from "./state/settings.svelte";

// How figures and times are written; all in the chosen language and the user's own time zone.

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

// age says how long ago, or in how long, at is.
export function age(at: number, now: number): string {
  const distance = at - now;
  const [unit, ms] = units.find(([, ms]) => Math.abs(distance) >= ms) ?? ["second", 1000];
  return new Intl.RelativeTimeFormat(settings.language, { numeric: "auto", style: "short" }).format(Math.trunc(distance / ms), unit);
}

export function fullTime(at: number): string {
  return new Intl.DateTimeFormat(settings.language, { dateStyle: "full", timeStyle: "medium" }).format(at);
}

export function clockTime(at: number, seconds = false): string {
  return new Intl.DateTimeFormat(settings.language, { hour: "2-digit", minute: "2-digit", hour12: false, ...(seconds ? { second: "2-digit" } : {}) }).format(at);
}

export function day(at: number): string {
  return new Intl.DateTimeFormat(settings.language, { weekday: "short", month: "short", day: "numeric" }).format(at);
}

// when is short: the time today, the date before.
export function when(at: number, now: number): string {
  if (new Date(at).toDateString() === new Date(now).toDateString()) return clockTime(at);
  return new Intl.DateTimeFormat(settings.language, { month: "numeric", day: "numeric" }).format(at);
}

// duration writes milliseconds as a person would.
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function bytes(n: number): string {
  const names = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 1000 && i < names.length - 1; i++) n /= 1000;
  return `${n >= 100 || i === 0 ? Math.round(n) : n.toFixed(1)} ${names[i]}`;
}

export function count(n: number): string {
  return new Intl.NumberFormat(settings.language).format(n);
}

// minutesSeconds is a countdown: 1:05.
export function minutesSeconds(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}
