/** A cpio archive in the "newc" format, which a Linux kernel takes as its first root (initramfs). */
import { Buffer } from "node:buffer";

/** A file, or a directory if `content` is undefined. A directory comes before what is in it. */
export interface Entry {
  name: string;
  content?: Buffer | string;
}

/**
 * The archive of these entries, all owned by root and executable, plus /dev/console, without which the first process
 * has no output. Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
 */
export function cpio(entries: Entry[]): Buffer {
  const parts: Buffer[] = [];
  let inode = 0;
  const add = (name: string, mode: number, content: Buffer, device: [number, number] = [0, 0]) => {
    inode += 1;
    const path = Buffer.from(`${name}\0`);
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, ...device, path.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
    parts.push(padded(Buffer.concat([Buffer.from(header), path])), padded(content));
  };
  const nothing = Buffer.alloc(0);
  for (const { name, content } of entries) {
    if (content === undefined) add(name, 0o040755, nothing);
    else add(name, 0o100755, Buffer.from(content));
  }
  add("dev", 0o040755, nothing);
  add("dev/console", 0o020600, nothing, [5, 1]);
  add("TRAILER!!!", 0, nothing);
  return Buffer.concat(parts);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
