/** The engine's events, from the file of `--event-log` or from the Automation API. */
import { existsSync, readFileSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation";

/** What the engine did to a resource: `same`, `create`, `update`, `delete`, `create-replacement`, … */
export type Operation = [name: string, op: string];

/** The events that an engine has written to its log so far; empty if it has not written any. */
export function eventsIn(log: string): EngineEvent[] {
  // Without what follows the last newline: while the engine writes, that line is not complete.
  const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : [];
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

/** The operations on resources, in order, without the engine's own resources: the stack and the providers. */
export const operationsIn = (events: readonly EngineEvent[]): Operation[] =>
  events.flatMap(({ resourcePreEvent: event }): Operation[] =>
    event && !event.metadata.type.startsWith("pulumi:")
      ? [[nameOf(event.metadata.urn), event.metadata.op]]
      : [],
  );

/** How many resources had each operation, as in the engine's own summary. */
export const summaryIn = (events: readonly EngineEvent[]): Record<string, number> =>
  events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {};

/** The stack's outputs, with secrets masked; empty if the update did not get as far. */
export const outputsIn = (events: readonly EngineEvent[]): Record<string, unknown> =>
  events.findLast(({ resOutputsEvent: event }) => event?.metadata.type === "pulumi:pulumi:Stack")
    ?.resOutputsEvent?.metadata.new?.outputs ?? {};

/** Whether the engine has started on a resource. */
export const hasBegun = (events: readonly EngineEvent[], name: string): boolean =>
  events.some(({ resourcePreEvent: event }) => event && nameOf(event.metadata.urn) === name);

/** Whether the engine has made and recorded a resource. */
export const hasMade = (events: readonly EngineEvent[], name: string): boolean =>
  events.some(({ resOutputsEvent: event }) => event && nameOf(event.metadata.urn) === name);
