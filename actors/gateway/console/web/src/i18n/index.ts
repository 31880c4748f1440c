import { settings } from "../state/settings.svelte";
import { en } from "./en";
import { zh } from "./zh";

export type Word = keyof typeof zh;

// t is the text of a word in the chosen language, with {name} replaced. A component that calls it follows the language.
export function t(word: Word, values: Record<string, string | number> = {}): string {
  const text: string = (settings.language === "en" ? en : zh)[word];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

// known is the text of a word that comes from the node, or the node's own word when there is none.
export function known(prefix: "state" | "kind" | "alarm" | "round" | "reason" | "proxy.class" | "refused" | "end" | "mode", word: string): string {
  const key = `${prefix}.${word}`;
  return key in zh ? t(key as Word) : word;
}
