/** The larger share of the random changes; CI takes the others. */
import { changeAtRandom } from "../../support/twin-changes";

changeAtRandom(7);
