/** A key of the config that the import writes. */
import type { RawConfig } from "../../config";

/** A key of the config, with where its value is from. */
export interface Entry {
  key: keyof RawConfig;
  value: unknown;
  /** For the comment above the key, in one sentence without the full stop. */
  why: string;
}

/** Adds an {@link Entry}. */
export type SetKey = (key: keyof RawConfig, value: unknown, why: string) => void;
