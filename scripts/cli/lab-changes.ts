/** What the user is told about the changes of a lab: one sentence. */
import { type Change, valueAt } from "./config-path";
import { typed } from "./invocation";
import type { LabConfig } from "./overlay";

/** One change with the file's own value beside it, as `--json` has it. */
export interface DescribedChange {
  key: string;
  value: unknown;
  file: unknown;
}

/** The changes of a lab, each with what the file says. */
export const describeChanges = ({
  file,
  changes,
}: Pick<LabConfig, "file"> & { changes: readonly Change[] }): DescribedChange[] =>
  changes.map(({ path, value }) => ({
    key: path,
    value,
    file: file.secrets.some((key) => key.endsWith(`:${path.split(/[.[]/)[0]}`))
      ? undefined
      : valueAt(file.config, path),
  }));

/** What the lab has that its file does not, in one sentence; undefined where they are the same. */
export function changedSentence(config: LabConfig): string | undefined {
  const changes = describeChanges(config);
  if (changes.length === 0) return undefined;
  const { stack } = config.file;
  return `changed for this lab: ${changes.map(listed).join("; ")}; \`${typed(`reset ${stack}`)}\` returns to the file`;
}

/** `encapsulation VXLAN (file: IPIP)`. */
export const listed = ({ key, value, file }: DescribedChange): string =>
  `${key} ${show(value)} (file: ${file === undefined ? "not set" : show(file)})`;

/** A value of the config as people read it. */
export function show(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object"))
    return value.join(", ") || "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
