/** Scalars of YAML, and whether the engine's library (gopkg.in/yaml.v3) reads them as ours does. */

/** Without quotes, each is another value for the engine: the second one. */
export const VARIOUS: readonly (readonly [string, string])[] = [
  ["026", "22"],
  ["-017", "-15"],
  ["1_000", "1000"],
  ["0x1_f", "31"],
  ["0b11010", "26"],
  ["-0b11", "-3"],
  ["-0o17", "-15"],
  ["-0x1f", "-31"],
  ["09", "9"],
  ["00.5", "0.5"],
  ["2001-12-14", "2001-12-14 00:00:00 +0000 UTC"],
  ["2001-12-14T21:59:43Z", "2001-12-14 21:59:43 +0000 UTC"],
  ["9007199254740993", "9007199254740993"],
  ["123456789012345678901234567890", "1.2345678901234568e+29"],
];

/** Each is the same value for both. */
export const SAME: readonly (readonly [string, unknown])[] = [
  ["26", 26],
  ["0", 0],
  ["-3", -3],
  ["1.30", 1.3],
  ["0.5", 0.5],
  [".5", 0.5],
  ["0o17", 15],
  ["0x1f", 31],
  ["true", true],
  ["False", false],
  ["yes", "yes"],
  ["off", "off"],
  ["n", "n"],
  ["IPIP", "IPIP"],
  ["10.0.3.0/24", "10.0.3.0/24"],
  ["10.0.3.4", "10.0.3.4"],
  ["1.2.3", "1.2.3"],
  ["8h", "8h"],
  ["12:30:45", "12:30:45"],
  ["a_1", "a_1"],
  ["ami-0123", "ami-0123"],
  ["0123456789abcdef", "0123456789abcdef"],
  ["1e3x", "1e3x"],
  ["+", "+"],
  ["_1", "_1"],
];
