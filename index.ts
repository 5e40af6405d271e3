import * as pulumi from "@pulumi/pulumi";
import { stackArgs } from "./components/config";
import { Lab } from "./components/lab";
import { refuseElsewhere } from "./components/only-here";

/** The stack's lab. Its resources have short names (`w1`, not `lab-w1`): nothing else is in this program. */
const lab = () => {
  refuseElsewhere();
  return new Lab("lab", { ...stackArgs(pulumi.runtime.allConfig()), prefix: "" }).outputs;
};

// Export the function, not its result, so that the SDK reports its errors.
export = lab;
