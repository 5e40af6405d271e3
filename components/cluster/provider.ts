/** Pulumi's provider plug-in for Commands, which the engine downloads. */
import { Provider } from "@pulumi/command";

/**
 * Everything else depends on this provider, so that nothing is built if the engine cannot download the plug-in.
 */
export const createCommandProvider = (): Provider => new Provider("command");
