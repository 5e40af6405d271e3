/** Pulumi's plug-in for Commands, which the engine downloads. */
import { Provider } from "@pulumi/command";

/**
 * To be asked for before anything is built: everything else waits for it, so that nothing is built where the plug-in cannot
 * be had.
 */
export const createCommandProvider = (): Provider => new Provider("command");
