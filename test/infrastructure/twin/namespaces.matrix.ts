/** Every combination of encapsulation, fabric, fault and variant that this kernel can play: verdict = observation. */
import { MATRIX, playInNamespaces } from "../../support/twin-cases";

playInNamespaces(MATRIX);
