/** The lessons: their questions, hints and goals from stacks/lessons.yaml, and how far the student is. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { stateHome } from "./backend";
import { badUsage } from "./failure";
import { typed } from "./invocation";

const text = z.string().min(1);

const lesson = z.strictObject({
  title: text,
  question: text,
  hints: z.array(text).min(1).max(3),
  goal: z.strictObject({
    works: z.union([z.literal("all"), z.array(text).min(1)]),
    carriers: z.record(text, text).optional(),
  }),
  /** Config that reaches the goal. */
  solution: z.record(text, z.unknown()),
});

/** A lesson, as stacks/lessons.yaml has it. */
export type Lesson = z.output<typeof lesson>;

/** How far the student is in one lesson. Times are ISO 8601, in UTC. */
export interface Progress {
  begun?: string;
  /** How many hints were shown. */
  hints?: number;
  solved?: string;
  revealed?: string;
}

/** All lessons by the name of their stack, in their order. @throws when the file is not as it should be. */
export function readLessons(): Record<string, Lesson> {
  const file = path.resolve(__dirname, "../../stacks/lessons.yaml");
  return z.record(text, lesson).parse(parse(fs.readFileSync(file, "utf8")));
}

/** The lesson of that name, in any case. @throws {Failure} when there is none. */
export function findLesson(word: string): [name: string, lesson: Lesson] {
  const found = Object.entries(readLessons()).find(([name]) => name.toLowerCase() === word.toLowerCase());
  if (!found) throw badUsage(`There is no lesson "${word}"; \`${typed("lesson")}\` lists them.`);
  return found;
}

const progressFile = (): string => path.join(stateHome(), "lessons.json");

/** What is known of each lesson that was begun. */
export function readProgress(): Record<string, Progress> {
  try {
    return JSON.parse(fs.readFileSync(progressFile(), "utf8"));
  } catch {
    // None was begun, or a full disk has left half of it. No lab depends on it.
    return {};
  }
}

/** Adds to what is known of a lesson. @returns all that is known of it now. */
export function noteProgress(name: string, more: Progress): Progress {
  const all = readProgress();
  const now = { ...all[name], ...more };
  fs.mkdirSync(stateHome(), { recursive: true });
  fs.writeFileSync(progressFile(), `${JSON.stringify({ ...all, [name]: now }, null, 2)}\n`);
  return now;
}
