/** The part of the matrix for which this kernel lacks the driver, in one QEMU machine: verdict = observation. */
import { MATRIX } from "../../support/twin-cases";
import { playInMachine } from "../../support/twin-play";

playInMachine(MATRIX);
