/** All pairs of encapsulation, fabric, fault and variant that this kernel can play: verdict = observation. */
import { playInNamespaces, SELECTION } from "../../support/twin-cases";

playInNamespaces(SELECTION);
