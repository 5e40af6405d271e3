/** All pairs of encapsulation, fabric, fault and variant that this kernel can play: verdict = observation. */
import { SELECTION } from "../../support/twin-cases";
import { playInNamespaces } from "../../support/twin-play";

playInNamespaces(SELECTION);
