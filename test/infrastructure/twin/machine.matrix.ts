/** The part of the matrix for which this kernel lacks the driver, in one QEMU machine: verdict = observation. */
import { MATRIX, playInMachine } from "../../support/twin-cases";

playInMachine(MATRIX);
