/** `lab stacks`: which stacks there are. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions } from "../command";
import { labsUp } from "../labs";
import { prepareToRead } from "../setup";
import { columns, print, printJson } from "../terminal";

export const stacks = (): Command =>
  command("stacks", {
    summary: "list the stacks, and which are up",
    details: "Lists every file stacks/Pulumi.<stack>.yaml with its first line, and marks those that are up.",
    examples: ["stacks", "stacks --json"],
  })
    .addOption(jsonOption())
    .action(endsWith(listStacks));

/** The first line of a lesson names the page beside it. */
const PAGE = / Explained in \S+\.md\.$/;

async function listStacks({ json }: LabOptions): Promise<number> {
  const { firstComment, stackNames } = require("../stack-file") as typeof import("../stack-file");
  await prepareToRead();
  const up = labsUp();
  // A lab stays up when its file is gone.
  const names = [...stackNames(), ...up.filter((stack) => !stackNames().includes(stack))];
  const list = names.map((stack) => ({
    stack,
    up: up.includes(stack),
    about: firstComment(stack).replace(PAGE, "") || "(no file, or nothing on its first line)",
  }));
  if (json) printJson(list);
  else print(columns(list.map((one) => [one.stack, one.up ? "up" : "  ", one.about])).join("\n"));
  return 0;
}
