/** The larger share of the random walks; CI takes the others. */
import { walkAtRandom } from "../../support/twin-changes";

walkAtRandom(6);
