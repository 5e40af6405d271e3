/** The matrix: encapsulations, fabrics and faults that this kernel can play. Verdict = observation. */
import { MATRIX, playInNamespaces } from "../../support/twin-cases";

playInNamespaces(MATRIX);
