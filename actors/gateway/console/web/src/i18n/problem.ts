import type { Problem } from "../api/client";
import { t, type Word } from ".";
import { zh } from "./zh";

// explain says what a refusal means, in the chosen language where there are words for it, else in the node's own.
export function explain(problem: Problem): string {
  const key = `problem.${problem.code}`;
  return key in zh ? t(key as Word, { message: problem.message }) : problem.message;
}
