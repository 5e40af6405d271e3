/** The key `rehearse`. */
import { z } from "zod";
import { STAND_INS } from "./choices";
import { suggestion } from "./nearest";

const VALUES = ["true", "false", ...STAND_INS] as const;

/** Whether the lab is rehearsed: `true` is on the twin, as the text `twin` is. */
export type Rehearsal = boolean | "containers";

/** `true`, `false`, or what stands in for the cloud. */
export const rehearsal = () =>
  z.union(
    [
      z.boolean(),
      z.enum(VALUES).transform((text): Rehearsal => (text === "containers" ? text : text !== "false")),
    ],
    { error: ({ input }) => `must be true, false, twin or containers${suggestion(input, VALUES)}` },
  );
