/** The matrix: encapsulations, fabrics and faults that this kernel can play. Verdict = observation. */
import { MATRIX } from "../../support/twin-cases";
import { playInNamespaces } from "../../support/twin-play";

playInNamespaces(MATRIX);
