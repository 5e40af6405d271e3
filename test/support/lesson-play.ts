/** Plays a lesson on the twin through the command line, as a student does. */
import assert from "node:assert/strict";
import { readLessons } from "../../scripts/cli/lessons";
import type { CliCheckout } from "./cli-checkout";

type Ran = Awaited<ReturnType<CliCheckout["lab"]>>;

/** The option that makes a value of the config the solution's. */
const optionOf = ([key, value]: [string, unknown]): string =>
  `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`;

/**
 * Begins the lesson, checks that it is not solved, changes something, and checks that this solves it. The lab is down
 * afterwards.
 * @param change what the student does. Default: the solution, as config.
 */
export async function playLesson(
  checkout: CliCheckout,
  name: string,
  change?: (fine: (...words: string[]) => Promise<string>) => Promise<unknown>,
): Promise<void> {
  const told = (words: string[], { stdout, stderr }: Ran) => `${words.join(" ")}:\n${stdout}\n${stderr}`;
  const fine = async (...words: string[]): Promise<string> => {
    const ran = await checkout.lab(...words);
    assert.equal(ran.status, 0, told(words, ran));
    return ran.stdout;
  };
  const { title, solution } = readLessons()[name] ?? assert.fail(name);
  try {
    const { status, stdout: asked, stderr } = await checkout.lab("lesson", name.toLowerCase());
    assert.equal(status, 0, stderr);
    assert.ok(asked.startsWith(`${name}: ${title}\n`), asked);
    assert.doesNotMatch(asked + stderr, /fix:|see:/, "the verdict is the answer");
    const words = ["lesson", "check", name];
    const unsolved = await checkout.lab(...words);
    assert.equal(unsolved.status, 1, told(words, unsolved));
    assert.match(unsolved.stdout, new RegExp(`^Not yet: ${name}\\.\\n`, "m"));
    if (change) await change(fine);
    else await fine("up", name, "--config", ...Object.entries(solution).map(optionOf));
    const solved = await fine("lesson", "check");
    assert.match(solved, new RegExp(`^Solved: ${name}\\.`, "m"));
    const says = change ? /still predicts the failure/ : /The verdict says so, too/;
    assert.match(solved, says);
    assert.match(await fine("lesson"), new RegExp(`^${name} +.* solved \\d{4}-`, "m"));
  } finally {
    await checkout.lab("down", name);
  }
}
