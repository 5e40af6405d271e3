/** `lab leftovers`: what a stack still has on its cloud, and which labs are past their time to live. */
import type { Command } from "commander";
import type { ExpiredLab, Leftover } from "../../../components/infrastructure/leftovers";
import { command, endsWith, jsonOption, type LabOptions, named, STACK, stackOption } from "../command";
import { badUsage } from "../failure";
import { findLab, type Named, nameOf } from "../labs";
import { columns, print, printJson } from "../terminal";

type Options = LabOptions & { expired?: boolean };

export const leftovers = (): Command =>
  command("leftovers", {
    summary: "list what a stack still has on its cloud",
    details:
      "Asks the cloud itself, not the state, for everything that your labs of this stack have left, for example after a `down`, with the command that deletes each. What another lab has under the same stack name is listed apart: it is not yours. Exit code 1 if anything of yours is there. With --expired: every lab of the account that is past its ttl.",
    examples: ["leftovers aws", "leftovers aws --json", "leftovers aws --expired"],
  })
    .argument(...STACK)
    .addOption(stackOption())
    .option("--expired", "list every lab of the stack's account or project past its ttl, of every owner")
    .addOption(jsonOption())
    .action(
      endsWith((stack: string | undefined, options: Options) =>
        (options.expired ? showExpired : showLeftovers)(named(stack, options), options),
      ),
    );

async function stackOf(which: Named): Promise<string> {
  const stack = nameOf(which) ?? (await findLab(which));
  if (stack === undefined) throw badUsage("Which stack? Its lab may be down already, so name it.");
  return stack;
}

async function showLeftovers(which: Named, { json }: Options): Promise<number> {
  const { askedFor, leftoversOf } = require("../clouds") as typeof import("../clouds");
  const { deploymentOf } = require("../deployment") as typeof import("../deployment");
  const { labIdsOf } = require("../lab-ids") as typeof import("../lab-ids");
  const { prepareToRead } = require("../setup") as typeof import("../setup");
  const stack = await stackOf(which);
  const asked = askedFor(stack);
  if (!asked) {
    if (json) printJson({ stack, leftovers: [], others: [] });
    else print(`${stack} is not on AWS or OpenStack, so nothing of it can be left there.`);
    return 0;
  }
  await prepareToRead();
  const labs = labIdsOf(stack, deploymentOf(stack));
  const found = await leftoversOf(asked, labs);
  const isOwn = ({ lab }: Leftover) => lab !== undefined && labs.includes(lab);
  const [own, others] = [found.filter(isOwn), found.filter((one) => !isOwn(one))];
  const { cloud } = asked;
  if (json) printJson({ stack, cloud, labs, leftovers: own, others });
  else print(describe(stack, cloud, own, others).join("\n"));
  return own.length > 0 ? 1 : 0;
}

function describe(stack: string, cloud: string, own: Leftover[], others: Leftover[]): string[] {
  const rest =
    others.length === 0
      ? []
      : [
          `Another lab has, under the same stack name: not yours, as far as this machine`,
          "knows, so not to be deleted:",
          ...table(others),
        ];
  if (own.length === 0) return [`Nothing of your labs of ${stack} is left on ${cloud}.`, ...rest];
  return [
    `${stack} still has on ${cloud}:`,
    ...table(own),
    "If its lab is down, delete it, in this order:",
    ...own.map(({ command }) => `  ${command}`),
    ...rest,
  ];
}

const table = (found: readonly Leftover[]): string[] =>
  columns(
    found.map(({ kind, id, name = "", lab = "" }) =>
      name.includes(id) ? [kind, name, "", lab] : [kind, id, name, lab],
    ),
    "  ",
  );

async function showExpired(which: Named, { json }: Options): Promise<number> {
  const { askedFor, expiredOf } = require("../clouds") as typeof import("../clouds");
  const stack = await stackOf(which);
  const asked = askedFor(stack);
  const labs = asked ? await expiredOf(asked) : [];
  if (json) printJson({ stack, cloud: asked?.cloud, expired: labs });
  else if (!asked) print(`${stack} is not on AWS or OpenStack, where labs have a ttl.`);
  else if (labs.length === 0) print(`No lab is past its ttl in the account of ${stack}.`);
  else print([`Past their ttl in the account of ${stack}:`, ...expiredRows(labs)].join("\n"));
  return labs.length > 0 ? 1 : 0;
}

const expiredRows = (labs: readonly ExpiredLab[]): string[] =>
  columns(
    labs.map(({ lab = "no id", stack, owner, expiry, region = "", resources }) => [
      lab,
      stack,
      owner,
      expiry,
      `${resources} resources`,
      region,
    ]),
    "  ",
  );
