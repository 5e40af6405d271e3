/** The stack files under stacks/, as the engine reads them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type LabConfig, parseStackConfig } from "../../components/config";

export const STACKS_FOLDER = join(__dirname, "../../stacks");
export const LESSONS = Array.from({ length: 16 }, (_, i) => `L${i + 1}`);

export const stackNames = (): string[] =>
  readdirSync(STACKS_FOLDER).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);

export const stackText = (stack: string): string =>
  readFileSync(join(STACKS_FOLDER, `Pulumi.${stack}.yaml`), "utf8");

export const stackConfig = (stack: string): LabConfig => parseStackConfig(parse(stackText(stack)).config);
