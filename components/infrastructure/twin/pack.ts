/**
 * A state as the outputs of a resource keep it. The engine keeps a state twice, as input and as output, and writes all of them
 * before and after each step: only the inputs are for people to read, so the outputs are packed. Pure.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** A packed state: JSON, deflated, in base64. */
export type Packed = string;

export const pack = (state: object): Packed => deflateRawSync(JSON.stringify(state)).toString("base64");

/** The state that was packed. One that was not, as in inputs and in a lab of an earlier version, stays as it is. */
export const unpack = <State>(state: State | Packed): State =>
  typeof state === "string"
    ? (JSON.parse(inflateRawSync(Buffer.from(state, "base64")).toString()) as State)
    : state;
