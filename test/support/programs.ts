/** Programs that stand in for those of a machine, in a folder that a shell looks into first. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A folder of programs. */
export interface Programs {
  folder: string;
  /** The environment of a shell that finds them. */
  env: NodeJS.ProcessEnv;
  remove(): void;
}

/** @param texts what each program does, as a text for `sh`, by its name. */
export function makePrograms(texts: Readonly<Record<string, string>>): Programs {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-shell-"));
  for (const [name, text] of Object.entries(texts))
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return {
    folder,
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
