/** Archives in memory: reads a tar, also a compressed one, and writes one. */
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, pack } from "tar-stream";
import { badUsage } from "./failure";

/** A file in an archive. */
export interface Entry {
  name: string;
  content: Buffer;
}

/** What may be unpacked at most, in bytes and files: a few kilobytes of a hostile archive can stand for terabytes. */
const MOST = { all: 512_000_000, kept: 64_000_000, one: 8_000_000, files: 5_000 } as const;

/** Whether bytes are an archive: gzip's magic number, or tar's in the header of the first file. */
export const isArchive = (bytes: Buffer): boolean =>
  isGzip(bytes) || bytes.toString("latin1", 257, 262) === "ustar";

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The files of an archive that are wanted. Nothing is written to a disk, so it does not matter what paths they have.
 * @param name of the archive, for the error.
 * @throws {Failure} when it is none, or too large.
 */
export async function unpack(
  bytes: Buffer,
  name: string,
  isWanted: (file: string) => boolean,
): Promise<Entry[]> {
  const found: Entry[] = [];
  let [all, kept, files] = [0, 0, 0];
  const tar = extract();
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      all += chunk.length;
      done(all > MOST.all ? new Error(`it unpacks to more than ${MOST.all / 1e6} MB`) : null, chunk);
    },
  });
  // A streamx stream, which Node's own pipelines take.
  const sink = tar as unknown as NodeJS.WritableStream;
  const source = isGzip(bytes) ? [Readable.from([bytes]), createGunzip()] : [Readable.from([bytes])];
  const feed = pipeline([...source, limit, sink]).catch((error: Error) => void tar.destroy(error));
  try {
    for await (const entry of tar) {
      const { name: file, type, size = 0 } = entry.header;
      if (++files > MOST.files) throw new Error(`it has more than ${MOST.files} files`);
      const isKept = type === "file" && size <= MOST.one && kept + size <= MOST.kept && isWanted(file);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (isKept) chunks.push(chunk as Uint8Array);
      if (!isKept) continue;
      kept += size;
      found.push({ name: file, content: Buffer.concat(chunks) });
    }
  } catch (error) {
    throw badUsage(
      `${name} cannot be read as an archive: ${(error as Error).message}. It must be a tar, or a tar.gz.`,
    );
  } finally {
    tar.destroy();
    await feed;
  }
  return found;
}

/** An archive of these files. */
export async function archiveOf(files: readonly { name: string; text: string }[], at: Date): Promise<Buffer> {
  const tar = pack();
  for (const { name, text } of files) tar.entry({ name, mtime: at, mode: 0o644 }, text);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
