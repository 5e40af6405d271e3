/** The cases for which this kernel lacks the driver, in one QEMU machine: verdict = observation. */
import { playInMachine, SELECTION } from "../../support/twin-cases";

playInMachine(SELECTION);
