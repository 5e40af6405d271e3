/** Paths on this machine, as the config writes them. */
import * as os from "node:os";
import * as path from "node:path";

/** Makes a path absolute. A relative one starts in the project's folder, `~/` in the user's home. */
export const localPath = (text: string): string => path.resolve(text.replace(/^~(?=\/)/, os.homedir()));
