/** The cases for which this kernel lacks the driver, in one QEMU machine: verdict = observation. */
import { SELECTION } from "../../support/twin-cases";
import { playInMachine } from "../../support/twin-play";

playInMachine(SELECTION);
