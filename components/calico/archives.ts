/** Image archives on this machine, for nodes that cannot pull Calico's images. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import type { CalicoConfig } from "../config";
import { problem } from "./source";

/** An archive as `docker save` and `ctr images export` write it: a tar, possibly compressed by gzip. */
export interface Archive {
  /** Absolute path. */
  file: string;
  /** Size in bytes and time of the last change. Another stamp means another content. */
  stamp: string;
}

/**
 * The archives of `calico.images`; empty when the nodes pull the images themselves.
 * @throws {ConfigError} when one cannot be read, or is not an archive.
 */
export function findArchives({ images = [] }: CalicoConfig): Archive[] {
  return images.map((name, i) => {
    const file = path.resolve(name);
    const allowed = "it must be the path of an image archive, as `docker save -o FILE` writes it";
    let stamp: string;
    let start: Buffer;
    try {
      const { size, mtimeMs } = fs.statSync(file);
      stamp = `${size} ${mtimeMs}`;
      start = read(file, 512);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw problem(`images[${i}]`, name, `it cannot be read (${code}); ${allowed}`);
    }
    if (!isGzip(start) && !isTar(start))
      throw problem(`images[${i}]`, name, `it is not a tar file; ${allowed}`);
    return { file, stamp };
  });
}

function read(file: string, length: number): Buffer {
  const handle = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, fs.readSync(handle, buffer, 0, length, 0));
  } finally {
    fs.closeSync(handle);
  }
}

const isGzip = (start: Buffer): boolean => start[0] === 0x1f && start[1] === 0x8b;
/** POSIX tar and GNU tar both have `ustar` at byte 257 of the first header. */
const isTar = (start: Buffer): boolean => start.toString("latin1", 257, 262) === "ustar";

/** The SHA-256 of a file's content, in hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** The tar of an archive. Decompresses gzip, because not every containerd does that itself. */
export function tarOf(file: string): NodeJS.ReadableStream {
  const stream = fs.createReadStream(file);
  if (!isGzip(read(file, 2))) return stream;
  // The reader of this stream gets the error when the file cannot be read to its end.
  return pipeline(stream, createGunzip(), () => {});
}
