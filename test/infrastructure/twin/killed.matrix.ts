/** The engine killed at 40 moments. */
import { killTheEngine } from "../../support/twin-killed";

killTheEngine({ up: 20, switch: 12, destroy: 8 });
