/** What a list has that the other one has not. In time that grows with the lists: a node of a large lab has hundreds of lines. */
export function difference(
  old: readonly string[],
  now: readonly string[],
): { added: string[]; removed: string[] } {
  const [before, after] = [new Set(old), new Set(now)];
  return {
    added: now.filter((line) => !before.has(line)),
    removed: old.filter((line) => !after.has(line)),
  };
}
