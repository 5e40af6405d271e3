// node standin.cjs ADDRESS: serves resources of any type to the engine. Reads and deletes what stands in STANDIN_THINGS, and
// refuses to delete a thing while an earlier line names one: the order of the file is the order that it accepts.
const { readFileSync, writeFileSync } = require("node:fs");
const { provider } = require("../../../node_modules/@pulumi/pulumi");

const file = process.env.STANDIN_THINGS;
const things = () => readFileSync(file, "utf8").split("\n").filter(Boolean);
const typeOf = (urn) => urn.split("::")[2];

const standIn = {
  version: "7.48.0",
  schema: "{}",
  check: async (_urn, _olds, inputs) => ({ inputs }),
  diff: async () => ({ changes: false }),
  read: async (id, urn) =>
    things().includes(`${typeOf(urn)} ${id}`) ? { id, props: { id } } : { id: "", props: undefined },
  delete: async (id, urn) => {
    const [first, ...rest] = things();
    if (first !== `${typeOf(urn)} ${id}`) throw new Error(`DependencyViolation: ${id} is needed by ${first}`);
    writeFileSync(file, rest.join("\n"));
  },
};
provider.main(standIn, process.argv.slice(2));
