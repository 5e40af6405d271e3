/** Paths of this machine's files, as the config writes them. */
import * as os from "node:os";
import * as path from "node:path";

/** The absolute path of a file: a relative one starts at the project's folder, and `~/` at the user's home. */
export const localPath = (text: string): string => path.resolve(text.replace(/^~(?=\/)/, os.homedir()));
