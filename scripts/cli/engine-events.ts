/** What the engine says with `--json`: one event a line (pulumi/sdk/go/common/apitype/events.go). */

/** An event that the user is told about. */
export type EngineEvent =
  | { kind: "message"; severity: "info" | "warning" | "error"; text: string; passing: boolean }
  | { kind: "line"; text: string }
  /** `component`: a resource that only holds others together. */
  | { kind: "begins" | "done" | "failed"; operation: string; resource: string; component: boolean }
  | { kind: "summary"; changed: number; total: number };

interface Metadata {
  op: string;
  urn: string;
  type: string;
  /** Empty for a component, which is only as done as what is in it. */
  provider?: string;
}

/** The engine's event, as far as it is read here. */
interface Raw {
  diagnosticEvent?: { message: string; severity: string; ephemeral?: boolean };
  stdoutEvent?: { message: string };
  resourcePreEvent?: { metadata: Metadata };
  resOutputsEvent?: { metadata: Metadata };
  resOpFailedEvent?: { metadata: Metadata };
  summaryEvent?: { resourceChanges?: Record<string, number> };
}

/** Operations that change nothing. */
const UNCHANGED = ["same", "read", "refresh", "read-discard", "discard"];

/** Reads a line of the engine. Undefined for an event that is not shown. */
export function parseEvent(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return line.trim() === "" ? undefined : { kind: "line", text: line };
  const event = JSON.parse(line) as Raw;
  if (event.diagnosticEvent) return diagnostic(event.diagnosticEvent);
  if (event.stdoutEvent) return message("info", event.stdoutEvent.message);
  if (event.resourcePreEvent) return operation("begins", event.resourcePreEvent.metadata);
  if (event.resOutputsEvent) return operation("done", event.resOutputsEvent.metadata);
  if (event.resOpFailedEvent) return operation("failed", event.resOpFailedEvent.metadata);
  if (event.summaryEvent) return summary(event.summaryEvent.resourceChanges ?? {});
  return undefined;
}

function diagnostic({ message: text, severity, ephemeral = false }: NonNullable<Raw["diagnosticEvent"]>) {
  if (severity === "debug") return undefined;
  const level = severity === "warning" || severity === "error" ? severity : "info";
  return message(level, text, ephemeral);
}

const message = (severity: "info" | "warning" | "error", text: string, passing = false): EngineEvent => ({
  kind: "message",
  severity,
  text: text.trimEnd(),
  passing,
});

function operation(
  kind: "begins" | "done" | "failed",
  { op, urn, type, provider }: Metadata,
): EngineEvent | undefined {
  if (UNCHANGED.includes(op)) return undefined;
  return { kind, operation: op, resource: resourceName(type, urn), component: provider === "" };
}

/** `Node w1`: the last parts of its type and of its URN. */
export function resourceName(type: string, urn: string): string {
  const kind = type.slice(Math.max(type.lastIndexOf(":"), type.lastIndexOf("/")) + 1);
  return `${kind} ${urn.slice(urn.lastIndexOf("::") + 2)}`;
}

function summary(changes: Record<string, number>): EngineEvent {
  const count = (wanted: boolean) =>
    Object.entries(changes)
      .filter(([op]) => UNCHANGED.includes(op) !== wanted)
      .reduce((sum, [, number]) => sum + number, 0);
  return { kind: "summary", changed: count(true), total: count(true) + count(false) };
}
