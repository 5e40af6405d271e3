/** What an observation is based on: every command, and what it printed. */

/** The last line of what a command printed: most programs say there why they failed. */
export const lastLine = (output: string): string => output.trim().split("\n").at(-1) ?? "";

/** A command that was run, or a probe that was sent. */
export interface Evidence {
  /** Where: the name of a study pod or a node, or of a pod of Calico. */
  where: string;
  command: string;
  /** The `id` of the probe that the command is, if it is one. */
  probe?: string;
  /** The command's exit code. Absent if it did not end, or if it is not a process of its own. */
  exit?: number;
  /** Standard output and standard error, as they came. */
  output: string;
}
