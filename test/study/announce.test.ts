import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { judge } from "../../components/plan";
import type { Observation } from "../../components/study";
import { compare } from "../../components/study/observation";
import { announceObservation, announceVerdict } from "../../components/study/stack";
import { failWhenDone } from "../../components/study/stack/program-failure";
import { asPredicted } from "../support/measured";
import { resolved } from "../support/mocks";
import { planOf } from "../support/problems";

type Message = [severity: "info" | "warn" | "error", text: string];

/** What a program logs, in a preview or in an update. */
async function logged(preview: boolean, program: () => unknown): Promise<Message[]> {
  const log = pulumi.log as { -readonly [Name in Message[0]]: (typeof pulumi.log)[Name] };
  const { info, warn, error } = log;
  const messages: Message[] = [];
  const record = (severity: Message[0]) => async (text: string) => {
    messages.push([severity, text]);
  };
  Object.assign(log, { info: record("info"), warn: record("warn"), error: record("error") });
  try {
    await pulumi.runtime.setMocks(
      { newResource: ({ inputs }) => ({ id: "", state: inputs }), call: () => ({}) },
      "encaplab",
      "test",
      preview,
    );
    await program();
    return messages;
  } finally {
    Object.assign(log, { info, warn, error });
  }
}

const severities = (messages: readonly Message[]) => messages.map(([severity]) => severity);
const firstLines = (messages: readonly Message[]) => messages.map(([, text]) => text.split("\n")[0]);

/** Every line fits the engine's display: 80 columns, less the 4 by which it indents, and its `warning: `. */
function assertFits(messages: readonly Message[]): void {
  for (const [severity, text] of messages) {
    const shown = severity === "warn" ? `warning: ${text}` : text;
    const tooLong = shown.split("\n").filter((line) => line.length > 76 && !/^ *https:\S+$/.test(line));
    assert.deepEqual(tooLong, []);
  }
}

const lost = planOf({ encapsulation: "None" });
const broken = planOf({
  fabric: "aws",
  encapsulation: "None",
  faults: ["source-dest-check"],
  podRoutes: true,
});

describe("the announcement of a verdict", () => {
  const announced = (preview: boolean, observed: boolean, plan = lost) =>
    logged(preview, () => announceVerdict(judge(plan), { observed }));

  it("shows in a preview the table and, as warnings, the paths that fail without a fault", async () => {
    const messages = await announced(true, true);
    assert.deepEqual(severities(messages), ["info", "warn"]);
    assert.match(messages[0]?.[1] ?? "", /^Verdict \(a prediction\): 4 of 13 paths fail\nPATH /);
    assert.match(messages[0]?.[1] ?? "", /^The verdict cannot know: /m);
    assert.match(
      messages[1]?.[1] ?? "",
      /^cross-subnet, node-to-pod \(cross-subnet\), [\s\S]* fail, the\s+first\s+of\s+them\s+at\s+router: [\s\S]*\n {2}fix: [\s\S]*\n {2}see:\s+https:/,
    );
    assertFits(messages);
  });

  it("does not repeat the engine's own `warning:`, and says each warning once", async () => {
    const all = (await announced(true, true)).map(([, text]) => text).join("\n");
    assert.doesNotMatch(all, /warning:/);
    assert.equal(all.match(/^cross-subnet, /gm)?.length, 1);
  });

  it("shows failures that a fault asks for as information, with their cause", async () => {
    const messages = await announced(true, true, broken);
    assert.deepEqual(severities(messages), ["info"]);
    assert.match(
      messages[0]?.[1] ?? "",
      /^intended: same-subnet, [\s\S]* fail, the\s+first\s+of\s+them\s+at\s+cp1's\s+port: /m,
    );
    assert.match(messages[0]?.[1] ?? "", /^note: fault source-dest-check is set on purpose/m);
    assertFits(messages);
  });

  it("leaves the table to the observation in an update of a twin, but still warns", async () => {
    assert.deepEqual(severities(await announced(false, true)), ["warn"]);
    assert.deepEqual(severities(await announced(false, true, broken)), []);
  });

  it("shows the table in an update without an observation", async () => {
    assert.deepEqual(severities(await announced(false, false)), ["info", "warn"]);
  });
});

describe("the announcement of an observation", () => {
  /** @param age of the measuring in ms, relative to the announcement. */
  const observed = (plan: typeof lost, age: number, change: (seen: Observation) => void = () => {}) => {
    const seen = compare(plan, asPredicted(plan), new Date(Date.now() - age));
    change(seen);
    return seen;
  };
  const announced = (preview: boolean, seen: Observation, plan = broken) =>
    logged(preview, async () => {
      const output = pulumi.output(seen);
      announceObservation(output, judge(plan), undefined as unknown as pulumi.Resource);
      await resolved(output.apply(() => undefined));
    });
  const NEW = -60_000;
  const OLD = 60_000;

  it("shows a new one as a table, with the causes that the verdict did not show in this update", async () => {
    const messages = await announced(false, observed(broken, NEW));
    assert.deepEqual(severities(messages), ["info"]);
    assert.match(messages[0]?.[1] ?? "", /^Observation: as predicted in all 290 probes[\s\S]*\nPATH /);
    assert.match(messages[0]?.[1] ?? "", /^intended: same-subnet, /m);
    assert.doesNotMatch(messages[0]?.[1] ?? "", /ip route get:/);
    assertFits(messages);
  });

  it("shows an earlier one in a sentence, because nothing was measured anew", async () => {
    const messages = await announced(false, observed(broken, OLD));
    assert.deepEqual(severities(messages), ["info"]);
    assert.match(messages[0]?.[1] ?? "", /^Observation: as predicted in all 290 probes/);
    assert.doesNotMatch(messages[0]?.[1] ?? "", /PATH|intended/);
    assertFits(messages);
  });

  it("shows nothing in a preview, which measures nothing", async () => {
    assert.deepEqual(await announced(true, observed(broken, OLD)), []);
  });

  it("fails the update if it disagrees with the verdict, whenever it was measured", async () => {
    const disagreeing = observed(broken, OLD, (seen) => {
      seen.agrees = false;
      seen.disagreements = ["cp1-1 > w1-1 (same-subnet, ICMP): predicted fails, observed works"];
    });
    const messages = await announced(false, disagreeing);
    assert.deepEqual(severities(messages), ["error"]);
    assert.match(messages[0]?.[1] ?? "", /!! cp1-1 > w1-1 [\s\S]*\nThe lab is up\. /);
    assertFits(messages);
  });

  describe("with ENCAPLAB_VERBOSE=1", () => {
    before(() => {
      process.env.ENCAPLAB_VERBOSE = "1";
    });
    after(() => {
      delete process.env.ENCAPLAB_VERBOSE;
    });

    it("shows both tables in any update, and the route and the packet of each path", async () => {
      const verdict = await logged(false, () => announceVerdict(judge(broken), { observed: true }));
      const messages = [...verdict, ...(await announced(false, observed(broken, OLD)))];
      assert.deepEqual(firstLines(messages), [
        "Verdict (a prediction): 8 of 13 paths fail",
        "Observation: as predicted in all 290 probes, on the network twin, a model",
      ]);
      assert.match(messages[1]?.[1] ?? "", /^cross-subnet, cp1-1 > w2-1:\n {2}ip route get: /m);
      assertFits(messages);
    });
  });
});

describe("a program that fails when it is done", () => {
  /** The exit code of a process with this main module, that would end with `code`. */
  const exitCode = (main: string, code = 0) => {
    let exit = (_code: number) => {};
    const program = {
      argv: ["node", main],
      exitCode: code,
      once: (_event: string, listener: typeof exit) => {
        exit = listener;
      },
    };
    failWhenDone(program as unknown as NodeJS.Process);
    exit(code);
    return program.exitCode;
  };

  it("has the exit code that the engine knows as said already, unless it has failed before", () => {
    const main = "/somewhere/node_modules/@pulumi/pulumi/cmd/run";
    assert.equal(exitCode(main), 32);
    assert.equal(exitCode(main, 1), 1);
  });

  it("is not the program of the Automation API's user, who gets an error of the update", () => {
    assert.equal(exitCode("/somewhere/deploy.js"), 0);
  });
});
