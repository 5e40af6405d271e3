/** Pulumi's provider plug-in for Commands, which the engine downloads. */
import { Provider } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Everything else depends on this provider, so that nothing is built if the engine cannot download the plug-in.
 */
export const createCommandProvider = (name: string, options?: pulumi.ResourceOptions): Provider =>
  new Provider(name, {}, options);
