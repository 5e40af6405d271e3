/** Without an engine, Pulumi prints what a program logs into the middle of the tests' results. */
import * as pulumi from "@pulumi/pulumi";

/** Does some work whose information and warnings nobody needs to see. */
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { info, warn } = pulumi.log;
  const silent = async () => {};
  Object.assign(pulumi.log, { info: silent, warn: silent });
  try {
    return await work();
  } finally {
    Object.assign(pulumi.log, { info, warn });
  }
}
