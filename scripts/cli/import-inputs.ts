/** What the user gives to `import`: files, folders, archives, standard input. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Input } from "../../components/study/import";
import { isArchive, unpack } from "./archive";
import { badUsage } from "./failure";

/** A text larger than this is no output of kubectl about a network. */
const MOST = 32_000_000;
/** An archive may be larger: most of a diagnosis is logs, which are not read. */
const MOST_ARCHIVE = 128_000_000;
/** Of a folder. */
const MOST_FILES = 5_000;

/** Files of a diagnosis that can say something: not logs, and not what is known from elsewhere. */
const isWanted = (file: string): boolean =>
  /(^|\/)[^/.][^/]*$/.test(file) &&
  (/\.(ya?ml|json|txt|md)$/i.test(file) || !/\.\w+$/.test(path.basename(file))) &&
  !/(^|\/)(bpf-|ipset|nft-ruleset|tc-|ip-rule|ip-neigh|ip-route-v6|links\/|tls\/|third-party\/)/.test(file) &&
  // What `kubectl get -o wide` prints stands as YAML in the file beside it.
  !/(^|\/)cluster\/.*\.txt$/.test(file) &&
  // Kinds of which there are megabytes, and that say nothing about the network.
  !/(^|\/)kubernetes\/(pods|deployments|endpoints|endpointslices|services|statefulsets|jobs|cronjobs|pvc?|sc|namespaces)\.yaml$/.test(
    file,
  );

/** Reads all that was named, in order. @throws {Failure} when something cannot be read. */
export async function readInputs(names: readonly string[]): Promise<Input[]> {
  const found: Input[] = [];
  for (const name of names) found.push(...(await read(name)));
  return found;
}

async function read(name: string): Promise<Input[]> {
  if (name === "-") {
    const bytes = readBytes(0, "standard input");
    return isArchive(bytes) ? fromArchive(bytes, "-") : [{ file: "-", text: textOf(bytes) }];
  }
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  if (!stat) throw badUsage(`${name} does not exist.`);
  if (stat.isDirectory()) return fromFolder(name);
  if (!stat.isFile() && !stat.isFIFO() && !stat.isCharacterDevice())
    throw badUsage(`${name} is no file and no folder.`);
  if (stat.size > MOST_ARCHIVE)
    throw badUsage(
      `${name} has ${Math.round(stat.size / 1e6)} MB; an input may have ${MOST / 1e6} MB, an archive ${MOST_ARCHIVE / 1e6} MB.`,
    );
  const bytes = readBytes(name, name);
  if (isArchive(bytes)) return fromArchive(bytes, name);
  if (bytes.length > MOST)
    throw badUsage(
      `${name} has ${Math.round(bytes.length / 1e6)} MB; an input may have ${MOST / 1e6} MB. Give only what is about the network.`,
    );
  return [{ file: name, text: textOf(bytes) }];
}

/** @throws {Failure} when it cannot be read, or never ends. */
function readBytes(file: number | string, name: string): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  let handle: number | undefined;
  try {
    handle = typeof file === "number" ? file : fs.openSync(file, "r");
    for (;;) {
      const chunk = Buffer.allocUnsafe(65_536);
      const count = readSome(handle, chunk);
      if (count === 0) return Buffer.concat(chunks, size);
      chunks.push(chunk.subarray(0, count));
      size += count;
      if (size > MOST_ARCHIVE) throw badUsage(`${name} has more than ${MOST_ARCHIVE / 1e6} MB.`);
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (!syscall) throw error;
    throw badUsage(`${name} cannot be read (${code}).`);
  } finally {
    if (typeof file !== "number" && handle !== undefined) fs.closeSync(handle);
  }
}

/** A pipe whose other end is slow says EAGAIN, if it was opened so. */
function readSome(handle: number, chunk: Buffer): number {
  for (;;) {
    try {
      return fs.readSync(handle, chunk, 0, chunk.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** Text in UTF-8, or in UTF-16 as PowerShell's `>` writes it. */
function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  return new TextDecoder("utf-8").decode(bytes);
}

async function fromArchive(bytes: Buffer, name: string): Promise<Input[]> {
  const entries = await unpack(bytes, name, isWanted);
  if (entries.length === 0)
    throw badUsage(
      `${name} is an archive without any file that could be imported (.yaml, .json, .txt, .md).`,
    );
  return entries.map((entry) => ({ file: entry.name, text: textOf(entry.content), isOneOfMany: true }));
}

function fromFolder(folder: string): Input[] {
  const files = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => isWanted(path.relative(folder, file)))
    .sort();
  if (files.length === 0)
    throw badUsage(`${folder} has no file that could be imported (.yaml, .json, .txt, .md).`);
  if (files.length > MOST_FILES)
    throw badUsage(
      `${folder} has ${files.length} files, and at most ${MOST_FILES} are read; name the ones that count.`,
    );
  return files
    .filter((file) => fs.statSync(file).size <= MOST)
    .map((file) => ({ file, text: textOf(readBytes(file, file)), isOneOfMany: true }));
}
